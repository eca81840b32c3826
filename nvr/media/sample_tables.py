"""The sample tables of a full `moov`, read back into an index.

Only tables as `media.movie` writes them are understood, with a size for every sample,
so that no table can claim more samples than it has bytes.
"""

import sys
from array import array

from nvr.base.errors import MediaError
from nvr.media import boxes
from nvr.media.boxes import Box
from nvr.media.track_index import TrackIndex


def read_track(
    moov: bytes, trak: Box, *, clock_rate: int, base_time: int, has_keys: bool
) -> TrackIndex:
    """The index of one `trak`."""
    stbl = boxes.need(moov, b"mdia", b"minf", b"stbl", within=trak)
    sizes = _words(moov, boxes.need(moov, b"stsz", within=stbl), skip=4)
    count = len(sizes)
    durations = _spread(moov, boxes.need(moov, b"stts", within=stbl), count)
    ctts = boxes.find(moov, b"ctts", within=stbl)
    stss = boxes.find(moov, b"stss", within=stbl)
    offsets = _longs(moov, boxes.need(moov, b"co64", within=stbl))
    composition: array[int] | None = None
    if ctts is not None:
        composition = array("i", _spread(moov, ctts, count).tobytes())
    return TrackIndex(
        clock_rate=clock_rate,
        base_time=base_time,
        durations=durations,
        sizes=sizes,
        composition=composition,
        keys=_keys(moov, stss, count) if has_keys else array("I"),
        offsets=offsets,
        chunk_lengths=_chunk_lengths(moov, stbl, len(offsets), count),
    )


def _keys(moov: bytes, stss: Box | None, count: int) -> "array[int]":
    if stss is None:
        return array("I", range(count))
    keys = _words(moov, stss)
    if any(not 1 <= key <= count for key in keys):
        raise MediaError("a key sample is not in the file")
    return array("I", [key - 1 for key in keys])


def _chunk_lengths(moov: bytes, stbl: Box, chunks: int, samples: int) -> "array[int]":
    runs = _words(moov, boxes.need(moov, b"stsc", within=stbl), width=3)
    firsts, lengths = runs[0::3], runs[1::3]
    ends = [*firsts[1:], chunks + 1] if runs else []
    spread = array("I")
    for first, end, length in zip(firsts, ends, lengths, strict=True):
        if first != len(spread) + 1 or not first < end <= chunks + 1:
            raise MediaError("the chunks of a track do not follow each other")
        spread.extend(array("I", [length]) * (end - first))
    if len(spread) != chunks or sum(spread) != samples:
        raise MediaError("the chunks of a track do not hold its samples")
    return spread


def _spread(moov: bytes, table: Box, count: int) -> "array[int]":
    """Runs of (how many, value) as one value for each of `count` samples."""
    runs = _words(moov, table, width=2)
    if sum(runs[0::2]) != count:
        raise MediaError("a table is not about all samples")
    values = array("I")
    for times, value in zip(runs[0::2], runs[1::2], strict=True):
        if times == 1:  # with uneven times, nearly always
            values.append(value)
        else:
            values.extend(array("I", [value]) * times)
    return values


def _words(moov: bytes, table: Box, *, skip: int = 0, width: int = 1) -> "array[int]":
    """The 32-bit numbers of a table with `width` columns, behind flags and count."""
    return _numbers(moov, table, "I", 4 * width, skip)


def _longs(moov: bytes, table: Box) -> "array[int]":
    return _numbers(moov, table, "Q", 8, 0)


def _numbers(
    moov: bytes, table: Box, code: str, row_bytes: int, skip: int
) -> "array[int]":
    start = table.start + 4 + skip
    count = int.from_bytes(moov[start : start + 4], "big")
    rows = moov[start + 4 : table.end]
    if (
        start + 4 > table.end
        or len(rows) != count * row_bytes
        or any(moov[table.start + 4 : start])
    ):
        raise MediaError("a table has another length than it says")
    values = array(code)
    values.frombytes(rows)
    if sys.byteorder == "little":
        values.byteswap()
    return values
