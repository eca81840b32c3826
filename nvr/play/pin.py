"""How far an open segment had got: what makes a download of it resumable.

The entity tag of a clip that ends in a segment still being recorded names the segment
and the number of its fragments at that time. Given back, the same clip is composed
again, although the segment has grown or is closed by now.
"""

import re
from array import array
from bisect import bisect_left
from dataclasses import replace
from typing import NamedTuple

from nvr.base.model import SegmentId
from nvr.media.mp4_read import SegmentIndex, TrackIndex

_TAG = re.compile(r'"[0-9a-f]{32}-([0-9]{1,19})-([0-9]{1,9})"')


class Pin(NamedTuple):
    """The last segment of a clip and how many fragments of it were there."""

    segment_id: SegmentId
    fragments: int


def of_etag(etag: str | None) -> Pin | None:
    """The pin in an entity tag; None when there is none in it."""
    found = _TAG.fullmatch(etag or "")
    if found is None:
        return None
    return Pin(SegmentId(int(found[1])), int(found[2]))


def as_it_was(index: SegmentIndex, fragments: int) -> SegmentIndex:
    """The index as it was when that many fragments had been written."""
    if fragments >= len(index.marks):
        return index
    limit = index.marks[fragments].offset
    return replace(
        index,
        video=_before(index.video, limit),
        audio=_before(index.audio, limit),
        marks=index.marks[:fragments],
        is_closed=False,
    )


def _before(track: TrackIndex | None, limit: int) -> TrackIndex | None:
    """The samples of chunks that begin before an offset in the file."""
    if track is None:
        return None
    chunks = bisect_left(track.offsets, limit)
    end = sum(track.chunk_lengths[:chunks])
    keys: array[int] = track.keys[: bisect_left(track.keys, end)]
    composition = track.composition
    return replace(
        track,
        durations=track.durations[:end],
        sizes=track.sizes[:end],
        composition=None if composition is None else composition[:end],
        keys=keys,
        offsets=track.offsets[:chunks],
        chunk_lengths=track.chunk_lengths[:chunks],
    )
