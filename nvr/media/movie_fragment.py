"""One `moof`: made from a fragment's runs, and read back with care.

Sizes stand with every sample; durations and flags only where they differ. Composition
is signed (`trun` version 1), so that presentation begins at zero without an edit list.
"""

import struct
import sys
from array import array
from dataclasses import dataclass

from nvr.base.errors import MediaError
from nvr.media import boxes
from nvr.media.boxes import Box
from nvr.media.fragment import TrackRun

KEY_FLAGS = 0x0200_0000  # depends on no other sample
OTHER_FLAGS = 0x0101_0000  # depends on others, is no sync sample
_NOT_SYNC = 0x0001_0000

_TFHD_BASE_IS_MOOF = 0x02_0000
_TFHD_DURATION = 0x08
_TFHD_FLAGS = 0x20
_TRUN_OFFSET = 0x001
_TRUN_FIRST_FLAGS = 0x004
_TRUN_DURATION = 0x100
_TRUN_SIZE = 0x200
_TRUN_FLAGS = 0x400
_TRUN_COMPOSITION = 0x800

_MOOF = struct.Struct(">I4sIIII")  # moof, mfhd
_TRAF = struct.Struct(">I4sI4sIIII")  # traf, tfhd with two defaults
_TFDT_TRUN = struct.Struct(">I4sIQI4sIIi")
_FIRST_FLAGS = struct.Struct(">I")
_TRAF_BYTES = 8 + 24 + 20 + 20
_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")
_TFHD = struct.Struct(">III")
_TRUN = struct.Struct(">IIi")


def movie_fragment(number: int, tracks: list[tuple[int, TrackRun, list[int]]]) -> bytes:
    """`moof` for runs of (track id, run, sizes) whose payloads follow in one `mdat`."""
    layouts = [_layout(run) for _, run, _ in tracks]
    trafs_bytes = [
        _TRAF_BYTES + _fields_bytes(flags, len(sizes))
        for (flags, _), (_, _, sizes) in zip(layouts, tracks, strict=True)
    ]
    moof_bytes = _MOOF.size + sum(trafs_bytes)
    parts = [_MOOF.pack(moof_bytes, b"moof", 16, 0x6D666864, 0, number)]
    offset = moof_bytes + boxes.HEADER_BYTES
    for track, (flags, default_flags), traf_bytes in zip(
        tracks, layouts, trafs_bytes, strict=True
    ):
        track_id, run, sizes = track
        parts.append(
            _TRAF.pack(
                traf_bytes,
                b"traf",
                24,
                b"tfhd",
                _TFHD_BASE_IS_MOOF | _TFHD_DURATION | _TFHD_FLAGS,
                track_id,
                run.durations[0],
                default_flags,
            )
        )
        parts.append(
            _TFDT_TRUN.pack(
                20,
                b"tfdt",
                1 << 24,
                run.base_time,
                20 + _fields_bytes(flags, len(sizes)),
                b"trun",
                1 << 24 | flags,
                len(sizes),
                offset,
            )
        )
        if flags & _TRUN_FIRST_FLAGS:
            parts.append(_FIRST_FLAGS.pack(KEY_FLAGS))
        parts.append(_samples(run, sizes, flags))
        offset += sum(sizes)
    return b"".join(parts)


def _layout(run: TrackRun) -> tuple[int, int]:
    """Flags of the `trun`, and the sample flags that need not be spelled out."""
    count = len(run.keys)
    flags = _TRUN_OFFSET | _TRUN_SIZE
    if run.durations.count(run.durations[0]) != count:
        flags |= _TRUN_DURATION
    if run.composition is not None:
        flags |= _TRUN_COMPOSITION
    keys = run.keys.count(True)
    if keys == count:
        return flags, KEY_FLAGS
    if keys == 1 and run.keys[0]:
        flags |= _TRUN_FIRST_FLAGS
    elif keys:
        flags |= _TRUN_FLAGS
    return flags, OTHER_FLAGS


def _fields_bytes(flags: int, count: int) -> int:
    """Length of what follows the data offset in a `trun`."""
    return 4 * (_columns(flags) * count + bool(flags & _TRUN_FIRST_FLAGS))


def _columns(flags: int) -> int:
    return (flags >> 8 & 0xF).bit_count()


def _samples(run: TrackRun, sizes: list[int], flags: int) -> bytes:
    columns = []
    if flags & _TRUN_DURATION:
        columns.append(run.durations)
    columns.append(sizes)
    if flags & _TRUN_FLAGS:
        columns.append([KEY_FLAGS if key else OTHER_FLAGS for key in run.keys])
    if run.composition is not None:
        columns.append([shift & 0xFFFF_FFFF for shift in run.composition])
    width = len(columns)
    rows = sizes
    if width > 1:
        rows = [0] * (width * len(sizes))
        for place, column in enumerate(columns):
            rows[place::width] = column
    return struct.pack(f">{len(rows)}I", *rows)


# -- reading -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunColumns:
    """One track's samples in a `moof`. `offset` counts from where the `moof` begins."""

    track_id: int
    base_time: int
    offset: int
    sizes: "array[int]"
    durations: "array[int]"
    composition: "array[int] | None"
    keys: list[bool]


@dataclass(frozen=True, slots=True)
class FragmentHeader:
    """A `moof` that was read. Every run lies in an `mdat` of `mdat_bytes` behind it."""

    number: int
    runs: list[RunColumns]


def read_movie_fragment(moof: bytes, mdat_bytes: int) -> FragmentHeader:
    """From a whole `moof`. Refuses what `movie_fragment` never writes."""
    inside = boxes.need(moof, b"moof")
    numbered = boxes.need(moof, b"mfhd", within=inside)
    (number,) = boxes.unpack(_U32, moof, numbered.start + 4, numbered.end)
    runs = [
        _read_traf(moof, found)
        for found in boxes.walk(moof, inside.start, inside.end)
        if found.kind == b"traf"
    ]
    for run in runs:
        first, end = len(moof) + boxes.HEADER_BYTES, len(moof) + mdat_bytes
        if run.offset < first or run.offset + sum(run.sizes) > end:
            raise MediaError("a run of samples lies outside its fragment")
    return FragmentHeader(number, runs)


def _read_traf(moof: bytes, traf: Box) -> RunColumns:
    tfhd = boxes.need(moof, b"tfhd", within=traf)
    flags, track_id, duration = boxes.unpack(_TFHD, moof, tfhd.start, tfhd.end)
    if flags != _TFHD_BASE_IS_MOOF | _TFHD_DURATION | _TFHD_FLAGS:
        raise MediaError("a track fragment is not laid out as ours are")
    (sample_flags,) = boxes.unpack(_U32, moof, tfhd.start + 12, tfhd.end)
    tfdt = boxes.need(moof, b"tfdt", within=traf)
    (base_time,) = boxes.unpack(_U64, moof, tfdt.start + 4, tfdt.end)
    return _read_trun(
        moof,
        boxes.need(moof, b"trun", within=traf),
        track_id=track_id,
        base_time=base_time,
        duration=duration,
        sample_flags=sample_flags,
    )


def _read_trun(
    moof: bytes,
    trun: Box,
    *,
    track_id: int,
    base_time: int,
    duration: int,
    sample_flags: int,
) -> RunColumns:
    flags, count, offset = boxes.unpack(_TRUN, moof, trun.start, trun.end)
    flags &= 0xFF_FFFF
    start = trun.start + _TRUN.size
    if flags & 0x201 != 0x201 or trun.end - start != _fields_bytes(flags, count):
        raise MediaError("a run of samples is not laid out as ours are")
    if not count:
        raise MediaError("a run has no samples")
    is_first_key = bool(flags & _TRUN_FIRST_FLAGS)
    rows = memoryview(moof)[start + 4 * is_first_key : trun.end].cast("B")
    present = [f for f in (0x100, 0x200, 0x400, 0x800) if flags & f]
    columns = dict(zip(present, _split(rows, len(present)), strict=True))
    spelled = columns.get(_TRUN_FLAGS)
    if spelled is not None:
        keys = [not sample & _NOT_SYNC for sample in spelled]
    else:
        keys = [not sample_flags & _NOT_SYNC] * count
        keys[0] |= is_first_key
    composition = columns.get(_TRUN_COMPOSITION)
    return RunColumns(
        track_id=track_id,
        base_time=base_time,
        offset=offset,
        sizes=columns[_TRUN_SIZE],
        durations=columns.get(_TRUN_DURATION, array("I", [duration]) * count),
        composition=None if composition is None else array("i", composition.tobytes()),
        keys=keys,
    )


def _split(rows: memoryview, width: int) -> "list[array[int]]":
    """Rows of big-endian numbers as one array for each column."""
    table = array("I")
    table.frombytes(rows)
    if sys.byteorder == "little":
        table.byteswap()
    return [table[place::width] for place in range(width)]
