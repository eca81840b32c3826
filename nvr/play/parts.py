"""A long answer as pieces: some bytes, then stretches of files, cut at will."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FilePiece:
    """Bytes of a file, to be sent without being read (sendfile)."""

    path: Path
    offset: int
    size_bytes: int


Part = bytes | FilePiece


def size_of(part: Part) -> int:
    """How many bytes a part is."""
    return part.size_bytes if isinstance(part, FilePiece) else len(part)


def cut_parts(parts: Sequence[Part], first: int, last: int) -> list[Part]:
    """The parts that are the bytes from `first` to `last`, both included."""
    ends = list(accumulate(map(size_of, parts)))
    wanted: list[Part] = []
    for n in range(bisect_right(ends, first), len(parts)):
        begins = ends[n] - size_of(parts[n])
        if begins > last:
            break
        low, high = max(first - begins, 0), min(last + 1, ends[n]) - begins
        wanted.append(_inner(parts[n], low, high))
    return wanted


def _inner(part: Part, low: int, high: int) -> Part:
    if isinstance(part, FilePiece):
        return FilePiece(part.path, part.offset + low, high - low)
    return part[low:high]
