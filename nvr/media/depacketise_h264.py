"""H.264 over RTP (RFC 6184): single NAL units, STAP-A and FU-A."""

from nvr.media import h264
from nvr.media.pictures import PictureReceiver

_STAP_A = 24
_FU_A = 28
_HEADS = tuple(bytes((value,)) for value in range(256))


class H264Receiver(PictureReceiver):
    """Packetisation modes 0 and 1. Other packet types mean a mode that SDP parsing
    refuses; they are counted as irregular."""

    _header_bytes = 4 + 12 + 2
    _set_kinds = frozenset((h264.SPS, h264.PPS))
    _picture_kinds = frozenset(filter(h264.is_picture, range(32)))
    _key_kinds = frozenset(filter(h264.is_key, range(32)))
    _hint_kinds = frozenset((h264.SEI,))

    def _payload(self, buffer: bytearray, begin: int, stop: int) -> bool:
        if begin == stop:
            return False
        indicator = buffer[begin]
        kind = indicator & 0x1F
        if kind == _FU_A and stop - begin >= 2:
            flags = buffer[begin + 1]
            kind = flags & 0x1F
            head = _HEADS[indicator & 0xE0 | kind]
            return self._fragment(flags, kind, head, buffer[begin + 2 : stop])
        if 0 < kind < _STAP_A:
            self._nal(kind, buffer[begin:stop])
        elif kind == _STAP_A:
            self._aggregate(buffer, begin + 1, stop)
        else:
            self._tally.irregular_frames += 1
        return False

    def _kind(self, nal: bytes | bytearray) -> int:
        return nal[0] & 0x1F

    def _is_first_slice(self, nal: bytes | bytearray) -> bool:
        # first_mb_in_slice, as Exp-Golomb, is 0
        return len(nal) > 1 and nal[1] & 0x80 != 0

    def _is_start(self, nal: bytes | bytearray) -> bool:
        return h264.is_recovery_point(nal)
