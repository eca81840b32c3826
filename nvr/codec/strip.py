"""A strip of black and white blocks that tells which picture one is looking at.

Forty blocks over the width of the picture, at its bottom edge: a white and a black
one, then camera number (14 bits), frame number in the loop (16 bits) and a check
(8 bits), most significant first. The blocks are large enough to survive any codec and
a sub stream of 320 pixels, so a test knows from a decoded picture alone what was shown.
"""

import numpy as np
from numpy.typing import NDArray

BLOCKS = 40
HEIGHT_SHARE = 45
"""The strip is the picture's height divided by this."""
MAX_CAMERA = (1 << 14) - 1
MAX_FRAME = (1 << 16) - 1
_DARK, _LIGHT = 24, 222


def strip_height(height: int) -> int:
    """Rows that the strip takes of a picture."""
    return max(4, height // HEIGHT_SHARE)


def draw_strip(rgb: NDArray[np.uint8], camera: int, frame: int) -> None:
    """Write the strip into the bottom rows of a picture."""
    value = (camera & MAX_CAMERA) << 16 | (frame & MAX_FRAME)
    word = 0b10 << 38 | value << 8 | _check(value)
    height, width = rgb.shape[:2]
    edges = [width * i // BLOCKS for i in range(BLOCKS + 1)]
    rows = rgb[height - strip_height(height) :]
    for block in range(BLOCKS):
        is_light = word >> (BLOCKS - 1 - block) & 1
        rows[:, edges[block] : edges[block + 1]] = _LIGHT if is_light else _DARK


def read_strip(gray: NDArray[np.uint8]) -> tuple[int, int]:
    """Camera and frame number of a decoded grey picture of any size.

    Raises `ValueError` when there is no strip or it does not match its check.
    """
    height, width = gray.shape
    rows = strip_height(height)
    band = gray[height - max(1, rows * 3 // 4) : height - rows // 4]
    word = 0
    for block in range(BLOCKS):
        left, right = width * block // BLOCKS, width * (block + 1) // BLOCKS
        margin = (right - left) // 4
        word = word << 1 | int(band[:, left + margin : right - margin].mean() > 123)
    value = word >> 8 & (1 << 30) - 1
    if word >> 38 != 0b10 or word & 0xFF != _check(value):
        raise ValueError("no readable strip at the bottom of this picture")
    return value >> 16, value & MAX_FRAME


def _check(value: int) -> int:
    # Multiplying spreads each bit over the byte that is kept: one wrong block shows.
    return (value * 0x9E3779B1 >> 24 ^ value) & 0xFF
