"""Cars and people as sprites, drawn from the side in units of the street."""

import math
import random
from collections.abc import Callable

from nvr.codec.canvas import Canvas, Color, Point, Sprite
from nvr.codec.choreography import BEAM_UNITS

_Place = Callable[[float, float], Point]

STEPS = 12
"""Pictures in one walking cycle."""
_MARGIN = 70.0
_PAINTS: tuple[Color, ...] = (
    (186, 44, 42),
    (38, 84, 150),
    (232, 232, 230),
    (64, 68, 76),
    (154, 162, 168),
    (36, 108, 88),
    (222, 164, 48),
)
_COATS: tuple[Color, ...] = (
    (196, 62, 58),
    (44, 92, 148),
    (226, 178, 62),
    (86, 132, 84),
    (108, 74, 126),
    (210, 206, 198),
)
_SKINS: tuple[Color, ...] = ((238, 200, 168), (196, 146, 108), (122, 84, 62))

# Outlines face right; x runs along the car from its tail, y up from the road.
_BODIES: dict[str, tuple[Point, ...]] = {
    "saloon": (
        (2, 16), (0, 34), (4, 46), (34, 50), (62, 70), (70, 73), (122, 73), (130, 70),
        (160, 49), (200, 43), (210, 36), (212, 18), (204, 14), (10, 14),
    ),
    "hatchback": (
        (3, 16), (1, 40), (8, 62), (16, 74), (96, 75), (106, 72), (138, 50), (172, 43),
        (182, 36), (184, 18), (176, 14), (10, 14),
    ),
    "van": (
        (2, 16), (1, 96), (6, 101), (142, 101), (150, 97), (184, 58), (212, 50),
        (218, 42), (219, 18), (210, 14), (8, 14),
    ),
}  # fmt: skip
_GLASS: dict[str, tuple[tuple[Point, ...], ...]] = {
    "saloon": (
        ((48, 50), (66, 67), (90, 68), (90, 50)),
        ((95, 50), (95, 68), (120, 68), (128, 65), (148, 50)),
    ),
    "hatchback": (
        ((16, 52), (21, 69), (60, 70), (60, 52)),
        ((65, 52), (65, 70), (93, 70), (101, 67), (124, 51)),
    ),
    "van": (((126, 62), (126, 90), (145, 90), (170, 62)),),
}
_WHEELS = {"saloon": (42, 168), "hatchback": (36, 146), "van": (42, 176)}


def car(*, seed: int, scale: float, faces_left: bool, is_night: bool) -> Sprite:
    """A car whose anchor is where the middle of its length meets the road."""
    chance = random.Random(f"car {seed}")
    kind = chance.choice(("saloon", "hatchback", "saloon", "van"))
    paint = chance.choice(_PAINTS)
    length = max(x for x, _ in _BODIES[kind])
    base = 120.0
    beam = float(BEAM_UNITS) if is_night else 0.0
    canvas = Canvas(length + 2 * _MARGIN + beam, base + 30, scale=scale, fine=3)
    before = _MARGIN + (beam if faces_left else 0)

    def at(x: float, y: float) -> Point:
        return before + (length - x if faces_left else x), base - y

    canvas.ellipse(
        before + length / 2 + 6,
        base,
        length * 0.56,
        11,
        (8, 8, 12),
        alpha=0.6,
        soft=True,
    )
    _body(canvas, kind, paint, at)
    if is_night:
        canvas.tint((0.42, 0.44, 0.54))
        _lights(canvas, length, at)
    return canvas.sprite(before + length / 2, base)


def _body(canvas: Canvas, kind: str, paint: Color, at: _Place) -> None:
    outline = [at(*point) for point in _BODIES[kind]]
    canvas.polygon(outline, _times(paint, 1.16), below=_times(paint, 0.62))
    length = max(x for x, _ in _BODIES[kind])
    _box(canvas, at, 6, 14, length - 6, 20, (34, 34, 38))
    _box(canvas, at, 8, 40, length - 16, 42, _times(paint, 1.34))
    for pane in _GLASS[kind]:
        canvas.polygon(
            [at(*point) for point in pane], (142, 172, 190), below=(52, 66, 82)
        )
    for x in (92, 62) if kind == "saloon" else (62,):
        _box(canvas, at, x, 20, x + 1.2, 49, _times(paint, 0.6))
    _box(canvas, at, 98, 42, 108, 44, (46, 46, 50))
    _box(canvas, at, length - 15, 32, length - 3, 41, (250, 244, 214))
    _box(canvas, at, 1, 34, 8, 44, (202, 34, 30))
    for x in _WHEELS[kind]:
        centre = at(x, 15)
        canvas.ellipse(*at(x, 18), 19, 19, _times(paint, 0.3))
        canvas.ellipse(*centre, 16, 16, (28, 28, 31))
        canvas.ellipse(*centre, 9.5, 9.5, (176, 180, 184), below=(112, 116, 122))
        canvas.ellipse(*centre, 3, 3, (58, 60, 66))


def _lights(canvas: Canvas, length: float, at: _Place) -> None:
    canvas.glow(*at(length - 6, 36), 34, 26, (255, 246, 214))
    canvas.glow(*at(length + 150, 8), 170, 24, (150, 140, 108))
    canvas.glow(*at(length + 80, 26), 96, 22, (96, 90, 72))
    canvas.glow(*at(3, 38), 24, 18, (255, 40, 30))


def walker(
    *, seed: int, scale: float, faces_left: bool, is_night: bool
) -> list[Sprite]:
    """A person of 100 units' height in all steps of walking."""
    return [
        _walking(step, random.Random(f"walker {seed}"), scale, faces_left, is_night)
        for step in range(STEPS)
    ]


def _walking(
    step: int, chance: random.Random, scale: float, faces_left: bool, is_night: bool
) -> Sprite:
    coat, skin = chance.choice(_COATS), chance.choice(_SKINS)
    trousers: Color = chance.choice(((48, 54, 78), (62, 56, 52), (34, 36, 42)))
    hair: Color = chance.choice(((40, 30, 26), (92, 62, 38), (168, 132, 82)))
    has_bag = chance.random() < 0.6
    side = -1.0 if faces_left else 1.0
    canvas = Canvas(120, 130, scale=scale, fine=3)
    x, base = 60.0, 118.0
    swing = math.sin(2 * math.pi * step / STEPS)
    lift = 1.6 * abs(math.cos(2 * math.pi * step / STEPS))
    hip = (x, base - 47 - lift)
    neck = (x + 1.5 * side, base - 82 - lift)
    canvas.ellipse(x + 8, base, 24, 4.5, (10, 10, 14), alpha=0.5, soft=True)
    _arm(canvas, neck, swing * side, _times(coat, 0.62), skin)
    _leg(canvas, hip, -swing * side, side, _times(trousers, 0.7))
    _leg(canvas, hip, swing * side, side, trousers)
    if has_bag:
        bag = (neck[0] - 9 * side, neck[1] + 16)
        canvas.ellipse(*bag, 7, 13, (74, 62, 52), below=(48, 40, 36))
    canvas.stroke((neck[0], neck[1] + 5), (hip[0], hip[1] - 1), 17, coat)
    canvas.stroke(
        (neck[0] - 4 * side, neck[1] + 7),
        (hip[0] - 4 * side, hip[1]),
        6,
        _times(coat, 0.84),
    )
    _arm(canvas, neck, -swing * side, _times(coat, 0.92), skin)
    head = (neck[0] + 1.5 * side, neck[1] - 9)
    canvas.stroke((neck[0], neck[1] + 2), head, 5, _times(skin, 0.86))
    canvas.ellipse(head[0] - 1.2 * side, head[1] - 1.5, 8, 8.6, hair)
    canvas.ellipse(head[0] + 1.2 * side, head[1] + 1, 6.4, 7.4, skin)
    canvas.polygon(
        (
            (head[0] - 8 * side, head[1] - 2),
            (head[0] - 4 * side, head[1] - 9),
            (head[0] + 6 * side, head[1] - 8),
            (head[0] + 7 * side, head[1] - 3.5),
        ),
        hair,
    )
    if is_night:
        canvas.tint((0.40, 0.40, 0.46))
    return canvas.sprite(x, base)


def _leg(canvas: Canvas, hip: Point, swing: float, side: float, color: Color) -> None:
    angle = 0.48 * swing
    knee = hip[0] + 23 * math.sin(angle), hip[1] + 23 * math.cos(angle)
    bend = angle - side * (0.55 if swing * side < 0 else 0.08)
    foot = knee[0] + 23 * math.sin(bend), knee[1] + 23 * math.cos(bend)
    canvas.stroke(hip, knee, 9, color)
    canvas.stroke(knee, foot, 7, color)
    canvas.stroke(foot, (foot[0] + 6 * side, foot[1] + 0.5), 5, (30, 26, 26))


def _arm(canvas: Canvas, neck: Point, swing: float, color: Color, skin: Color) -> None:
    shoulder = neck[0], neck[1] + 6
    angle = 0.5 * swing
    elbow = shoulder[0] + 17 * math.sin(angle), shoulder[1] + 17 * math.cos(angle)
    forward = angle + 0.25 * (1 if swing > 0 else -1) * abs(swing)
    hand = elbow[0] + 15 * math.sin(forward), elbow[1] + 15 * math.cos(forward)
    canvas.stroke(shoulder, elbow, 6.5, color)
    canvas.stroke(elbow, hand, 5.5, color)
    canvas.ellipse(*hand, 3, 3, skin)


def _box(
    canvas: Canvas,
    at: _Place,
    tail: float,
    low: float,
    nose: float,
    high: float,
    color: Color,
) -> None:
    (x0, y0), (x1, y1) = at(tail, high), at(nose, low)
    canvas.rectangle(min(x0, x1), y0, max(x0, x1), y1, color)


def _times(color: Color, factor: float) -> Color:
    return (
        min(255, color[0] * factor),
        min(255, color[1] * factor),
        min(255, color[2] * factor),
    )
