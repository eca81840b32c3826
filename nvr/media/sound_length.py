"""How long a unit of sound is, told from its own bytes."""

from nvr.base.model import AudioTrack, Codec

_AAC_SAMPLES = 1024
# RFC 6716 section 3.1, table 2, in samples at 48 kHz.
_SILK = (480, 960, 1920, 2880)
_HYBRID = (480, 960)
_CELT = (120, 240, 480, 960)


def samples_in(track: AudioTrack, payload: bytes) -> int:
    """Samples of one channel, at least 1. For AAC the usual number."""
    match track.codec:
        case Codec.AAC:
            return _AAC_SAMPLES
        case Codec.OPUS:
            return _opus(payload)
        case Codec.L16:
            return max(len(payload) // (2 * track.channels), 1)
    return max(len(payload) // track.channels, 1)


def _opus(payload: bytes) -> int:
    """By the byte that begins a packet, and the next one where that has the count."""
    if not payload:
        return 1
    kind, code = payload[0] >> 3, payload[0] & 3
    if kind < 12:
        samples = _SILK[kind & 3]
    elif kind < 16:
        samples = _HYBRID[kind & 1]
    else:
        samples = _CELT[kind & 3]
    count = (1, 2, 2, payload[1] & 0x3F if len(payload) > 1 else 1)[code]
    return max(samples * count, 1)
