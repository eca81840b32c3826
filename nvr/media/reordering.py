"""Puts the packets of one RTP stream that came as datagrams back in order.

A packet that came too early waits for those before it, for a bounded time and in a
bounded number; then they are given up, and whoever reads the packets sees and counts
the gap. Packets that come after they were given up are dropped.
"""

from nvr.media import rtp

WAIT_US = 100_000
"""For a missing packet, from when the one behind it was read."""
MOST_HELD = 256
MOST_HELD_BYTES = 1 << 20
MOST_LATE = 1024
"""Packets behind: late or doubled. Further behind, the camera counts anew."""
MOST_AHEAD = 3000
"""Packets ahead: some are missing. Further ahead, the camera counts anew."""
MOST_FOREIGN = 50
"""Packets of another source in a row, until it is taken for the camera's new one."""


class Reordering:
    """Frames go in and out as interleaved ones: `$`, channel, length, packet.

    The next packet in order stays where it is in the caller's buffer; only those that
    came early are copied. `expected` and `received` are for receiver reports.
    """

    def __init__(self) -> None:
        self.source = b""  # SSRC
        self.first = 0
        self.highest = -1  # sequence number, counted on beyond 16 bits
        self.received = 0
        self._next = -1
        self._foreign = 0
        self._held: dict[int, tuple[int, bytes]] = {}
        self._held_bytes = 0

    @property
    def expected(self) -> int:
        """Packets that the camera sent, by their numbers."""
        return self.highest - self.first + 1 if self.highest >= 0 else 0

    def take(self, buffer: bytearray, at: int, stop: int, mono_us: int) -> int:
        """Take the frame in [at, stop), which ends what is in order before it. Returns
        where what is in order ends now; it may be beyond `stop`."""
        sequence = buffer[at + 6] << 8 | buffer[at + 7]
        if buffer[at + 12 : at + 16] != self.source and self._is_foreign(
            buffer, at, stop
        ):
            return at
        self.received += 1
        if sequence == self._next and not self._held:
            self._next = (sequence + 1) & 0xFFFF
            self._note(sequence)
            return stop
        return self._unusual(buffer, at, stop, sequence, mono_us)

    def give_up(self, buffer: bytearray, at: int, mono_us: int) -> int:
        """Go on behind packets that were waited for long enough."""
        while self._held:
            following = self._nearest()
            if mono_us - self._held[following][0] < WAIT_US:
                break
            self._next = following
            at = self._release(buffer, at)
        return at

    def _unusual(
        self, buffer: bytearray, at: int, stop: int, sequence: int, mono_us: int
    ) -> int:
        ahead = (sequence - self._next) & 0xFFFF
        if self._next < 0:
            self.first, self.highest = sequence, sequence
        elif 0x10000 - ahead <= MOST_LATE:
            return at
        elif ahead > MOST_AHEAD:
            frame = bytes(buffer[at:stop])
            at = self._release_all(buffer, at)
            buffer[at : at + len(frame)] = frame
            stop = at + len(frame)
            self.first = self.highest = sequence
            self.received = 1
        elif ahead:
            self._hold(sequence, bytes(buffer[at:stop]), mono_us)
            if len(self._held) <= MOST_HELD and self._held_bytes <= MOST_HELD_BYTES:
                return at
            self._next = self._nearest()
            return self._release(buffer, at)
        self._next = (sequence + 1) & 0xFFFF
        self._note(sequence)
        return self._release(buffer, stop)

    def _is_foreign(self, buffer: bytearray, at: int, stop: int) -> bool:
        """Whether this packet is of somebody else than the camera's source so far."""
        if stop - at < 4 + rtp.HEADER_BYTES or buffer[at + 4] >> 6 != 2:
            return True
        if self.source:
            self._foreign += 1
            if self._foreign < MOST_FOREIGN:
                return True
        self.source = bytes(buffer[at + 12 : at + 16])
        self._foreign = 0
        self._next, self._held, self._held_bytes = -1, {}, 0
        self.received = 0
        return False

    def _note(self, sequence: int) -> None:
        self._foreign = 0
        ahead = (sequence - self.highest) & 0xFFFF
        if ahead < 0x8000:
            self.highest += ahead

    def _hold(self, sequence: int, frame: bytes, mono_us: int) -> None:
        if sequence in self._held:
            return
        self._held[sequence] = mono_us, frame
        self._held_bytes += len(frame)
        self._note(sequence)

    def _nearest(self) -> int:
        return min(self._held, key=lambda sequence: (sequence - self._next) & 0xFFFF)

    def _release(self, buffer: bytearray, at: int) -> int:
        """Append the held frames that follow without a gap."""
        while held := self._held.pop(self._next, None):
            frame = held[1]
            buffer[at : at + len(frame)] = frame
            at += len(frame)
            self._held_bytes -= len(frame)
            self._next = (self._next + 1) & 0xFFFF
        return at

    def _release_all(self, buffer: bytearray, at: int) -> int:
        while self._held:
            self._next = self._nearest()
            at = self._release(buffer, at)
        return at
