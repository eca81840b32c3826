"""H.264 (ITU-T H.264): parameter sets, and what files and players say about them."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from nvr.base.errors import MediaError
from nvr.media.nal import LARGEST_DIMENSION, LARGEST_PARAMETER_SET, BitReader, unescape

IDR = 5
SEI = 6
SPS = 7
PPS = 8
LAST_SLICE = 5
"""Types 1 to 5 carry a coded picture (table 7-1)."""
_RECOVERY_POINT = 6
# Profiles whose SPS tells chroma format and bit depth (7.3.2.1.1).
_HIGH_PROFILES = frozenset((100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134))
# Profiles whose avcC repeats them (ISO/IEC 14496-15 5.3.3.1.2).
_EXTENDED_RECORD = frozenset((100, 110, 122, 144, 244))


@dataclass(frozen=True, slots=True)
class Sps:
    """What a sequence parameter set says; `constraint_flags` is its whole byte."""

    id: int
    profile_idc: int
    constraint_flags: int
    level_idc: int
    chroma_format: int
    luma_depth: int
    chroma_depth: int
    width: int
    height: int


def nal_type(nal: bytes) -> int:
    return nal[0] & 0x1F if nal else 0


def is_picture(kind: int) -> bool:
    """True for types that carry a part of the coded picture."""
    return 1 <= kind <= LAST_SLICE


def is_key(kind: int) -> bool:
    """True for types that only a picture to start at has."""
    return kind == IDR


def is_recovery_point(nal: bytes | bytearray) -> bool:
    """True for an SEI that says: decoding can start at this very picture (D.2.8).

    Cameras with intra refresh or open GOPs send it in place of IDR pictures.
    """
    if len(nal) < 4 or nal[1] != _RECOVERY_POINT:
        return False
    # recovery_frame_cnt = 0 is the single bit 1.
    return nal[3] & 0x80 != 0


def parse_sps(nal: bytes) -> Sps:
    """Read an SPS as far as picture size. Raises `MediaError`."""
    if nal_type(nal) != SPS or not 4 <= len(nal) <= LARGEST_PARAMETER_SET:
        raise MediaError("this is not an H.264 sequence parameter set")
    bits = BitReader(unescape(nal[1:]))
    profile, constraints, level = bits.bits(8), bits.bits(8), bits.bits(8)
    identity = bits.ue()
    chroma, luma_depth, chroma_depth, is_separate = 1, 8, 8, False
    if profile in _HIGH_PROFILES:
        chroma = bits.ue()
        is_separate = bits.flag() if chroma == 3 else False
        luma_depth, chroma_depth = bits.ue() + 8, bits.ue() + 8
        bits.skip(1)
        if bits.flag():
            _skip_scaling_lists(bits, 12 if chroma == 3 else 8)
    _skip_order(bits)
    width, height = _picture_size(bits, 0 if is_separate else chroma)
    if identity > 31 or chroma > 3 or luma_depth > 14 or chroma_depth > 14:
        raise MediaError("an H.264 sequence parameter set makes no sense")
    return Sps(
        identity,
        profile,
        constraints,
        level,
        chroma,
        luma_depth,
        chroma_depth,
        width,
        height,
    )


def set_id(nal: bytes) -> int:
    """The id of an SPS or PPS. Raises `MediaError`."""
    if len(nal) > LARGEST_PARAMETER_SET:
        raise MediaError("an H.264 parameter set is too long")
    skipped = 4 if nal_type(nal) == SPS else 1
    return BitReader(unescape(nal[skipped : skipped + 8])).ue()


def size(parameter_sets: Sequence[bytes]) -> tuple[int, int]:
    """Width and height by the first SPS. Raises `MediaError`."""
    sps = parse_sps(_first(parameter_sets))
    return sps.width, sps.height


def is_complete(parameter_sets: Sequence[bytes]) -> bool:
    """True when a decoder could start with these."""
    return {SPS, PPS} <= {nal_type(nal) for nal in parameter_sets}


def decoder_configuration(parameter_sets: Sequence[bytes]) -> bytes:
    """The content of `avcC` (ISO/IEC 14496-15 5.3.3). Raises `MediaError`."""
    sps = parse_sps(_first(parameter_sets))
    sequence = [nal for nal in parameter_sets if nal_type(nal) == SPS][:31]
    picture = [nal for nal in parameter_sets if nal_type(nal) == PPS][:255]
    head = (1, sps.profile_idc, sps.constraint_flags, sps.level_idc, 0xFF)
    parts = [bytes(head), bytes((0xE0 | len(sequence),)), *map(_counted, sequence)]
    parts += [bytes((len(picture),)), *map(_counted, picture)]
    if sps.profile_idc in _EXTENDED_RECORD:
        depths = (0xF8 | (sps.luma_depth - 8), 0xF8 | (sps.chroma_depth - 8))
        parts.append(bytes((0xFC | sps.chroma_format, *depths, 0)))
    return b"".join(parts)


def codecs(parameter_sets: Sequence[bytes]) -> str:
    """As in a MIME type (RFC 6381 3.3), for instance `avc1.64001f`."""
    sps = _first(parameter_sets)
    if len(sps) < 4:
        raise MediaError("an H.264 sequence parameter set is too short")
    return f"avc1.{sps[1:4].hex()}"


def _first(parameter_sets: Sequence[bytes]) -> bytes:
    for nal in parameter_sets:
        if nal_type(nal) == SPS:
            return nal
    raise MediaError("there is no H.264 sequence parameter set")


def _counted(nal: bytes) -> bytes:
    return struct.pack(">H", len(nal)) + nal


def _skip_scaling_lists(bits: BitReader, count: int) -> None:
    for index in range(count):
        if not bits.flag():
            continue
        last = following = 8
        for _ in range(16 if index < 6 else 64):
            if following:
                following = (last + bits.se()) % 256
            last = following or last


def _skip_order(bits: BitReader) -> None:
    bits.ue()  # log2_max_frame_num_minus4
    order_type = bits.ue()
    if order_type == 0:
        bits.ue()
    elif order_type == 1:
        bits.skip(1)
        bits.se()
        bits.se()
        cycle = bits.ue()
        if cycle > 255:
            raise MediaError("an H.264 sequence parameter set makes no sense")
        for _ in range(cycle):
            bits.se()
    bits.ue()  # max_num_ref_frames
    bits.skip(1)


def _picture_size(bits: BitReader, chroma_array: int) -> tuple[int, int]:
    columns, rows = bits.ue() + 1, bits.ue() + 1
    if columns > LARGEST_DIMENSION // 16 or rows > LARGEST_DIMENSION // 16:
        raise MediaError("an H.264 picture is impossibly large")
    fields = 2 - bits.bits(1)  # frame_mbs_only_flag
    if fields == 2:
        bits.skip(1)
    bits.skip(1)
    width, height = columns * 16, rows * 16 * fields
    if bits.flag():
        unit_x = 2 if chroma_array in (1, 2) else 1
        unit_y = (2 if chroma_array == 1 else 1) * fields
        width -= (bits.ue() + bits.ue()) * unit_x
        height -= (bits.ue() + bits.ue()) * unit_y
    if width <= 0 or height <= 0:
        raise MediaError("an H.264 picture has no size")
    return width, height
