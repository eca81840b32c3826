"""What a recorder tells the catalogue, as values.

Changes are kept in order from the moment they are made. They may be applied again:
whoever does not know whether a commit arrived sends the whole batch once more. (If
the clock was set back within that batch, a run that goes on may fall in two.)

At any time exactly one run or one gap of a stream is open. These changes hand that
place over, so that no second of a stream is left unexplained:

    SegmentOpened   first of its run: the open run or gap ends where it starts
    RunEnded        a gap opens there, with cause `killed` until a GapBegan, which
                    should start where the run ended, says more
    GapBegan        the open run or gap ends where it starts; a gap that goes on
                    with the same cause stays as it is
    GapEnded        as RunEnded, for a gap that is not followed by a run
"""

from dataclasses import dataclass

from nvr.base.model import (
    CameraId,
    GapCause,
    Role,
    RunId,
    Segment,
    SegmentId,
)


@dataclass(frozen=True, slots=True)
class SegmentOpened:
    """A file is being written. It is its run's first if `segment.id == run_id`."""

    segment: Segment


@dataclass(frozen=True, slots=True)
class SegmentGrown:
    """That much of an open segment is known to be on the disk."""

    segment_id: SegmentId
    end_us: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class SegmentClosed:
    """The file is whole, synced and will not change again."""

    segment_id: SegmentId
    end_us: int
    size_bytes: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class SegmentFailed:
    """A write or sync failed: what the file holds must be verified."""

    segment_id: SegmentId


@dataclass(frozen=True, slots=True)
class RunEnded:
    """Footage of this stream stops at `end_us`."""

    run_id: RunId
    camera_id: CameraId
    role: Role
    end_us: int


@dataclass(frozen=True, slots=True)
class GapBegan:
    """From `start_us` on there is no footage, because of `cause`."""

    camera_id: CameraId
    role: Role
    start_us: int
    cause: GapCause
    detail: str = ""


@dataclass(frozen=True, slots=True)
class GapEnded:
    """The cause of the open gap is over at `end_us`."""

    camera_id: CameraId
    role: Role
    end_us: int


Change = (
    SegmentOpened
    | SegmentGrown
    | SegmentClosed
    | SegmentFailed
    | RunEnded
    | GapBegan
    | GapEnded
)
