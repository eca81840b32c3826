"""Audio over RTP: AAC (RFC 3640) and G.711 (RFC 3551)."""

from abc import ABC, abstractmethod

from nvr.base.errors import MediaError
from nvr.base.model import AudioTrack
from nvr.media import aac, rtcp, rtp
from nvr.media.collector import Collector
from nvr.media.nal import BitReader
from nvr.media.sdp import MediaDescription
from nvr.media.tally import Tally

_COMFORT_NOISE = 13
LARGEST_AAC_FRAME = 64 << 10
MOST_FRAMES = 64
"""In one packet; more cannot be meant."""


class SoundReceiver(ABC):
    """Reads the RTP packets of an audio track and hands frames to the collector."""

    def __init__(self, collector: Collector, tally: Tally) -> None:
        self._collector = collector
        self._tally = tally
        self._sequence = rtp.SequenceCheck()
        self._next = -1

    def packet(self, buffer: bytearray, start: int, stop: int) -> bool:
        """Read one packet. Always False: audio comes in no runs."""
        bounds = rtp.payload_bounds(buffer, start, stop)
        if bounds is None:
            self._tally.irregular_frames += 1
            return False
        _, second, sequence, stamp = rtp.HEADER.unpack_from(buffer, start)
        if second & 0x7F == _COMFORT_NOISE:
            return False
        if rtcp.FIRST_KIND <= second <= rtcp.LAST_KIND:
            return False
        if sequence != self._next:
            missing = self._sequence.missing(self._next, sequence)
            if missing < 0:
                return False
            self._tally.lost_packets += missing
            self._lose()
        self._next = (sequence + 1) & 0xFFFF
        self._payload(stamp, bytes(buffer[slice(*bounds)]), bool(second & rtp.MARKER))
        return False

    def run(self, buffer: bytearray, at: int, end: int, stride: int) -> int:
        return at

    @abstractmethod
    def _payload(self, stamp: int, payload: bytes, is_marked: bool) -> None: ...

    def _lose(self) -> None:
        """Packets are missing here."""
        return


class G711Receiver(SoundReceiver):
    """PCMA and PCMU: the payload is the samples."""

    def _payload(self, stamp: int, payload: bytes, is_marked: bool) -> None:
        if payload:
            self._collector.sound(stamp, payload)


class AacReceiver(SoundReceiver):
    """AAC-hbr and -lbr: several frames in a packet, or one frame over several."""

    def __init__(
        self,
        track: AudioTrack,
        media: MediaDescription,
        collector: Collector,
        tally: Tally,
    ) -> None:
        super().__init__(collector, tally)
        config = aac.parse_config(track.config)
        # Stamps count the rate of the output, which SBR doubles.
        self._duration = config.frame_samples * track.clock_rate // config.sample_rate
        self._size_bits = max(_bits(media, "sizelength", 13), 1)
        self._index_bits = _bits(media, "indexlength", 3)
        self._delta_bits = _bits(media, "indexdeltalength", 3)
        self._begun = b""
        self._whole_size = 0
        self._stamp = 0

    def _payload(self, stamp: int, payload: bytes, is_marked: bool) -> None:
        try:
            sizes, at = self._frame_sizes(payload)
        except MediaError:
            self._tally.irregular_frames += 1
            return
        if len(sizes) == 1 and sizes[0] > len(payload) - at:
            self._fragment(stamp, sizes[0], payload[at:])
            return
        self._lose()
        for index, size in enumerate(sizes):
            if size > len(payload) - at:
                self._tally.damaged_units += 1
                return
            frame = payload[at : at + size]
            at += size
            if frame:
                self._collector.sound(
                    (stamp + index * self._duration) & 0xFFFFFFFF, frame
                )

    def _frame_sizes(self, payload: bytes) -> tuple[list[int], int]:
        """The sizes by the AU headers, and where the frames begin (3.2.1)."""
        length_bits = int.from_bytes(payload[:2], "big")
        begin = 2 + (length_bits + 7) // 8
        if begin > len(payload):
            raise MediaError("the headers of an AAC packet are longer than it")
        bits = BitReader(payload[2:begin])
        sizes: list[int] = []
        header_bits = self._size_bits + self._index_bits
        while length_bits >= header_bits and len(sizes) <= MOST_FRAMES:
            sizes.append(bits.bits(self._size_bits))
            bits.skip(header_bits - self._size_bits)
            length_bits -= header_bits
            header_bits = self._size_bits + self._delta_bits
        if not 1 <= len(sizes) <= MOST_FRAMES:
            raise MediaError("an AAC packet has an impossible number of frames")
        return sizes, begin

    def _fragment(self, stamp: int, whole_size: int, content: bytes) -> None:
        """A part of a frame; each part states the size of the whole (3.2.3.2)."""
        is_next = self._begun and (self._stamp, self._whole_size) == (stamp, whole_size)
        if whole_size > LARGEST_AAC_FRAME or not content:
            self._lose()
            return
        if not is_next:
            self._lose()
        self._stamp, self._whole_size = stamp, whole_size
        self._begun += content
        if len(self._begun) >= whole_size:
            frame, self._begun = self._begun, b""
            if len(frame) == whole_size:
                self._collector.sound(stamp, frame)
            else:
                self._tally.damaged_units += 1

    def _lose(self) -> None:
        if self._begun:
            self._tally.damaged_units += 1
            self._begun = b""


def _bits(media: MediaDescription, name: str, default: int) -> int:
    value = media.fmtp.get(name, "")
    return min(int(value), 32) if value.isascii() and value.isdigit() else default
