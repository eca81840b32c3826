"""Where the samples of a file are, when they are shown and how long they are.

Kept in arrays: a minute of 25 pictures and 50 pieces of sound a second takes some
30 KB, and a camera has one such minute open all the time.
"""

from array import array
from dataclasses import dataclass

from nvr.base.model import StreamFormat
from nvr.media.segment_layout import Description, FragmentMark


@dataclass(frozen=True, slots=True)
class TrackIndex:
    """The samples of one track in decoding order.

    Sample `n` is decoded at `base_time + sum(durations[:n])`. A chunk is a run of
    samples that lie behind each other in the file.
    """

    clock_rate: int
    base_time: int
    durations: "array[int]"  # 'I', in the clock rate
    sizes: "array[int]"  # 'I', bytes
    composition: "array[int] | None"  # 'i', signed; None when all are zero
    keys: "array[int]"  # 'I', numbers (from 0) of key samples; empty for sound
    offsets: "array[int]"  # 'Q', of each chunk in the file
    chunk_lengths: "array[int]"  # 'I', samples in each chunk


@dataclass(frozen=True, slots=True)
class SegmentIndex:
    """All a reader must know of a segment file to use any part of it.

    `init_offset`, `init_size`: the `moov` for the fragments; with an `ftyp` in front
    it is an initialization segment.
    """

    description: Description
    format: StreamFormat
    video: TrackIndex | None
    audio: TrackIndex | None
    marks: list[FragmentMark]
    is_closed: bool
    end_us: int
    init_offset: int
    init_size: int
