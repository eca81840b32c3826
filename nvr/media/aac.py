"""AAC: the AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1)."""

from dataclasses import dataclass

from nvr.base.errors import MediaError
from nvr.media.nal import BitReader

SAMPLE_RATES = (
    *(96000, 88200, 64000, 48000, 44100, 32000),
    *(24000, 22050, 16000, 12000, 11025, 8000, 7350),
)
LARGEST_CONFIG = 64
_ESCAPE_RATE = 15
_SPECTRAL_BAND = 5
_PARAMETRIC_STEREO = 29
_WITH_FRAME_FLAG = frozenset((1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23))


@dataclass(frozen=True, slots=True)
class AacConfig:
    """`channels` is 0 when the stream itself describes them. `frame_samples` counts
    at `sample_rate`, the rate of the core coder."""

    sample_rate: int
    channels: int
    object_type: int
    frame_samples: int


def parse_config(config: bytes) -> AacConfig:
    """Read a config. Raises `MediaError`."""
    if not 2 <= len(config) <= LARGEST_CONFIG:
        raise MediaError("an AAC configuration has an impossible length")
    bits = BitReader(config)
    kind = _object_type(bits)
    rate = _sample_rate(bits)
    channels = bits.bits(4)
    core = kind
    if kind in (_SPECTRAL_BAND, _PARAMETRIC_STEREO):
        _sample_rate(bits)
        core = _object_type(bits)
    is_short = core in _WITH_FRAME_FLAG and bits.flag()
    return AacConfig(rate, 8 if channels == 7 else channels, kind, 1024 - 64 * is_short)


def make_config(sample_rate: int, channels: int) -> bytes:
    """A config for AAC-LC, for cameras whose SDP gives none. Raises `MediaError`."""
    if sample_rate not in SAMPLE_RATES or not 1 <= channels <= 6:
        raise MediaError(f"AAC of {sample_rate} Hz, {channels} channels, is unknown")
    value = 2 << 11 | SAMPLE_RATES.index(sample_rate) << 7 | channels << 3
    return value.to_bytes(2, "big")


def codecs(config: bytes) -> str:
    """As in a MIME type (RFC 6381 3.3), for instance `mp4a.40.2`."""
    return f"mp4a.40.{parse_config(config).object_type}"


def _object_type(bits: BitReader) -> int:
    kind = bits.bits(5)
    return 32 + bits.bits(6) if kind == 31 else kind


def _sample_rate(bits: BitReader) -> int:
    index = bits.bits(4)
    if index == _ESCAPE_RATE:
        return bits.bits(24)
    if index >= len(SAMPLE_RATES):
        raise MediaError("an AAC configuration has an unknown sample rate")
    return SAMPLE_RATES[index]
