"""Loops cut into RTP packets once; only four header fields change when they are sent.

A `Mould` holds all packets of one frame as they go over an interleaved connection
(`$`, channel, length, RTP header, payload). Sending a frame is a copy of the mould and
one `pack_into` for each packet, so the cost does not depend on how large a frame is.

RFC 3550 (RTP), 6184 (H.264), 7798 (H.265), 3640 (AAC), 3551 (G.711), 2326
(interleaved).
"""

from collections.abc import Collection, Iterable, Sequence
from struct import Struct
from typing import NamedTuple

from nvr.base.model import Codec
from nvr.codec.loop import AudioLoop, VideoLoop

PAYLOAD_BYTES = 1400
VIDEO_TYPE = 96
AUDIO_TYPES = {Codec.AAC: 97, Codec.PCMA: 8, Codec.PCMU: 0}

_FRAMING = Struct(">cBHBBHII")
_STAMP = Struct(">HII")
_FRAMING_BYTES = 4
_HEADER_BYTES = 12


class Mould(NamedTuple):
    """All packets of one frame, with empty sequence number, timestamp and ssrc."""

    packets: bytes
    offsets: tuple[int, ...]  # of each packet's `$`
    payload_bytes: int


def cast(mould: Mould, sequence: int, timestamp: int, ssrc: int) -> bytearray:
    """The frame's packets with their stamps, on channel 0."""
    packets = bytearray(mould.packets)
    stamp = _STAMP.pack_into
    for offset in mould.offsets:
        stamp(packets, offset + 6, sequence & 0xFFFF, timestamp, ssrc)
        sequence += 1
    return packets


def video_moulds(loop: VideoLoop, *, in_band: bool) -> list[Mould]:
    """One mould for each picture; with `in_band`, key pictures begin with the sets."""
    cut = _cut_h264 if loop.codec is Codec.H264 else _cut_h265
    gather = _gather_h264 if loop.codec is Codec.H264 else _gather_h265
    moulds = []
    for picture in loop.pictures:
        payloads: list[bytes] = []
        if in_band and picture.is_key:
            payloads.append(gather(loop.parameter_sets))
        for nal in picture.nals:
            payloads += [nal] if len(nal) <= PAYLOAD_BYTES else cut(nal)
        moulds.append(_mould(payloads, VIDEO_TYPE))
    return moulds


def audio_moulds(loop: AudioLoop) -> list[Mould]:
    """One mould of one packet for each audio frame."""
    kind = AUDIO_TYPES[loop.codec]
    if loop.codec is not Codec.AAC:
        return [_mould([frame], kind, has_marker=False) for frame in loop.frames]
    # mode=AAC-hbr: one AU header of 16 bits (13 size, 3 index), its length before it.
    return [
        _mould([b"\x00\x10" + (len(frame) << 3).to_bytes(2, "big") + frame], kind)
        for frame in loop.frames
    ]


def _mould(payloads: Sequence[bytes], kind: int, has_marker: bool = True) -> Mould:
    pieces: list[bytes] = []
    offsets = []
    position = 0
    for number, payload in enumerate(payloads):
        is_last = number == len(payloads) - 1
        marked = kind | (0x80 if is_last and has_marker else 0)
        size = _HEADER_BYTES + len(payload)
        pieces += (_FRAMING.pack(b"$", 0, size, 0x80, marked, 0, 0, 0), payload)
        offsets.append(position)
        position += _FRAMING_BYTES + size
    payload_bytes = sum(map(len, payloads))
    return Mould(b"".join(pieces), tuple(offsets), payload_bytes)


def _cut_h264(nal: bytes) -> list[bytes]:
    indicator = nal[0] & 0xE0 | 28
    return [
        bytes((indicator, edges | nal[0] & 0x1F)) + piece
        for edges, piece in _pieces(nal[1:], PAYLOAD_BYTES - 2)
    ]


def _cut_h265(nal: bytes) -> list[bytes]:
    header = bytes((nal[0] & 0x81 | 49 << 1, nal[1]))
    return [
        header + bytes((edges | nal[0] >> 1 & 0x3F,)) + piece
        for edges, piece in _pieces(nal[2:], PAYLOAD_BYTES - 3)
    ]


def _pieces(body: bytes, size: int) -> Iterable[tuple[int, bytes]]:
    """Parts of a NAL unit, each with its start (0x80) and end (0x40) bits."""
    for start in range(0, len(body), size):
        is_last = start + size >= len(body)
        edges = (0 if start else 0x80) | (0x40 if is_last else 0)
        yield edges, body[start : start + size]


def _gather_h264(nals: Sequence[bytes]) -> bytes:
    indicator = max(nal[0] & 0x60 for nal in nals) | 24
    return bytes((indicator,)) + _sized(nals)


def _gather_h265(nals: Sequence[bytes]) -> bytes:
    return bytes((48 << 1, 1)) + _sized(nals)


def _sized(nals: Sequence[bytes]) -> bytes:
    return b"".join(len(nal).to_bytes(2, "big") + nal for nal in nals)


class Frame:
    """One frame on its way out: its packets, in the form each receiver wants."""

    __slots__ = ("_framed", "index", "is_key", "offsets", "payload_bytes", "timestamp")

    def __init__(
        self,
        *,
        index: int,
        timestamp: int,
        is_key: bool,
        packets: bytearray,
        offsets: Sequence[int],
        payload_bytes: int,
    ) -> None:
        self.index = index  # in the loop
        self.timestamp = timestamp  # as in the packets: 32 bits
        self.is_key = is_key
        self.offsets = offsets
        self.payload_bytes = payload_bytes
        self._framed = {0: packets}

    def interleaved(self, channel: int) -> bytearray:
        """For a TCP connection; made once for all receivers on the same channel."""
        framed = self._framed.get(channel)
        if framed is None:
            framed = bytearray(self._framed[0])
            for offset in self.offsets:
                framed[offset + 1] = channel
            self._framed[channel] = framed
        return framed

    def datagrams(self) -> list[memoryview]:
        """For UDP: each packet without its interleaved framing."""
        view = memoryview(self._framed[0])
        # A frame of which every packet was lost has no end either.
        ends = (*self.offsets, len(view))[1:]
        return [
            view[start + _FRAMING_BYTES : end]
            for start, end in zip(self.offsets, ends, strict=True)
        ]

    def without(self, lost: Collection[int]) -> "Frame":
        """The same frame after a network that lost the packets of these places."""
        view = memoryview(self._framed[0])
        ends = (*self.offsets, len(view))[1:]
        kept = bytearray()
        offsets = []
        for place, (start, end) in enumerate(zip(self.offsets, ends, strict=True)):
            if place not in lost:
                offsets.append(len(kept))
                kept += view[start:end]
        return Frame(
            index=self.index,
            timestamp=self.timestamp,
            is_key=self.is_key,
            packets=kept,
            offsets=offsets,
            payload_bytes=len(kept) - len(offsets) * (_FRAMING_BYTES + _HEADER_BYTES),
        )
