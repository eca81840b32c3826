"""Samples of one track in the form in which sample tables want them.

Arrays from end to end: a clip of a day has two million pictures, and none of them
becomes a Python object.
"""

from array import array
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import NamedTuple

from nvr.media.mp4_read import TrackIndex


@dataclass(frozen=True, slots=True)
class Samples:
    """Consecutive samples of one file. `stts` and `ctts` are flat (count, value) pairs.

    `keys` count from the first sample taken. A chunk lies in one piece in the file.
    """

    count: int
    length: int  # sum of the durations
    stts: "array[int]"
    ctts: "array[int] | None"
    sizes: "array[int]"
    keys: "array[int]"
    offsets: "array[int]"
    chunk_lengths: "array[int]"
    chunk_sizes: "array[int]"

    @property
    def size_bytes(self) -> int:
        """What this takes in memory, nearly."""
        tables = (self.stts, self.ctts or (), self.sizes, self.keys)
        chunks = (self.offsets, self.chunk_lengths, self.chunk_sizes)
        return 4 * sum(map(len, tables)) + 6 * sum(map(len, chunks)) + 700


class Moved(NamedTuple):
    """One sample that is to be shown later than it was stamped."""

    sample: int
    by: int


def whole(track: TrackIndex) -> Samples:
    """All samples of a track."""
    ends = accumulate(track.chunk_lengths)
    sizes = [
        sum(track.sizes[end - length : end])
        for end, length in zip(ends, track.chunk_lengths, strict=True)
    ]
    return Samples(
        len(track.sizes),
        sum(track.durations),
        run_lengths(track.durations),
        None if track.composition is None else run_lengths(track.composition),
        track.sizes,
        track.keys,
        track.offsets,
        track.chunk_lengths,
        array("Q", sizes),
    )


def part(
    track: TrackIndex, first: int, end: int, moved: Moved | None = None
) -> Samples:
    """The samples from `first` on and before `end`; at least one."""
    durations = track.durations[first:end]
    composition = _composition(track, first, end, moved)
    low, high = bisect_right(track.keys, first - 1), bisect_right(track.keys, end - 1)
    offsets, lengths, sizes = _chunks(track, first, end)
    return Samples(
        end - first,
        sum(durations),
        run_lengths(durations),
        None if composition is None else run_lengths(composition),
        track.sizes[first:end],
        array("I", [key - first for key in track.keys[low:high]]),
        offsets,
        lengths,
        sizes,
    )


def run_lengths(values: "array[int]") -> "array[int]":
    """Flat (count, value) pairs of values, of which there are some."""
    if values.count(values[0]) == len(values):
        return array(values.typecode, (len(values), values[0]))
    pairs = array(values.typecode)
    for value, group in groupby(values):
        pairs.append(len(list(group)))
        pairs.append(value)
    return pairs


def _composition(
    track: TrackIndex, first: int, end: int, moved: Moved | None
) -> "array[int] | None":
    if track.composition is not None:
        composition = track.composition[first:end]
    elif moved is not None and moved.by:
        composition = array("i", bytes(4 * (end - first)))
    else:
        return None
    if moved is not None:
        composition[moved.sample - first] += moved.by
    return composition


def _chunks(
    track: TrackIndex, first: int, end: int
) -> "tuple[array[int], array[int], array[int]]":
    """Offsets, lengths and sizes of the chunks, the outermost ones cut to fit."""
    offsets, lengths, sizes = array("Q"), array("I"), array("Q")
    ends = list(accumulate(track.chunk_lengths))
    chunk = bisect_right(ends, first)
    start = ends[chunk] - track.chunk_lengths[chunk]
    offset = track.offsets[chunk] + sum(track.sizes[start:first])
    at = first
    while at < end:
        stop = min(ends[chunk], end)
        size_bytes = sum(track.sizes[at:stop])
        offsets.append(offset)
        lengths.append(stop - at)
        sizes.append(size_bytes)
        at, chunk = stop, chunk + 1
        offset = track.offsets[chunk] if at < end else 0
    return offsets, lengths, sizes
