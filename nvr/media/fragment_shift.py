"""A `moof` of ours on another time line, without a byte more or less.

Everything in it keeps its place, so that byte ranges of the file it is from go on
being right.
"""

from collections.abc import Mapping

from nvr.base.errors import MediaError
from nvr.media import boxes


def shifted(moof: bytes, shifts: Mapping[int, int]) -> bytes:
    """The `moof` with each track decoded that much later, in the track's clock rate.

    A track that `shifts` does not name is blanked out: its `traf` becomes `free`.
    """
    made = bytearray(moof)
    inside = boxes.need(moof, b"moof")
    for traf in boxes.walk(moof, inside.start, inside.end):
        if traf.kind != b"traf":
            continue
        tfhd = boxes.need(moof, b"tfhd", within=traf)
        shift = shifts.get(_number(moof, tfhd.start + 4, 4, tfhd.end))
        if shift is None:
            made[traf.start - 4 : traf.start] = b"free"
            continue
        tfdt = boxes.need(moof, b"tfdt", within=traf)
        if moof[tfdt.start] != 1:
            raise MediaError("a fragment's time is not laid out as ours are")
        time = _number(moof, tfdt.start + 4, 8, tfdt.end) + shift
        if not 0 <= time < 1 << 64:
            raise MediaError("a fragment's time cannot be expressed")
        made[tfdt.start + 4 : tfdt.start + 12] = time.to_bytes(8, "big")
    return bytes(made)


def _number(moof: bytes, at: int, size_bytes: int, end: int) -> int:
    if at + size_bytes > end:
        raise MediaError("a box is shorter than its fields")
    return int.from_bytes(moof[at : at + size_bytes], "big")
