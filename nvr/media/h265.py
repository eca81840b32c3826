"""H.265 (ITU-T H.265): parameter sets, and what files and players say about them."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from nvr.base.errors import MediaError
from nvr.media.nal import LARGEST_DIMENSION, LARGEST_PARAMETER_SET, BitReader, unescape

VPS = 32
SPS = 33
PPS = 34
LAST_SLICE = 31
"""Types 0 to 31 carry a coded picture (table 7-1)."""
_FIRST_KEY = 16
_LAST_KEY = 23


@dataclass(frozen=True, slots=True)
class Sps:
    """What a sequence parameter set says. `profile` is its first 12 bytes of
    profile, tier and level as they stand in an `hvcC` (7.3.3, general part)."""

    id: int
    profile: bytes
    sub_layers: int
    is_nested: bool
    chroma_format: int
    luma_depth: int
    chroma_depth: int
    width: int
    height: int


def nal_type(nal: bytes) -> int:
    return nal[0] >> 1 & 0x3F if nal else 63


def is_picture(kind: int) -> bool:
    """True for types that carry a part of the coded picture."""
    return kind <= LAST_SLICE


def is_key(kind: int) -> bool:
    """True for types that only a picture to start at has: BLA, IDR, CRA."""
    return _FIRST_KEY <= kind <= _LAST_KEY


def parse_sps(nal: bytes) -> Sps:
    """Read an SPS as far as bit depth. Raises `MediaError`."""
    if nal_type(nal) != SPS or not 15 <= len(nal) <= LARGEST_PARAMETER_SET:
        raise MediaError("this is not an H.265 sequence parameter set")
    content = unescape(nal[2:])
    bits = BitReader(content)
    bits.skip(4)
    sub_layers = bits.bits(3) + 1
    is_nested = bits.flag()
    profile = content[1:13]
    bits.skip(96)
    _skip_sub_layers(bits, sub_layers - 1)
    identity, chroma = bits.ue(), bits.ue()
    is_separate = bits.flag() if chroma == 3 else False
    width, height = _picture_size(bits, 0 if is_separate else chroma)
    luma_depth, chroma_depth = bits.ue() + 8, bits.ue() + 8
    if identity > 15 or chroma > 3 or luma_depth > 16 or chroma_depth > 16:
        raise MediaError("an H.265 sequence parameter set makes no sense")
    return Sps(
        identity,
        profile,
        sub_layers,
        is_nested,
        chroma,
        luma_depth,
        chroma_depth,
        width,
        height,
    )


def set_id(nal: bytes) -> int:
    """The id of a VPS, SPS or PPS. Raises `MediaError`."""
    if len(nal) > LARGEST_PARAMETER_SET:
        raise MediaError("an H.265 parameter set is too long")
    kind = nal_type(nal)
    if kind == VPS:
        return nal[2] >> 4 if len(nal) > 2 else 0
    if kind == SPS:
        return parse_sps(nal).id
    return BitReader(unescape(nal[2:10])).ue()


def size(parameter_sets: Sequence[bytes]) -> tuple[int, int]:
    """Width and height by the first SPS. Raises `MediaError`."""
    sps = parse_sps(_first(parameter_sets))
    return sps.width, sps.height


def is_complete(parameter_sets: Sequence[bytes]) -> bool:
    """True when a decoder could start with these."""
    return {VPS, SPS, PPS} <= {nal_type(nal) for nal in parameter_sets}


def decoder_configuration(parameter_sets: Sequence[bytes]) -> bytes:
    """The content of `hvcC` (ISO/IEC 14496-15 8.3.3). Raises `MediaError`."""
    sps = parse_sps(_first(parameter_sets))
    layers = sps.sub_layers << 3 | sps.is_nested << 2 | 3
    head = struct.pack(
        ">B12sHBBBBHBB",
        1,
        sps.profile,
        0xF000,  # min_spatial_segmentation_idc unknown
        0xFC,  # parallelismType unknown
        0xFC | sps.chroma_format,
        0xF8 | (sps.luma_depth - 8),
        0xF8 | (sps.chroma_depth - 8),
        0,  # average frame rate not stated
        layers,
        3,
    )
    return head + b"".join(_array(kind, parameter_sets) for kind in (VPS, SPS, PPS))


def codecs(parameter_sets: Sequence[bytes]) -> str:
    """As in a MIME type (14496-15 annex E.3), for instance `hvc1.1.6.L93.B0`."""
    profile = parse_sps(_first(parameter_sets)).profile
    space = ("", "A", "B", "C")[profile[0] >> 6]
    compatibility = int(f"{int.from_bytes(profile[1:5], 'big'):032b}"[::-1], 2)
    tier = "H" if profile[0] & 0x20 else "L"
    constraints = "".join(f".{byte:X}" for byte in profile[5:11].rstrip(b"\0"))
    return (
        f"hvc1.{space}{profile[0] & 31}.{compatibility:X}"
        f".{tier}{profile[11]}{constraints}"
    )


def _first(parameter_sets: Sequence[bytes]) -> bytes:
    for nal in parameter_sets:
        if nal_type(nal) == SPS:
            return nal
    raise MediaError("there is no H.265 sequence parameter set")


def _array(kind: int, parameter_sets: Sequence[bytes]) -> bytes:
    nals = [nal for nal in parameter_sets if nal_type(nal) == kind]
    # The sample entry `hvc1` promises that the arrays are complete.
    head = struct.pack(">BH", 0x80 | kind, len(nals))
    return head + b"".join(struct.pack(">H", len(nal)) + nal for nal in nals)


def _skip_sub_layers(bits: BitReader, count: int) -> None:
    present = [(bits.flag(), bits.flag()) for _ in range(count)]
    if count:
        bits.skip(2 * (8 - count))
    for has_profile, has_level in present:
        bits.skip(88 * has_profile + 8 * has_level)


def _picture_size(bits: BitReader, chroma_array: int) -> tuple[int, int]:
    width, height = bits.ue(), bits.ue()
    if bits.flag():
        unit_x = 2 if chroma_array in (1, 2) else 1
        unit_y = 2 if chroma_array == 1 else 1
        width -= (bits.ue() + bits.ue()) * unit_x
        height -= (bits.ue() + bits.ue()) * unit_y
    if not (0 < width <= LARGEST_DIMENSION and 0 < height <= LARGEST_DIMENSION):
        raise MediaError("an H.265 picture has an impossible size")
    return width, height
