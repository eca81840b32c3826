"""H.265 over RTP (RFC 7798): single NAL units, aggregation packets and fragments."""

from nvr.media import h265
from nvr.media.pictures import PictureReceiver

_AP = 48
_FU = 49


class H265Receiver(PictureReceiver):
    """Without decoding order numbers, which SDP parsing refuses. PACI packets, which
    no camera is known to send, are counted as irregular."""

    _header_bytes = 4 + 12 + 3
    _set_kinds = frozenset((h265.VPS, h265.SPS, h265.PPS))
    _picture_kinds = frozenset(filter(h265.is_picture, range(64)))
    _key_kinds = frozenset(filter(h265.is_key, range(64)))

    def _payload(self, buffer: bytearray, begin: int, stop: int) -> bool:
        if stop - begin < 3:
            return False
        first = buffer[begin]
        kind = first >> 1 & 0x3F
        if kind == _FU:
            flags = buffer[begin + 2]
            kind = flags & 0x3F
            head = bytes((first & 0x81 | kind << 1, buffer[begin + 1]))
            return self._fragment(flags, kind, head, buffer[begin + 3 : stop])
        if kind < _AP:
            self._nal(kind, buffer[begin:stop])
        elif kind == _AP:
            self._aggregate(buffer, begin + 2, stop)
        else:
            self._tally.irregular_frames += 1
        return False

    def _kind(self, nal: bytes | bytearray) -> int:
        return nal[0] >> 1 & 0x3F

    def _is_first_slice(self, nal: bytes | bytearray) -> bool:
        # first_slice_segment_in_pic_flag
        return len(nal) > 2 and nal[2] & 0x80 != 0
