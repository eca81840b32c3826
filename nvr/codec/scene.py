"""One virtual camera's view: a street, what moves in it, and what is burnt in.

The street is painted once; a picture is a copy of it with a few sprites laid over,
which takes about a millisecond.
"""

import numpy as np
from numpy.typing import NDArray

from nvr.codec.canvas import UNITS_HIGH, Sprite, lay_over
from nvr.codec.choreography import Kind, Mover, movers
from nvr.codec.figures import STEPS, car, walker
from nvr.codec.font import draw_text
from nvr.codec.loop import VideoSpec
from nvr.codec.street import build_street
from nvr.codec.strip import draw_strip

_STRIDE_UNITS = 62
"""A walker of size 1 goes this far in one walking cycle."""
_NOISE = 9.0
_NOISE_BANK = 6


class Scene:
    """Draws any picture of the loop; the same spec gives the same pixels."""

    def __init__(self, spec: VideoSpec) -> None:
        self._spec = spec
        self._scale = spec.height / UNITS_HIGH
        street = build_street(
            width=spec.width, height=spec.height, seed=spec.seed, is_night=spec.is_night
        )
        self._backdrop = street.picture
        self._cast = [
            (mover, self._sprites(mover)) for mover in movers(spec.seed, spec.seconds)
        ]
        self._noise = self._noise_bank() if spec.bitrate else []

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Picture `index` of the loop as rows of RGB."""
        rgb = self._backdrop.copy()
        time_s = index / self._spec.frames_per_second
        for mover, sprites in self._cast:
            strength = mover.strength_at(time_s)
            if strength > 0:
                self._lay(rgb, mover, sprites, time_s, strength)
        if self._noise:
            rgb = self._noisy(rgb, index)
        self._burn_in(rgb, index)
        return rgb

    def _lay(
        self,
        rgb: NDArray[np.uint8],
        mover: Mover,
        sprites: list[Sprite],
        time_s: float,
        strength: float,
    ) -> None:
        x = mover.x_at(time_s)
        gone = abs(x - mover.start_x) / (_STRIDE_UNITS * mover.size)
        sprite = sprites[int(gone * STEPS) % len(sprites)]
        place = round(x * self._scale), round(mover.base_y * self._scale)
        lay_over(rgb, sprite, *place, strength)

    def _sprites(self, mover: Mover) -> list[Sprite]:
        scale = self._scale * mover.size
        is_night = self._spec.is_night
        left = mover.faces_left
        if mover.kind is Kind.CAR:
            return [
                car(seed=mover.seed, scale=scale, faces_left=left, is_night=is_night)
            ]
        return walker(seed=mover.seed, scale=scale, faces_left=left, is_night=is_night)

    def _noise_bank(self) -> list[NDArray[np.int16]]:
        # A sensor's noise, so that a bitrate that was asked for is really needed.
        chance = np.random.default_rng(self._spec.seed)
        shape = self._spec.height, self._spec.width, 1
        return [
            chance.normal(0, _NOISE, shape).astype(np.int16) for _ in range(_NOISE_BANK)
        ]

    def _noisy(self, rgb: NDArray[np.uint8], index: int) -> NDArray[np.uint8]:
        noise = self._noise[index % len(self._noise)]
        moved = np.roll(noise, index * 37 % noise.shape[0], axis=0)
        noisy: NDArray[np.uint8] = np.clip(rgb + moved, 0, 255).astype(np.uint8)
        return noisy

    def _burn_in(self, rgb: NDArray[np.uint8], index: int) -> None:
        spec = self._spec
        dot = max(1, round(spec.height / 240))
        margin = 5 * dot
        draw_text(rgb, spec.title, margin, margin, dot)
        clock = clock_text(index, spec.frames_per_second)
        width = (6 * len(clock) - 1) * dot
        draw_text(rgb, clock, spec.width - width - margin, margin, dot)
        draw_strip(rgb, spec.number, index)


def clock_text(index: int, frames_per_second: int) -> str:
    """Time of a picture within the loop and its number: `00:00:12.040  #0301`."""
    milliseconds = index * 1000 // frames_per_second
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    clock = f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{milliseconds:03}"
    return f"{clock}  #{index:04}"
