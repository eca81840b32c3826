"""Reading segment files: what is in them and where."""

from nvr.media.segment_layout import Description, FragmentMark
from nvr.media.track_index import SegmentIndex, TrackIndex

__all__ = ["Description", "FragmentMark", "SegmentIndex", "TrackIndex"]
