"""One virtual camera's view: a street, what moves in it, and what is burnt in."""

import numpy as np
from numpy.typing import NDArray

from nvr.codec.font import draw_text
from nvr.codec.loop import VideoSpec
from nvr.codec.strip import draw_strip


class Scene:
    """Draws any picture of the loop; the same spec gives the same pixels."""

    def __init__(self, spec: VideoSpec) -> None:
        self._spec = spec
        rows = np.linspace(200, 60, spec.height, dtype=np.float32)
        self._backdrop = np.repeat(
            np.repeat(rows[:, None, None], spec.width, axis=1), 3, axis=2
        ).astype(np.uint8)

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Picture `index` of the loop as rows of RGB."""
        rgb = self._backdrop.copy()
        self._burn_in(rgb, index)
        return rgb

    def _burn_in(self, rgb: NDArray[np.uint8], index: int) -> None:
        spec = self._spec
        dot = max(1, round(spec.height / 240))
        margin = 4 * dot
        draw_text(rgb, spec.title, margin, margin, dot)
        clock = clock_text(index, spec.frames_per_second)
        draw_text(rgb, clock, margin, margin + 10 * dot, dot)
        draw_strip(rgb, spec.number, index)


def clock_text(index: int, frames_per_second: int) -> str:
    """Time of a picture within the loop and its number: `00:00:12.040  #0301`."""
    milliseconds = index * 1000 // frames_per_second
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    clock = f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{milliseconds:03}"
    return f"{clock}  #{index:04}"
