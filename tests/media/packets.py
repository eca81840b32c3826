"""RTP packets and pictures as cameras send them, for the tests of the wire side."""

import base64
import struct
from collections.abc import Iterator
from random import Random

from nvr.base.model import AccessUnit, Codec, StreamFormat, VideoTrack
from nvr.media.collector import Collector
from nvr.media.depacketise_h264 import H264Receiver
from nvr.media.depacketise_h265 import H265Receiver
from nvr.media.interleaved import Scanner
from nvr.media.pictures import PictureReceiver
from nvr.media.tally import Tally

# 1920x1080, High profile, level 4; made with x264.
SPS = base64.b64decode("Z2QAKKzZQHgCJ+XARAAAAwAEAAADAMg8YMZY")
PPS = base64.b64decode("aOvjyyLA")
# 240x160, Baseline.
SPS_SMALL = base64.b64decode("Z0LAHtkDxWhAAAADAEAAAAwDxYuS")
# 1280x720; made with x265.
VPS_265 = base64.b64decode("QAEMAf//AWAAAAMAkAAAAwAAAwBdlZgJ")
SPS_265 = base64.b64decode(
    "QgEBAWAAAAMAkAAAAwAAAwBdoAKAgC0WWVmkkyvAWgIAAAMAAgAAAwAyEA=="
)
PPS_265 = base64.b64decode("RAHBcrRiQA==")


def rtp(
    payload: bytes,
    *,
    sequence: int,
    stamp: int,
    marker: bool = False,
    payload_type: int = 96,
    padding: int = 0,
    sources: int = 0,
    extension: bytes | None = None,
) -> bytes:
    """One RTP packet."""
    flags = 0x80 | (padding > 0) << 5 | (extension is not None) << 4 | sources
    head = struct.pack(
        ">BBHII",
        flags,
        marker << 7 | payload_type,
        sequence & 0xFFFF,
        stamp & 0xFFFFFFFF,
        0x1234ABCD,
    )
    head += b"\1\2\3\4" * sources
    if extension is not None:
        head += struct.pack(">HH", 0xABAC, len(extension) // 4) + extension
    tail = b"\0" * (padding - 1) + bytes((padding,)) if padding else b""
    return head + payload + tail


def framed(packet: bytes, channel: int = 0) -> bytes:
    """A packet as it is interleaved."""
    return b"$" + struct.pack(">BH", channel, len(packet)) + packet


def payloads_h264(nal: bytes, size: int) -> list[bytes]:
    """A NAL unit as single packet or FU-A fragments of at most `size` bytes."""
    if len(nal) <= size:
        return [nal]
    indicator, kind = nal[0] & 0xE0 | 28, nal[0] & 31
    pieces = [nal[i : i + size - 2] for i in range(1, len(nal), size - 2)]
    last = len(pieces) - 1
    return [
        bytes((indicator, (i == 0) << 7 | (i == last) << 6 | kind)) + piece
        for i, piece in enumerate(pieces)
    ]


def payloads_h265(nal: bytes, size: int) -> list[bytes]:
    """The same for H.265."""
    if len(nal) <= size:
        return [nal]
    first, second, kind = nal[0] & 0x81 | 49 << 1, nal[1], nal[0] >> 1 & 63
    pieces = [nal[i : i + size - 3] for i in range(2, len(nal), size - 3)]
    last = len(pieces) - 1
    return [
        bytes((first, second, (i == 0) << 7 | (i == last) << 6 | kind)) + piece
        for i, piece in enumerate(pieces)
    ]


def aggregate(nals: list[bytes], head: bytes = b"\x18") -> bytes:
    """STAP-A, or with another head the AP of H.265."""
    return head + b"".join(struct.pack(">H", len(nal)) + nal for nal in nals)


def access_unit(nals: list[bytes]) -> bytes:
    """NAL units as they are handed on."""
    return b"".join(struct.pack(">I", len(nal)) + nal for nal in nals)


def picture_h264(random: Random, size: int, *, is_key: bool) -> bytes:
    return (b"\x65" if is_key else b"\x41") + random.randbytes(size)


def picture_h265(random: Random, size: int, *, is_key: bool) -> bytes:
    return (b"\x26\x01" if is_key else b"\x02\x01") + random.randbytes(size)


class SlowH264(H264Receiver):
    """Without the recognition of runs."""

    def run(self, buffer: bytearray, at: int, end: int, stride: int) -> int:
        return at


class SlowH265(H265Receiver):
    """Without the recognition of runs."""

    def run(self, buffer: bytearray, at: int, end: int, stride: int) -> int:
        return at


class Reader:
    """Reads a video track from pieces of a byte stream, as a session does."""

    def __init__(
        self,
        receiver: type[PictureReceiver] = H264Receiver,
        track: VideoTrack | None = None,
    ) -> None:
        self.tally = Tally()
        self.track = track or VideoTrack(Codec.H264, 90000, (SPS, PPS), 1920, 1080)
        self.collector = Collector(StreamFormat(self.track), self.tally)
        self.receiver = receiver(self.track, self.collector, self.tally)
        self.texts: list[object] = []
        self.scanner = Scanner(
            {0: self.receiver}, on_text=self.texts.append, tally=self.tally
        )
        self._kept = b""

    def read(self, *pieces: bytes) -> list[bytes]:
        """The payloads of the units in the pieces."""
        return [unit.payload for _, units in self.read_runs(*pieces) for unit in units]

    def read_runs(self, *pieces: bytes) -> list[tuple[StreamFormat, list[AccessUnit]]]:
        runs: list[tuple[StreamFormat, list[AccessUnit]]] = []
        for piece in pieces:
            # Exactly as long as what is in it, so that reading beyond it fails.
            buffer = bytearray(self._kept + piece)
            at = self.scanner.scan(buffer, 0, len(buffer))
            self._kept = bytes(buffer[at:])
            runs += self.collector.take()
        return runs


def in_pieces(random: Random, content: bytes, count: int) -> Iterator[bytes]:
    """The content cut at random places."""
    cuts = sorted(random.randrange(len(content) + 1) for _ in range(count - 1))
    for begin, end in zip([0, *cuts], [*cuts, len(content)], strict=True):
        yield content[begin:end]
