"""Where the time of a camera went: every microsecond is counted, and counted once.

Pure: what the catalogue tells of a stream goes in, sums come out. An interval is first
covered with tiles that neither overlap nor leave anything out, and then cut into hours
or days, so the sums of each are its length by construction.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from nvr.base.model import Gap, GapCause
from nvr.store.intervals import Interval, merged
from nvr.store.told import Told

RECORDED = "recorded"
BEFORE = "before"  # the camera had not been added
DELETED = "deleted"  # recorded, and removed by retention since
PENDING = "pending"  # later than what is written down: to come, or on its way
UNKNOWN = "unknown"  # nothing tells: an error of ours or of the catalogue

GAP_KINDS = tuple(cause.value for cause in GapCause)
OTHER_KINDS = (BEFORE, DELETED, PENDING, UNKNOWN)
KINDS = (RECORDED, *GAP_KINDS, *OTHER_KINDS)


class Tile(NamedTuple):
    """A stretch of time that is of one kind, one of `KINDS`."""

    start_us: int
    end_us: int
    kind: str


@dataclass(frozen=True, slots=True)
class Account:
    """The sums of one hour or day: those of `spent_us` make up its whole length."""

    start_us: int
    end_us: int
    spent_us: dict[str, int] = field(default_factory=dict)

    @property
    def length_us(self) -> int:
        return self.end_us - self.start_us

    @property
    def recorded_us(self) -> int:
        return self.spent_us.get(RECORDED, 0)

    @property
    def gaps_us(self) -> dict[str, int]:
        """What is missing, by cause; a cause of which there is nothing is left out."""
        return {k: self.spent_us[k] for k in GAP_KINDS if k in self.spent_us}


def accounts(told: Told, bounds: Sequence[int], now_us: int) -> list[Account]:
    """The accounts between each two neighbours of ascending `bounds`."""
    if len(bounds) < 2:
        return []
    covered = tiles(told, bounds[0], bounds[-1], now_us)
    sums: list[Account] = [Account(a, b) for a, b in pairwise(bounds)]
    place = 0
    for tile in covered:
        start_us = tile.start_us
        while start_us < tile.end_us:
            if start_us >= sums[place].end_us:
                place += 1
                continue
            end_us = min(tile.end_us, sums[place].end_us)
            spent = sums[place].spent_us
            spent[tile.kind] = spent.get(tile.kind, 0) + end_us - start_us
            start_us = end_us
    return sums


def tiles(told: Told, start_us: int, end_us: int, now_us: int) -> list[Tile]:
    """The interval as tiles, in order, without an overlap and without a hole.

    Where two things are told of the same time, as after the clock was set back,
    what was recorded comes first, then the gap that began first, then what was
    deleted.
    """
    known_us = now_us if told.known_us is None else min(told.known_us, now_us)
    layers: list[Iterable[tuple[Interval, str]]] = [
        ((part, RECORDED) for part in merged(told.recorded)),
        _one_by_one(told.gaps, now_us),
        ((part, DELETED) for part in merged(told.deleted)),
        [((known_us, end_us), PENDING)],
        [((start_us, told.added_us), BEFORE)],
        [((start_us, end_us), UNKNOWN)],
    ]
    laid: list[Tile] = []
    for layer in layers:
        parts = list(layer)
        holes = list(_holes(laid, start_us, end_us))
        laid = sorted([*laid, *_inside(parts, holes)])
    return laid


def _one_by_one(gaps: Iterable[Gap], now_us: int) -> Iterator[tuple[Interval, str]]:
    """Gaps without what an earlier one has told already; an open one lasts to now."""
    after_us: int | None = None
    for gap in sorted(gaps, key=lambda gap: gap.start_us):
        end_us = now_us if gap.end_us is None else gap.end_us
        start_us = gap.start_us if after_us is None else max(gap.start_us, after_us)
        if start_us < end_us:
            yield (start_us, end_us), gap.cause.value
            after_us = end_us


def _holes(laid: Sequence[Tile], start_us: int, end_us: int) -> Iterator[Interval]:
    for tile in laid:
        if tile.start_us > start_us:
            yield start_us, tile.start_us
        start_us = tile.end_us
    if start_us < end_us:
        yield start_us, end_us


def _inside(
    parts: Sequence[tuple[Interval, str]], holes: Sequence[Interval]
) -> Iterator[Tile]:
    """The parts as far as they lie in the holes; both are disjoint and in order."""
    first = 0
    for (start_us, end_us), kind in parts:
        while first < len(holes) and holes[first][1] <= start_us:
            first += 1
        place = first
        while place < len(holes) and holes[place][0] < end_us:
            a, b = max(holes[place][0], start_us), min(holes[place][1], end_us)
            if a < b:
                yield Tile(a, b, kind)
            place += 1
