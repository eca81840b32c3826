"""Who moves through the street, when and where: known beforehand, to the pixel.

All of it follows from the seed and the length of the loop. Nothing moves at the seam,
and the last fifth or so of every 16 seconds is quiet, so that a detector can be judged
on both.
"""

import random
from dataclasses import dataclass
from enum import StrEnum

from nvr.base.model import SECOND_US
from nvr.codec.canvas import UNITS_HIGH
from nvr.codec.street import door_places

SCENE_SECONDS = 16
WIDTH_UNITS = UNITS_HIGH * 16 / 9
_LEAST_QUIET_S = 0.4
_FADE_S = 0.35
BEAM_UNITS = 350
"""How far a car of size 1 lights the road ahead of it at night."""


class Kind(StrEnum):
    """What moves."""

    CAR = "car"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Box:
    """Where something is, in shares of the picture's width and height."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Mover:
    """One car or person from its first to its last moment in the picture."""

    kind: Kind
    seed: int
    start_s: float
    end_s: float
    start_x: float
    end_x: float
    base_y: float
    size: float  # 1: a car as drawn, a person of 100 units
    fades: bool  # comes out of a door, or goes into one

    @property
    def faces_left(self) -> bool:
        return self.end_x < self.start_x

    def x_at(self, time_s: float) -> float:
        """Units from the left; only between start and end."""
        share = (time_s - self.start_s) / (self.end_s - self.start_s)
        return self.start_x + share * (self.end_x - self.start_x)

    def strength_at(self, time_s: float) -> float:
        """From 0, not there, to 1."""
        if not self.start_s <= time_s < self.end_s:
            return 0.0
        if not self.fades:
            return 1.0
        edge_s = min(time_s - self.start_s, self.end_s - time_s)
        return min(1.0, edge_s / _FADE_S)

    def box_at(self, time_s: float) -> Box:
        """Around it at an instant between start and end, cut at the picture's edge."""
        half, high = (114, 104) if self.kind is Kind.CAR else (36, 104)
        x, base = self.x_at(time_s), self.base_y
        return Box(
            max(0.0, (x - half * self.size) / WIDTH_UNITS),
            (base - high * self.size) / UNITS_HIGH,
            min(1.0, (x + half * self.size) / WIDTH_UNITS),
            base / UNITS_HIGH,
        )


@dataclass(frozen=True, slots=True)
class Motion:
    """A stretch in which something moves, and the boxes of it all each 200 ms."""

    start_us: int
    end_us: int
    boxes: tuple[tuple[int, Box], ...]  # time in the loop, place


def motion(
    seed: int, seconds: int = SCENE_SECONDS, *, is_night: bool = False
) -> list[Motion]:
    """All motion of a loop, in order; stretches do not touch each other.

    At night a stretch begins with the light that a car throws ahead; boxes are always
    those of the cars and people themselves.
    """
    spans: list[tuple[float, float]] = []
    everybody = movers(seed, seconds)
    for start_s, end_s in sorted(_seen(mover, is_night) for mover in everybody):
        if spans and start_s <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(spans[-1][1], end_s)
        else:
            spans.append((start_s, end_s))
    return [
        Motion(
            round(start_s * SECOND_US),
            round(end_s * SECOND_US),
            tuple(
                (tick * 200_000, mover.box_at(tick / 5))
                for tick in range(int(start_s * 5) + 1, int(end_s * 5) + 1)
                for mover in everybody
                if _is_seen(mover, tick / 5)
            ),
        )
        for start_s, end_s in spans
    ]


def _seen(mover: Mover, is_night: bool) -> tuple[float, float]:
    if mover.fades:
        return mover.start_s, mover.end_s
    half = (114 if mover.kind is Kind.CAR else 36) * mover.size
    ahead = half + (
        BEAM_UNITS * mover.size if is_night and mover.kind is Kind.CAR else 0
    )
    speed = abs(mover.end_x - mover.start_x) / (mover.end_s - mover.start_s)
    outside = max(-mover.start_x, mover.start_x - WIDTH_UNITS)
    beyond = max(-mover.end_x, mover.end_x - WIDTH_UNITS)
    start_s = mover.start_s + max(0.0, outside - ahead) / speed
    return start_s, mover.end_s - max(0.0, beyond - half) / speed


def _is_seen(mover: Mover, time_s: float) -> bool:
    box = mover.box_at(time_s)
    return mover.strength_at(time_s) > 0 and box.left < 1 and box.right > 0


def movers(seed: int, seconds: int) -> list[Mover]:
    """Everybody, the farthest first: the order of painting."""
    everybody = []
    for number, start_s in enumerate(range(0, seconds, SCENE_SECONDS)):
        length_s = min(SCENE_SECONDS, seconds - start_s)
        chance = random.Random(f"movers {seed} {number}")
        everybody += _scene(chance, seed, start_s, start_s + length_s - _LEAST_QUIET_S)
    return sorted(everybody, key=lambda mover: mover.base_y)


def _scene(
    chance: random.Random, seed: int, start_s: float, end_s: float
) -> list[Mover]:
    planned = [
        _car(chance, start_s + chance.uniform(0.5, 1.0), is_near=True),
        _car(chance, start_s + chance.uniform(3.0, 3.6), is_near=False),
        _car(chance, start_s + chance.uniform(7.4, 8.2), is_near=chance.random() < 0.5),
        _passer_by(chance, start_s + chance.uniform(0.6, 1.6)),
        _shopper(chance, seed, start_s + chance.uniform(1.5, 3.5)),
        _shopper(chance, seed, start_s + chance.uniform(4.0, 6.0)),
    ]
    return [mover for mover in planned if mover.end_s <= end_s]


def _car(chance: random.Random, start_s: float, *, is_near: bool) -> Mover:
    size = 1.12 if is_near else 0.8
    reach = (120 + BEAM_UNITS) * size
    left, right = -reach, WIDTH_UNITS + reach
    seconds = chance.uniform(4.2, 4.8) if is_near else chance.uniform(5.0, 5.6)
    return Mover(
        Kind.CAR,
        chance.getrandbits(16),
        start_s,
        start_s + seconds,
        right if is_near else left,
        left if is_near else right,
        582 if is_near else 452,
        size,
        fades=False,
    )


def _passer_by(chance: random.Random, start_s: float) -> Mover:
    goes_left = chance.random() < 0.5
    edges = WIDTH_UNITS + 60, -60.0
    return Mover(
        Kind.PERSON,
        chance.getrandbits(16),
        start_s,
        start_s + chance.uniform(10.2, 11.0),
        edges[0] if goes_left else edges[1],
        edges[1] if goes_left else edges[0],
        chance.uniform(684, 696),
        1.62,
        fades=False,
    )


def _shopper(chance: random.Random, seed: int, start_s: float) -> Mover:
    doors = [x for x in door_places(WIDTH_UNITS, seed) if 0 < x < WIDTH_UNITS]
    start_x, end_x = chance.sample(doors, 2)
    seconds = abs(end_x - start_x) / chance.uniform(52, 64)
    if seconds > 7:  # too far to be done in time: only a part of the way, then in
        end_x = min(doors, key=lambda x: abs(abs(x - start_x) - 320))
        seconds = max(1.0, abs(end_x - start_x) / 58)
    return Mover(
        Kind.PERSON,
        chance.getrandbits(16),
        start_s,
        start_s + seconds,
        start_x,
        end_x,
        chance.uniform(328, 338),
        0.52,
        fades=True,
    )
