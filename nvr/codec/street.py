"""The part of the view that does not move: a street with houses, trees and lamps."""

import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nvr.codec.canvas import UNITS_HIGH, Canvas, Color

FAR_WALK = 318
FAR_KERB = 372
ROAD = 382
NEAR_KERB = 606
NEAR_WALK = 620
SHOP = 58
"""Height of a shop front, and so of its door."""
NIGHT: Color = (0.20, 0.23, 0.36)
"""What is left of each colour away from any lamp at night."""

_WALLS: tuple[Color, ...] = (
    (190, 112, 84),
    (214, 188, 148),
    (166, 172, 178),
    (204, 158, 112),
    (146, 92, 80),
    (222, 214, 196),
    (128, 148, 156),
    (196, 176, 168),
)
_AWNINGS: tuple[Color, ...] = (
    (178, 58, 52),
    (42, 104, 92),
    (44, 74, 128),
    (206, 148, 48),
)
_LAMP: Color = (255, 196, 112)


@dataclass(frozen=True, slots=True)
class Street:
    """The finished backdrop, and where doors are: people come out of them."""

    picture: NDArray[np.uint8]
    doors: tuple[float, ...]  # in units from the left


def build_street(*, width: int, height: int, seed: int, is_night: bool) -> Street:
    """Paint the street of a seed; the same at every size."""
    scale = height / UNITS_HIGH
    return _Painter(width / scale, scale, seed, is_night).paint()


def door_places(width_units: float, seed: int) -> tuple[float, ...]:
    """Where `build_street` puts the doors, without painting."""
    return tuple(house.door for house in _houses(width_units, seed))


@dataclass(frozen=True, slots=True)
class _House:
    left: float
    width: float
    height: float
    wall: Color
    awning: Color
    columns: int
    seed: int

    @property
    def door(self) -> float:
        return self.left + self.width * (0.28 if self.seed % 2 else 0.72)


def _houses(width_units: float, seed: int) -> list[_House]:
    chance = random.Random(f"houses {seed}")
    houses: list[_House] = []
    left = -chance.uniform(10, 70)
    walls = chance.sample(_WALLS, len(_WALLS))
    while left < width_units:
        width = chance.uniform(120, 215)
        houses.append(
            _House(
                left,
                width,
                chance.uniform(134, 252),
                walls[len(houses) % len(walls)],
                chance.choice(_AWNINGS),
                round(width / chance.uniform(30, 42)),
                chance.getrandbits(16),
            )
        )
        left += width
    return houses


class _Painter:
    def __init__(
        self, width_units: float, scale: float, seed: int, is_night: bool
    ) -> None:
        self._width = width_units
        self._seed = seed
        self._is_night = is_night
        self._canvas = Canvas(width_units, UNITS_HIGH, scale=scale)
        self._chance = random.Random(f"street {seed}")
        self._houses = _houses(width_units, seed)
        step = width_units / 4
        shift = self._chance.uniform(0.15, 0.5)
        self._lamps = [step * (i + shift) for i in range(4)]
        self._trees = [x + step * 0.5 for x in [-step + self._lamps[0], *self._lamps]]

    def paint(self) -> Street:
        self._sky()
        for house in self._houses:
            self._house(house)
        self._walks()
        self._road()
        for x in self._trees:
            self._tree(x)
        for x in self._lamps:
            self._lamp_post(x)
        self._furniture()
        if self._is_night:
            self._night()
        else:
            self._sunlight()
        doors = tuple(house.door for house in self._houses)
        return Street(self._canvas.picture(), doors)

    def _sky(self) -> None:
        canvas = self._canvas
        canvas.rectangle(
            0, 0, self._width, FAR_WALK, (98, 158, 214), below=(214, 228, 236)
        )
        for _ in range(7):
            x, y = self._chance.uniform(0, self._width), self._chance.uniform(20, 130)
            size = self._chance.uniform(50, 120)
            for _ in range(7):
                across = x + self._chance.uniform(-1, 1) * size
                down = y + self._chance.uniform(-0.16, 0.12) * size
                radius = size * self._chance.uniform(0.35, 0.7)
                canvas.ellipse(
                    across,
                    down,
                    radius,
                    radius * 0.4,
                    (250, 251, 252),
                    alpha=0.34,
                    soft=True,
                )
        left = -20.0
        while left < self._width:  # the town behind, pale with distance
            width = self._chance.uniform(40, 110)
            top = FAR_WALK - self._chance.uniform(120, 235)
            canvas.rectangle(
                left,
                top,
                left + width,
                FAR_WALK,
                (164, 182, 198),
                below=(198, 210, 218),
            )
            left += width

    def _house(self, house: _House) -> None:
        canvas, right = self._canvas, house.left + house.width
        top = FAR_WALK - house.height
        wall, shade = house.wall, _times(house.wall, 0.82)
        canvas.rectangle(house.left, top, right, FAR_WALK, wall, below=shade)
        canvas.rectangle(right - 5, top, right, FAR_WALK, (30, 30, 40), alpha=0.25)
        canvas.rectangle(house.left - 2, top - 7, right + 2, top, _times(wall, 1.12))
        canvas.rectangle(house.left, top, right, top + 4, (20, 20, 30), alpha=0.28)
        for x, y, _ in self._windows(house):
            self._window(house, x, y, lit=False)
        self._shop(house)

    def _windows(self, house: _House) -> list[tuple[float, float, bool]]:
        chance = random.Random(house.seed)
        pitch = house.width / house.columns
        rows = int((house.height - SHOP - 26) / 38)
        return [
            (
                house.left + (column + 0.5) * pitch,
                FAR_WALK - house.height + 16 + row * 38,
                chance.random() < 0.45,
            )
            for row in range(rows)
            for column in range(house.columns)
        ]

    def _window(self, house: _House, x: float, y: float, *, lit: bool) -> None:
        canvas = self._canvas
        if lit:
            canvas.rectangle(
                x - 7, y + 1, x + 7, y + 23, (255, 214, 138), below=(226, 164, 88)
            )
            canvas.rectangle(x - 0.7, y + 1, x + 0.7, y + 23, (96, 72, 48))
            return
        canvas.rectangle(x - 9, y - 1, x + 9, y + 25, _times(house.wall, 1.14))
        canvas.rectangle(
            x - 7, y + 1, x + 7, y + 23, (70, 92, 116), below=(128, 156, 176)
        )
        canvas.polygon(
            ((x - 7, y + 14), (x + 2, y + 1), (x + 7, y + 1), (x - 7, y + 21)),
            (214, 230, 240),
            alpha=0.3,
        )
        canvas.rectangle(x - 0.7, y + 1, x + 0.7, y + 23, (226, 226, 222))
        canvas.rectangle(x - 7, y + 11, x + 7, y + 12.2, (226, 226, 222))
        canvas.rectangle(x - 10, y + 25, x + 10, y + 28, _times(house.wall, 0.74))

    def _shop(self, house: _House) -> None:
        canvas = self._canvas
        left, right = house.left + 8, house.left + house.width - 8
        canvas.rectangle(
            left, FAR_WALK - SHOP, right, FAR_WALK, (58, 64, 74), below=(92, 104, 112)
        )
        glass = left + 4
        while glass < right - 20:
            canvas.rectangle(
                glass,
                FAR_WALK - SHOP + 4,
                glass + 24,
                FAR_WALK - 6,
                (96, 122, 140),
                below=(150, 168, 176),
            )
            glass += 29
        door = house.door
        canvas.rectangle(
            door - 13, FAR_WALK - SHOP + 1, door + 13, FAR_WALK, (52, 40, 34)
        )
        canvas.rectangle(
            door - 9, FAR_WALK - SHOP + 5, door + 9, FAR_WALK, (36, 30, 32)
        )
        stripes = round((right - left) / 10)
        pitch = (right - left) / stripes
        for number in range(stripes):
            x = left + number * pitch
            color = house.awning if number % 2 else (236, 230, 218)
            canvas.polygon(
                (
                    (x, FAR_WALK - SHOP - 16),
                    (x + pitch, FAR_WALK - SHOP - 16),
                    (x + pitch + 2, FAR_WALK - SHOP + 1),
                    (x - 2, FAR_WALK - SHOP + 1),
                ),
                color,
                below=_times(color, 0.8),
            )
        canvas.rectangle(
            left,
            FAR_WALK - SHOP + 1,
            right,
            FAR_WALK - SHOP + 7,
            (10, 12, 20),
            alpha=0.35,
        )

    def _walks(self) -> None:
        canvas, width = self._canvas, self._width
        canvas.rectangle(
            0, FAR_WALK, width, FAR_KERB, (168, 164, 156), below=(190, 186, 176)
        )
        canvas.rectangle(0, FAR_WALK, width, FAR_WALK + 7, (30, 30, 40), alpha=0.22)
        middle = width / 2
        for number in range(-30, 31):
            x = middle + number * 42
            slope = (x - middle) * 0.10
            canvas.stroke((x, FAR_WALK), (x + slope, FAR_KERB), 1.1, (140, 137, 130))
        for y in (334, 352):
            canvas.rectangle(0, y, width, y + 1, (142, 139, 132))
        canvas.speckle(FAR_WALK, FAR_KERB, 3.5, self._seed)
        canvas.rectangle(0, FAR_KERB, width, FAR_KERB + 4, (212, 209, 202))
        canvas.rectangle(0, FAR_KERB + 4, width, ROAD, (122, 120, 118))
        canvas.rectangle(
            0, NEAR_WALK, width, UNITS_HIGH, (186, 181, 171), below=(160, 156, 148)
        )
        for number in range(-16, 17):
            x = middle + number * 92
            slope = (x - middle) * 0.16
            canvas.stroke((x, NEAR_WALK), (x + slope, UNITS_HIGH), 2, (142, 138, 130))
        for y in (648, 684):
            canvas.rectangle(0, y, width, y + 2, (146, 142, 134))
        canvas.speckle(NEAR_WALK, UNITS_HIGH, 4, self._seed + 1, grain=2)

    def _road(self) -> None:
        canvas, width = self._canvas, self._width
        canvas.rectangle(0, ROAD, width, NEAR_KERB, (84, 86, 90), below=(66, 68, 72))
        canvas.rectangle(0, ROAD, width, ROAD + 9, (36, 36, 40), alpha=0.4)
        for top, high in ((418, 10), (462, 11), (526, 13), (578, 14)):  # worn by tyres
            canvas.rectangle(0, top, width, top + high, (96, 97, 100), alpha=0.35)
        for _ in range(5):  # patches of later asphalt
            x, y = self._chance.uniform(0, width), self._chance.uniform(400, 570)
            wide, tall = self._chance.uniform(60, 170), self._chance.uniform(12, 26)
            points = (
                (x, y),
                (x + wide, y),
                (x + wide + tall * 0.6, y + tall),
                (x - tall * 0.5, y + tall),
            )
            canvas.polygon(points, (54, 55, 60), alpha=0.45)
        canvas.speckle(ROAD, NEAR_KERB, 5, self._seed + 2)
        middle = width / 2
        for number in range(-9, 10):
            x = middle + number * 118
            lean = (x - middle) * 0.05
            canvas.polygon(
                (
                    (x - 32 + lean, 489),
                    (x + 32 + lean, 489),
                    (x + 33 + lean * 1.2, 497),
                    (x - 33 + lean * 1.2, 497),
                ),
                (228, 226, 214),
                alpha=0.92,
            )
        canvas.rectangle(0, 394, width, 397, (214, 212, 200), alpha=0.8)
        canvas.rectangle(0, 594, width, 599, (220, 218, 206), alpha=0.85)
        self._crossing(middle + self._chance.uniform(-0.28, 0.28) * width)
        canvas.rectangle(0, NEAR_KERB, width, NEAR_KERB + 7, (206, 203, 196))
        canvas.rectangle(0, NEAR_KERB + 7, width, NEAR_WALK, (176, 172, 166))

    def _crossing(self, x: float) -> None:
        canvas = self._canvas
        canvas.rectangle(x - 66, 388, x + 74, 602, (68, 70, 75), alpha=0.9)
        for number in range(8):
            top = 392 + number * (20 + number * 0.85)
            tall = 10 + number * 0.9
            spread = 54 + (top - 392) * 0.05
            canvas.polygon(
                (
                    (x - spread, top),
                    (x + spread, top),
                    (x + spread + 1.5, top + tall),
                    (x - spread - 1.5, top + tall),
                ),
                (232, 231, 224),
                alpha=0.93,
            )

    def _tree(self, x: float) -> None:
        canvas = self._canvas
        base = FAR_KERB - 10
        canvas.ellipse(x + 26, base, 58, 9, (20, 24, 20), alpha=0.45, soft=True)
        canvas.polygon(
            ((x - 5, base), (x + 5, base), (x + 3, base - 88), (x - 3, base - 88)),
            (104, 80, 58),
            below=(78, 58, 44),
        )
        canvas.stroke((x, base - 66), (x - 16, base - 96), 4, (92, 70, 52))
        canvas.stroke((x, base - 60), (x + 18, base - 94), 4, (84, 62, 46))
        green = self._chance.choice(((76, 118, 58), (92, 128, 62), (64, 108, 66)))
        for ring, (factor, count) in enumerate(((0.66, 26), (0.9, 30), (1.14, 26))):
            for _ in range(count):
                reach = 46 - ring * 9
                across = self._chance.gauss(-ring * 4, reach * 0.5)
                down = self._chance.gauss(-ring * 7, reach * 0.42)
                radius = self._chance.uniform(9, 18 - ring * 2)
                tone = _times(green, factor * self._chance.uniform(0.9, 1.1))
                canvas.ellipse(
                    x + max(-54, min(54, across)),
                    base - 122 + max(-50, min(44, down)),
                    radius,
                    radius * 0.85,
                    tone,
                    alpha=0.8,
                )

    def _lamp_post(self, x: float) -> None:
        canvas, base = self._canvas, FAR_KERB - 4
        canvas.ellipse(x + 10, base, 20, 3, (20, 20, 24), alpha=0.4, soft=True)
        canvas.rectangle(x - 5, base - 12, x + 5, base, (54, 60, 66))
        canvas.rectangle(x - 2.2, base - 205, x + 2.2, base, (76, 84, 92))
        canvas.stroke((x, base - 204), (x + 30, base - 214), 3.4, (76, 84, 92))
        canvas.polygon(
            (
                (x + 24, base - 217),
                (x + 50, base - 217),
                (x + 46, base - 209),
                (x + 28, base - 210),
            ),
            (62, 68, 76),
        )

    def _furniture(self) -> None:
        canvas = self._canvas
        for number in range(5):
            x = self._width * (0.06 + 0.22 * number)
            canvas.ellipse(x + 12, 634, 18, 4, (20, 20, 20), alpha=0.4, soft=True)
            canvas.rectangle(x - 5, 594, x + 5, 634, (58, 62, 70), below=(38, 40, 46))
            canvas.ellipse(x, 594, 5, 3, (84, 90, 98))
            canvas.rectangle(x - 5, 603, x + 5, 608, (226, 222, 206))

    def _sunlight(self) -> None:
        # A little warmth from the upper left; the far corner is darker, as lenses are.
        self._canvas.glow(self._width * 0.16, 40, 560, 420, (34, 28, 14))
        self._canvas.ellipse(
            self._width, UNITS_HIGH, 620, 300, (0, 0, 10), alpha=0.16, soft=True
        )

    def _night(self) -> None:
        canvas = self._canvas
        canvas.tint(NIGHT)
        canvas.ellipse(self._width * 0.83, 70, 18, 18, (222, 224, 214))
        canvas.glow(self._width * 0.83, 70, 90, 90, (44, 48, 60))
        for house in self._houses:
            for x, y, is_lit in self._windows(house):
                if is_lit and not self._is_behind_tree(x, y):
                    self._window(house, x, y, lit=True)
            middle = house.left + house.width / 2
            canvas.glow(middle, FAR_WALK - 20, house.width * 0.55, 44, (104, 78, 42))
        for x in self._lamps:
            lamp = x + 37, FAR_KERB - 4 - 211
            canvas.glow(*lamp, 76, 62, (150, 112, 62))
            canvas.glow(lamp[0], FAR_KERB - 20, 170, 190, (66, 50, 28))
            canvas.glow(lamp[0], 470, 300, 150, (92, 70, 40))
            canvas.ellipse(lamp[0], lamp[1] + 3, 11, 4, (255, 240, 206))
        for number in range(6):
            canvas.glow(self._width * number / 5, 668, 230, 90, (48, 38, 24))

    def _is_behind_tree(self, x: float, y: float) -> bool:
        return any(abs(x - tree) < 56 and y > FAR_KERB - 196 for tree in self._trees)


def _times(color: Color, factor: float) -> Color:
    return color[0] * factor, color[1] * factor, color[2] * factor
