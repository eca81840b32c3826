"""RTP, RTCP and RTSP text interleaved on one TCP connection (RFC 2326 section 10.12).

`scan` reads what is whole and says how far it came. Bytes that belong to nothing are
skipped up to a bound, counted, and reading goes on at the next frame.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from nvr.base.errors import MediaError
from nvr.media import rtsp_message
from nvr.media.rtsp_message import Head
from nvr.media.tally import Tally

DOLLAR = 0x24
FRAME_HEAD_BYTES = 4
LARGEST_FRAME = FRAME_HEAD_BYTES + 0xFFFF
SMALLEST_PACKET = 8
MOST_LEFTOVER = rtsp_message.LARGEST_HEAD + rtsp_message.LARGEST_BODY
"""`scan` leaves less than this, or one frame, for the next time."""
MOST_GARBAGE = 256 << 10
"""Skipped without this many good packets after it, the stream is given up."""
GOOD_PACKETS = 200
_TEXT_STARTS = (
    *(b"RTSP/", b"OPTIONS ", b"GET_PARAMETER ", b"SET_PARAMETER ", b"ANNOUNCE "),
    *(b"REDIRECT ", b"TEARDOWN ", b"PLAY_NOTIFY "),
)
_LONGEST_START = max(map(len, _TEXT_STARTS))


class Receiver(Protocol):
    """Takes the packets of one channel."""

    def packet(self, buffer: bytearray, start: int, stop: int) -> bool:
        """The packet in [start, stop). True when `run` is worth a call."""
        ...

    def run(self, buffer: bytearray, at: int, end: int, stride: int) -> int:
        """Takes frames of `stride` bytes from `at` on; returns where they end."""
        ...


class Scanner:
    """Divides one connection's bytes over the receivers of its channels."""

    def __init__(
        self,
        receivers: Mapping[int, Receiver],
        *,
        on_text: Callable[[Head], None],
        tally: Tally,
    ) -> None:
        self._receivers = dict(receivers)
        self._on_text = on_text
        self._tally = tally
        self._garbage = 0
        self._good_from = 0

    def scan(self, buffer: bytearray, at: int, end: int) -> int:
        """Read the whole frames in [at, end) and return where the first that is not
        whole begins. Raises `MediaError` when there is too much between frames."""
        receivers = self._receivers
        packets = 0
        last = end - FRAME_HEAD_BYTES
        while at <= last:
            if buffer[at] != DOLLAR:
                beyond = self._between(buffer, at, end)
                if beyond == at:
                    break
                at = beyond
                continue
            stride = FRAME_HEAD_BYTES + (buffer[at + 2] << 8 | buffer[at + 3])
            following = at + stride
            if following > end:
                break
            receiver = receivers.get(buffer[at + 1])
            if receiver is None or stride < FRAME_HEAD_BYTES + SMALLEST_PACKET:
                self._tally.irregular_frames += 1
            elif receiver.packet(buffer, at + FRAME_HEAD_BYTES, following):
                beyond = receiver.run(buffer, following, end, stride)
                packets -= (
                    following - beyond
                ) // stride  # rounded up: the last is short
                following = beyond
            packets += 1
            at = following
        self._tally.packets += packets
        return at

    def _between(self, buffer: bytearray, at: int, end: int) -> int:
        """Read what is not a frame. Returns `at` when more bytes are needed."""
        start = bytes(buffer[at : min(at + _LONGEST_START, end)])
        if start.startswith(_TEXT_STARTS):
            return self._text(buffer, at, end)
        if len(start) < _LONGEST_START and any(
            text.startswith(start) for text in _TEXT_STARTS
        ):
            return at
        return self._skip(buffer, at, end)

    def _text(self, buffer: bytearray, at: int, end: int) -> int:
        try:
            body = rtsp_message.find_end(buffer, at, end)
            if body < 0:
                return at
            head = rtsp_message.parse_head(bytes(buffer[at:body]))
            beyond = body + head.body_bytes
        except MediaError:
            return self._skip(buffer, at, end)
        if beyond > end:
            return at
        self._on_text(head)
        return beyond

    def _skip(self, buffer: bytearray, at: int, end: int) -> int:
        """Pass over garbage to where a frame or a text seems to begin."""
        beyond = at + 1
        while beyond < end and not self._is_start(buffer, beyond, end):
            frame = buffer.find(b"$", beyond + 1, end)
            text = buffer.find(b"RTSP/", beyond + 1, end)
            beyond = min(place for place in (frame, text, end) if place >= 0)
        self._note_garbage(buffer, at, beyond)
        return beyond

    def _is_start(self, buffer: bytearray, at: int, end: int) -> bool:
        if buffer[at] != DOLLAR:
            return buffer.startswith(b"RTSP/", at, end)
        if end - at <= FRAME_HEAD_BYTES:
            return True  # too little to say no
        if buffer[at + 1] not in self._receivers or buffer[at + 4] >> 6 != 2:
            return False
        following = at + FRAME_HEAD_BYTES + (buffer[at + 2] << 8 | buffer[at + 3])
        if following - at < FRAME_HEAD_BYTES + SMALLEST_PACKET:
            return False
        return following >= end or buffer[following] in (DOLLAR, ord("R"))

    def _note_garbage(self, buffer: bytearray, at: int, beyond: int) -> None:
        if not buffer[at:beyond].strip(b"\r\n\0 "):
            return  # line ends between messages are no sign of trouble
        packets = self._tally.packets
        if packets - self._good_from > GOOD_PACKETS:
            self._garbage = 0
        self._good_from = packets
        self._garbage += beyond - at
        self._tally.skipped_bytes += beyond - at
        if self._garbage > MOST_GARBAGE:
            raise MediaError("what the camera sends cannot be understood")
