"""Painting shapes with numpy, in units that do not depend on the picture's size.

A canvas is 720 units high whatever its pixels. Shapes are painted at a multiple of the
final size and averaged down, which makes their edges smooth.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNITS_HIGH = 720
Color = tuple[float, float, float]
Point = tuple[float, float]
Pixels = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sprite:
    """A small picture to be laid over another; `anchor` is the pixel it stands on."""

    rgb: NDArray[np.uint8]  # already multiplied by alpha
    keep: NDArray[np.uint16]  # share of the ground that shows through, 0 to 256
    anchor: tuple[int, int]


class Canvas:
    """Float pixels, opaque or clear, painted in units."""

    def __init__(
        self, width_units: float, height_units: float, *, scale: float, fine: int = 2
    ) -> None:
        self.fine = fine
        self.scale = scale * fine  # fine pixels in a unit
        self._final = round(height_units * scale), round(width_units * scale)
        height, width = self._final[0] * fine, self._final[1] * fine
        self.rgb: Pixels = np.zeros((height, width, 3), np.float32)
        self.alpha: Pixels = np.zeros((height, width, 1), np.float32)

    def rectangle(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        color: Color,
        *,
        below: Color | None = None,
        alpha: float = 1.0,
    ) -> None:
        """`below` is the colour at the lower edge of a gradient."""
        points = ((left, top), (right, top), (right, bottom), (left, bottom))
        self.polygon(points, color, below=below, alpha=alpha)

    def polygon(
        self,
        points: Sequence[Point],
        color: Color,
        *,
        below: Color | None = None,
        alpha: float = 1.0,
    ) -> None:
        """Any outline; crossing edges make holes."""
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        window = self._window(min(xs), min(ys), max(xs), max(ys))
        if window is None:
            return
        across, down = self._grid(window)
        inside = np.zeros(np.broadcast_shapes(across.shape, down.shape), bool)
        for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
            if y0 != y1:
                edge = (x1 - x0) * (down - y0) / (y1 - y0) + x0
                inside ^= ((y0 > down) != (y1 > down)) & (across < edge)
        self._lay(window, inside * np.float32(alpha), color, below)

    def ellipse(
        self,
        x: float,
        y: float,
        radius_x: float,
        radius_y: float,
        color: Color,
        *,
        below: Color | None = None,
        alpha: float = 1.0,
        soft: bool = False,
    ) -> None:
        """`soft` fades from the middle to the edge, as a shadow does."""
        window = self._window(x - radius_x, y - radius_y, x + radius_x, y + radius_y)
        if window is None:
            return
        distance = self._distance(window, x, y, radius_x, radius_y)
        shape = np.clip(1.3 * (1 - distance), 0, 1) if soft else distance <= 1
        self._lay(window, np.asarray(shape * alpha, np.float32), color, below)

    def stroke(self, start: Point, end: Point, width: float, color: Color) -> None:
        """A line with round ends."""
        (x0, y0), (x1, y1), half = start, end, width / 2
        window = self._window(
            min(x0, x1) - half,
            min(y0, y1) - half,
            max(x0, x1) + half,
            max(y0, y1) + half,
        )
        if window is None:
            return
        across, down = self._grid(window)
        length = max((x1 - x0) ** 2 + (y1 - y0) ** 2, 1e-6)
        along = ((across - x0) * (x1 - x0) + (down - y0) * (y1 - y0)) / length
        along = np.clip(along, 0, 1)
        off_x, off_y = across - x0 - along * (x1 - x0), down - y0 - along * (y1 - y0)
        shape = off_x**2 + off_y**2 <= half**2
        self._lay(window, shape.astype(np.float32), color, None)

    def glow(
        self, x: float, y: float, radius_x: float, radius_y: float, color: Color
    ) -> None:
        """Light that is added to what is there."""
        window = self._window(x - radius_x, y - radius_y, x + radius_x, y + radius_y)
        if window is None:
            return
        strength = np.clip(1 - self._distance(window, x, y, radius_x, radius_y), 0, 1)
        light = (strength**2)[:, :, None] * np.array(color, np.float32)
        self.rgb[window] += light
        brightness = light.max(axis=2, keepdims=True) / 255
        self.alpha[window] = np.maximum(self.alpha[window], np.minimum(brightness, 1))

    def speckle(
        self, top: float, bottom: float, amount: float, seed: int, grain: float = 1.5
    ) -> None:
        """Roughness of a surface between two heights."""
        window = self._window(0, top, self.rgb.shape[1] / self.scale, bottom)
        if window is None:
            return
        rows, columns = self.rgb[window].shape[:2]
        step = max(1, round(grain * self.scale))
        chance = np.random.default_rng(seed)
        coarse = chance.normal(0, amount, (rows // step + 1, columns // step + 1))
        noise = np.repeat(np.repeat(coarse, step, 0), step, 1)[:rows, :columns, None]
        self.rgb[window] += noise.astype(np.float32)

    def tint(self, color: Color) -> None:
        """Multiply everything, as evening light does."""
        self.rgb *= np.array(color, np.float32)

    def picture(self) -> NDArray[np.uint8]:
        """The finished opaque picture."""
        return to_bytes(self._average(self.rgb))

    def sprite(self, x: float, y: float) -> Sprite:
        """What was painted, cut to its outline, standing on the point given."""
        alpha = self._average(self.alpha)
        rgb = to_bytes(self._average(self.rgb))
        rows = np.flatnonzero(alpha.max(axis=(1, 2)) > 0.01)
        columns = np.flatnonzero(alpha.max(axis=(0, 2)) > 0.01)
        cut = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        scale = self.scale / self.fine
        anchor = round(x * scale) - int(columns[0]), round(y * scale) - int(rows[0])
        keep = np.round(256 * (1 - np.clip(alpha[cut], 0, 1))).astype(np.uint16)
        return Sprite(np.ascontiguousarray(rgb[cut]), keep, anchor)

    def _average(self, pixels: Pixels) -> Pixels:
        height, width = self._final
        fine = pixels.reshape(height, self.fine, width, self.fine, -1)
        return np.asarray(fine.mean(axis=(1, 3)), np.float32)

    def _window(
        self, left: float, top: float, right: float, bottom: float
    ) -> tuple[slice, slice] | None:
        height, width = self.rgb.shape[:2]
        x0, x1 = max(0, int(left * self.scale)), min(width, int(right * self.scale) + 1)
        y0, y1 = (
            max(0, int(top * self.scale)),
            min(height, int(bottom * self.scale) + 1),
        )
        return (slice(y0, y1), slice(x0, x1)) if x0 < x1 and y0 < y1 else None

    def _grid(self, window: tuple[slice, slice]) -> tuple[Pixels, Pixels]:
        rows, columns = window
        down = (np.arange(rows.start, rows.stop) + 0.5) / self.scale
        across = (np.arange(columns.start, columns.stop) + 0.5) / self.scale
        return across.astype(np.float32)[None, :], down.astype(np.float32)[:, None]

    def _distance(
        self, window: tuple[slice, slice], x: float, y: float, rx: float, ry: float
    ) -> Pixels:
        across, down = self._grid(window)
        return np.sqrt(((across - x) / rx) ** 2 + ((down - y) / ry) ** 2)

    def _lay(
        self,
        window: tuple[slice, slice],
        shape: Pixels,
        color: Color,
        below: Color | None,
    ) -> None:
        cover = shape[:, :, None]
        paint = np.array(color, np.float32)[None, None, :]
        if below is not None:
            rows = np.linspace(0, 1, cover.shape[0], dtype=np.float32)[:, None, None]
            paint = paint * (1 - rows) + np.array(below, np.float32) * rows
        self.rgb[window] = self.rgb[window] * (1 - cover) + paint * cover
        self.alpha[window] = self.alpha[window] * (1 - cover) + cover


def to_bytes(pixels: Pixels) -> NDArray[np.uint8]:
    """Rounded, and cut where they are too dark or too bright."""
    rounded: NDArray[np.uint8] = np.clip(pixels + 0.5, 0, 255).astype(np.uint8)
    return rounded


def lay_over(
    ground: NDArray[np.uint8], sprite: Sprite, x: int, y: int, strength: float = 1.0
) -> None:
    """Put a sprite with its anchor on a pixel of the ground, cut at the borders."""
    left, top = x - sprite.anchor[0], y - sprite.anchor[1]
    height, width = sprite.rgb.shape[:2]
    rows = slice(max(0, -top), min(height, ground.shape[0] - top))
    columns = slice(max(0, -left), min(width, ground.shape[1] - left))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    place = (
        slice(top + rows.start, top + rows.stop),
        slice(left + columns.start, left + columns.stop),
    )
    keep, rgb = sprite.keep[rows, columns], sprite.rgb[rows, columns]
    if strength < 1:
        keep = (256 - (256 - keep) * strength).astype(np.uint16)
        rgb = (rgb * strength).astype(np.uint8)
    through = (ground[place] * keep) >> 8
    ground[place] = np.minimum(through + rgb, 255).astype(np.uint8)
