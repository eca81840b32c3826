"""Where the samples of a file are, when they are shown and how long they are.

Kept in arrays: a minute of 25 pictures and 50 pieces of sound a second takes some
30 KB, and a camera has one such minute open all the time.
"""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nvr.base.model import StreamFormat
from nvr.media.segment_layout import Description, FragmentMark

MOST_TICKS = 0xFFFF_FFFF
"""Longest duration a sample can have in a file."""


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


class TrackIndexBuilder:
    """An index that grows run by run, for writers and for readers of fragments."""

    def __init__(self, clock_rate: int, *, has_keys: bool = True) -> None:
        self._clock_rate = clock_rate
        self._has_keys = has_keys
        self._base_time = 0
        self._end_time = 0  # decode time at which the next sample is expected
        self._durations = array("I")
        self._sizes = array("I")
        self._composition: array[int] | None = None
        self._keys = array("I")
        self._offsets = array("Q")
        self._chunk_lengths = array("I")

    def add(
        self,
        base_time: int,
        durations: Sequence[int],
        composition: Sequence[int] | None,
        keys: Sequence[bool],
        sizes: Iterable[int],
        offset: int,
    ) -> None:
        """Samples that begin at `offset` and lie behind each other."""
        begun = len(self._sizes)
        if not begun:
            self._base_time = base_time
        elif base_time != self._end_time:
            base_time = self._stretch_last(base_time)
        if self._has_keys and True in keys:
            self._keys.extend([n for n, is_key in enumerate(keys, begun) if is_key])
        if composition is not None and self._composition is None:
            self._composition = array("i", bytes(4 * begun))
        if self._composition is not None:
            self._composition.extend(composition or [0] * len(durations))
        self._sizes.extend(sizes)
        self._durations.extend(durations)
        self._end_time = base_time + sum(durations)
        self._offsets.append(offset)
        self._chunk_lengths.append(len(self._sizes) - begun)

    def index(self) -> TrackIndex | None:
        """What there is so far, sharing its arrays; None while there is no sample."""
        if not self._sizes:
            return None
        return TrackIndex(
            clock_rate=self._clock_rate,
            base_time=self._base_time,
            durations=self._durations,
            sizes=self._sizes,
            composition=self._composition,
            keys=self._keys,
            offsets=self._offsets,
            chunk_lengths=self._chunk_lengths,
        )

    def _stretch_last(self, base_time: int) -> int:
        """Let the last sample last until `base_time`: a pause or an overlap.

        Returns when the next sample is decoded, which is later only if `base_time`
        lies before the last sample itself.
        """
        lasts = self._durations[-1] + base_time - self._end_time
        self._durations[-1] = min(max(lasts, 0), MOST_TICKS)
        return base_time + self._durations[-1] - lasts
