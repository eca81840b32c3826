"""From NAL units and their fragments to access units: what H.264 and H.265 share.

Bytes are only put behind their lengths, never changed. A unit in which a fragment is
missing cannot be framed and is dropped; everything else that came is kept.
"""

import struct
from abc import ABC, abstractmethod

from nvr.base.errors import MediaError
from nvr.base.model import VideoTrack
from nvr.media import fragment_runs, rtcp, rtp
from nvr.media.collector import Collector
from nvr.media.parameter_sets import updated
from nvr.media.tally import Tally

LARGEST_UNIT = 8 << 20
FRAME_HEAD_BYTES = 4  # of an interleaved frame
_LENGTH = struct.Struct(">I")
_BYTES = tuple(bytes((value,)) for value in range(256))
_END = 0x40  # in a fragment's header: the NAL unit ends
_LONGEST_SLICE_START = 3
_NO_STAMP = -1
_NO_FRAGMENT = -1


class PictureReceiver(ABC):
    """Reads the RTP packets of a video track and hands pictures to the collector."""

    _header_bytes: int
    """From an interleaved frame's `$` to the end of a fragment's header."""
    _set_kinds: frozenset[int]
    _picture_kinds: frozenset[int]
    _key_kinds: frozenset[int]
    _hint_kinds: frozenset[int] = frozenset()

    def __init__(self, track: VideoTrack, collector: Collector, tally: Tally) -> None:
        self._track = track
        self._collector = collector
        self._tally = tally
        self._sequence = rtp.SequenceCheck()
        self._next = -1  # expected sequence number
        self._stamp = _NO_STAMP
        self._parts: list[bytes | bytearray] = []
        self._size = 0
        self._fragment_at = _NO_FRAGMENT  # where the open NAL unit's head will be
        self._fragment_head = b""
        self._fragment_middle = b""  # fragment header of those that follow
        self._fragment_size = 0
        self._has_picture = False
        self._is_key = False
        self._is_damaged = False
        self._may_run = False
        self._marks = 0  # seen behind slices of this timestamp
        self._usual_marks = 1
        self._has_gap = False  # packets of this timestamp were lost, maybe marked ones
        self._handed_on = _NO_STAMP  # timestamp of the last picture
        self._sets: list[bytes] = []

    def packet(self, buffer: bytearray, start: int, stop: int) -> bool:
        """Read one packet. True when equal-sized fragments may follow it."""
        first, second, sequence, stamp = rtp.HEADER.unpack_from(buffer, start)
        begin = start + rtp.HEADER_BYTES
        if first != rtp.PLAIN or begin >= stop:
            bounds = rtp.payload_bounds(buffer, start, stop)
            if bounds is None:
                self._tally.irregular_frames += 1
                return False
            begin, stop = bounds
        if rtcp.FIRST_KIND <= second <= rtcp.LAST_KIND:
            return False
        if sequence == self._next:
            self._next = (sequence + 1) & 0xFFFF
        elif not self._resume(sequence):
            return False
        if stamp != self._stamp:
            if self._parts or self._is_damaged:
                self._finish()
            self._stamp = stamp
            if self._usual_marks > 1 and not self._has_gap:
                self._usual_marks = max(self._marks, 1)
            self._marks = 0
            self._has_gap = False
        goes_on = self._payload(buffer, begin, stop)
        if second & rtp.MARKER:
            self._mark()
            return False
        return goes_on and first == rtp.PLAIN and self._may_run

    def run(self, buffer: bytearray, at: int, end: int, stride: int) -> int:
        """Read the equal-sized fragments after a packet for which `packet` was true,
        and the shorter one behind them if it ends the picture. Returns where they
        end, which is `at` when there are none."""
        while self._size <= LARGEST_UNIT:
            payloads = fragment_runs.take(
                buffer,
                at,
                end,
                stride=stride,
                header_bytes=self._header_bytes,
                middle=self._fragment_middle,
            )
            if not payloads:
                # Not again before the next NAL unit: a camera that loses every
                # other packet must not cost more than one that does not.
                self._may_run = end - at < 2 * stride
                break
            count = len(payloads)
            self._parts += payloads
            self._fragment_size += count * (stride - self._header_bytes)
            self._size += count * (stride - self._header_bytes)
            self._next = (self._next + count) & 0xFFFF
            at += count * stride
            if count < fragment_runs.LONGEST_RUN - 1:
                return self._last(buffer, at, end, at - stride)
        return at

    def _last(self, buffer: bytearray, at: int, end: int, before: int) -> int:
        """Read the fragment at `at` if it goes on as the one at `before`, and ends the
        NAL unit and the picture; nearly every picture ends so."""
        head = self._header_bytes
        if at + head > end:
            return at
        stop = at + FRAME_HEAD_BYTES + (buffer[at + 2] << 8 | buffer[at + 3])
        kind = self._fragment_middle[0]
        if (
            stop > end
            or stop <= at + head
            or buffer[at + head - 1] != kind | _END
            or buffer[at + 5] != buffer[before + 5] | rtp.MARKER
            or buffer[at + 6] << 8 | buffer[at + 7] != self._next
            or buffer[at] != buffer[before]
            or buffer[at + 1] != buffer[before + 1]
            or buffer[at + 4] != rtp.PLAIN
            or buffer[at + 8 : at + head - 1] != buffer[before + 8 : before + head - 1]
        ):
            return at
        self._next = (self._next + 1) & 0xFFFF
        self._parts.append(buffer[at + head : stop])
        self._fragment_size += stop - at - head
        self._size += stop - at - head
        if self._size > LARGEST_UNIT:
            self._damage()
        else:
            self._close_fragment(kind)
        self._mark()
        return stop

    @abstractmethod
    def _payload(self, buffer: bytearray, begin: int, stop: int) -> bool:
        """Take one packet's payload. True when a NAL unit stays open."""

    @abstractmethod
    def _kind(self, nal: bytes | bytearray) -> int: ...

    @abstractmethod
    def _is_first_slice(self, nal: bytes | bytearray) -> bool:
        """Whether this NAL unit of `_picture_kinds` is where a picture begins."""

    def _is_start(self, nal: bytes | bytearray) -> bool:
        """True when this NAL unit of `_hint_kinds` says that decoding can start
        at its picture."""
        return False

    def _nal(self, kind: int, nal: bytes | bytearray) -> None:
        """Take a whole NAL unit."""
        if self._fragment_at >= 0:
            self._damage()
        if kind in self._set_kinds:
            self._sets.append(bytes(nal))
        self._parts += (_LENGTH.pack(len(nal)), nal)
        self._size += len(nal) + _LENGTH.size
        if kind in self._picture_kinds:
            self._has_picture = True
        if kind in self._key_kinds or (
            kind in self._hint_kinds and self._is_start(nal)
        ):
            self._is_key = True
        if self._size > LARGEST_UNIT:
            self._damage()

    def _aggregate(self, buffer: bytearray, at: int, stop: int) -> None:
        """Take NAL units that are each behind their length in two bytes."""
        while stop - at > 2:
            size = buffer[at] << 8 | buffer[at + 1]
            at += 2
            if size > stop - at:
                self._damage()
                return
            if size:
                nal = buffer[at : at + size]
                self._nal(self._kind(nal), nal)
            at += size

    def _fragment(self, flags: int, kind: int, head: bytes, content: bytearray) -> bool:
        """Take a fragment; `flags` is the byte that says whether it is the first or
        the last, `head` the header of the whole NAL unit. True: more must follow."""
        if flags & 0x80:
            if self._fragment_at >= 0:
                self._damage()
            self._fragment_at = len(self._parts)
            self._fragment_head = head
            self._fragment_middle = _BYTES[kind]
            self._fragment_size = len(head)
            self._may_run = True
            self._parts.append(b"")
        elif self._fragment_at < 0:
            self._is_damaged = True
            return False
        self._parts.append(content)
        self._fragment_size += len(content)
        self._size += len(content)
        if self._size > LARGEST_UNIT:
            self._damage()
            return False
        if flags & 0x40:
            self._close_fragment(kind)
            return False
        return True

    def _close_fragment(self, kind: int) -> None:
        at = self._fragment_at
        self._parts[at] = _LENGTH.pack(self._fragment_size) + self._fragment_head
        self._size += _LENGTH.size + len(self._fragment_head)
        self._fragment_at = _NO_FRAGMENT
        if kind in self._picture_kinds:
            self._has_picture = True
            if kind in self._key_kinds:
                self._is_key = True
        elif kind in self._set_kinds:
            self._sets.append(b"".join((self._fragment_head, *self._parts[at + 1 :])))

    def _damage(self) -> None:
        """The unit cannot be framed: forget it up to here, and drop the rest too."""
        self._is_damaged = True
        self._fragment_at = _NO_FRAGMENT
        self._parts = []
        self._size = 0

    def _resume(self, sequence: int) -> bool:
        """Go on after an unexpected sequence number, if the packet is of use."""
        missing = self._sequence.missing(self._next, sequence)
        if missing < 0:
            return False
        is_first = self._next < 0
        self._next = (sequence + 1) & 0xFFFF
        if not is_first:
            self._tally.lost_packets += missing
            self._has_gap = missing > 0
            if self._fragment_at >= 0:
                self._damage()
        return True

    def _mark(self) -> None:
        """A marker came. Cameras exist that set it behind every slice: once that was
        seen, a picture ends with as many as the one before it had."""
        if self._has_picture:
            self._marks += 1
            if self._marks < self._usual_marks and not self._is_damaged:
                return
        self._finish()

    def _finish(self) -> None:
        """The unit ends here. One without a picture is kept for the next: cameras
        exist that set the marker after each parameter set."""
        if self._fragment_at >= 0:
            self._damage()
        if self._is_damaged:
            self._collector.picture_damaged()
        elif not self._has_picture:
            return
        parts, is_whole, is_key = self._parts, not self._is_damaged, self._is_key
        self._parts = []
        self._size = 0
        self._has_picture = self._is_key = self._is_damaged = False
        if self._sets:
            self._describe()
        if is_whole:
            payload = b"".join(parts)
            if self._stamp == self._handed_on and self._goes_on(payload):
                self._usual_marks = max(self._marks, 2)
                if self._collector.extend(payload, is_key):
                    return
            self._handed_on = self._stamp
            self._collector.picture(self._stamp, payload, is_key)

    def _goes_on(self, payload: bytes) -> bool:
        """Whether this is more of the picture before it: its first slice is none."""
        at, end = 0, len(payload)
        while at + _LENGTH.size < end:
            (size,) = _LENGTH.unpack_from(payload, at)
            at += _LENGTH.size
            nal = payload[at : at + min(size, _LONGEST_SLICE_START)]
            if self._kind(nal) in self._picture_kinds:
                return not self._is_first_slice(nal)
            at += size
        return False

    def _describe(self) -> None:
        received, self._sets = self._sets, []
        try:
            track = updated(self._track, received)
        except MediaError:
            self._tally.irregular_frames += 1
            return
        if track is not None:
            self._track = track
            self._collector.describe_video(track)
