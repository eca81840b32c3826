"""Which bytes of a file a clip sends, and where its chunks come to lie.

Sending a file in one piece is cheaper than in many: where only the box headers
between two fragments (some 1 KB of 500) part the media, they go along, unreferenced,
inside the clip's `mdat`.
"""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from nvr.play.samples import Samples

BRIDGE_BYTES = 4096
"""Most that goes along: a `moof` of a second and a check box are below it."""


class Range(NamedTuple):
    """Bytes of one file from `start` on and before `end`."""

    start: int
    end: int


def media_ranges(
    tracks: Sequence[Samples], bridge_bytes: int = BRIDGE_BYTES
) -> tuple[Range, ...]:
    """The parts of a file that hold these samples, in order."""
    chunks = sorted(
        c for t in tracks for c in zip(t.offsets, t.chunk_sizes, strict=True)
    )
    ranges: list[Range] = []
    start = end = -1
    for offset, size_bytes in chunks:
        if start < 0 or not end <= offset <= end + bridge_bytes:
            if start >= 0:
                ranges.append(Range(start, end))
            start = offset
        end = offset + size_bytes
    ranges.append(Range(start, end))
    return tuple(ranges)


def moved(
    offsets: "array[int]", ranges: Sequence[Range], position: int
) -> "array[int]":
    """Where chunks of a file are when its ranges follow each other at `position`."""
    if len(ranges) == 1:
        shift = position - ranges[0].start
        return array("Q", [offset + shift for offset in offsets])
    starts = [each.start for each in ranges]
    shifts = []
    for each in ranges:
        shifts.append(position - each.start)
        position += each.end - each.start
    return array("Q", [o + shifts[bisect_right(starts, o) - 1] for o in offsets])
