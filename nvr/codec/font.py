"""A bitmap font of 5 by 7 dots for what cameras burn into their pictures.

No font file is needed, and the same text gives the same pixels on every machine.
Each glyph is five columns from left to right; the lowest bit is the top dot.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

_FIRST = " "
_COLUMNS = 5
_GLYPHS = bytes.fromhex(
    """
    0000000000 00005F0000 0007000700 147F147F14 242A7F2A12 2313086462 3649552250
    0000070000 001C224100 0041221C00 14083E0814 08083E0808 0050300000 0808080808
    0060600000 2010080402 3E5149453E 00427F4000 4261514946 2141454B31 1814127F10
    2745454539 3C4A494930 0171090503 3649494936 064949291E 0036360000 0056360000
    0814224100 1414141414 0041221408 0201510906 324979413E 7E1111117E 7F49494936
    3E41414122 7F4141221C 7F49494941 7F09090901 3E41495A3A 7F0808087F 00417F4100
    2040413F01 7F08142241 7F40404040 7F020C027F 7F0408107F 3E4141413E 7F09090906
    3E4151215E 7F09192946 4649494931 01017F0101 3F4040403F 1F2040201F 3F4038403F
    6314081463 0708700807 6151494543 007F414100 0204081020 0041417F00 0402010204
    4040404040 0001020400 2054545478 7F48444438 3844444420 384444487F 3854545418
    087E090102 0C5252523E 7F08040478 00447D4000 2040443D00 7F10284400 00417F4000
    7C04180478 7C08040478 3844444438 7C14141408 081414187C 7C08040408 4854545420
    043F444020 3C4040207C 1C2040201C 3C4030403C 4428102844 0C5050503C 4464544C44
    0008364100 00007F0000 0041360800 0804080808
    """
)


@cache
def text_mask(text: str, dot: int) -> Mask:
    """The text's dots as a mask, each `dot` pixels wide and high."""
    columns: list[int] = []
    for character in text:
        place = ord(character) - ord(_FIRST)
        if not 0 <= place < len(_GLYPHS) // _COLUMNS:
            place = ord("?") - ord(_FIRST)
        columns += _GLYPHS[place * _COLUMNS : (place + 1) * _COLUMNS]
        columns.append(0)
    bits = np.array(columns[:-1] or [0], dtype=np.uint8)
    dots = (bits[None, :] >> np.arange(7, dtype=np.uint8)[:, None] & 1).astype(bool)
    return np.repeat(np.repeat(dots, dot, axis=0), dot, axis=1)


def draw_text(rgb: NDArray[np.uint8], text: str, left: int, top: int, dot: int) -> None:
    """White text with a dark edge, readable on any ground; cut at the borders."""
    mask = text_mask(text, dot)
    edge = max(1, dot // 2)
    for across in (-edge, 0, edge):
        for down in (-edge, 0, edge):
            if across or down:
                _paint(rgb, mask, left + across, top + down, 16)
    _paint(rgb, mask, left, top, 238)


def _paint(rgb: NDArray[np.uint8], mask: Mask, left: int, top: int, value: int) -> None:
    ground = rgb[max(0, top) : top + mask.shape[0], max(0, left) : left + mask.shape[1]]
    cut = mask[max(0, -top) :, max(0, -left) :]
    ground[cut[: ground.shape[0], : ground.shape[1]]] = value
