"""Sends each frame when it is due, and looks after sessions once in a second."""

from functools import partial
from heapq import heappop, heappush, heapreplace

from nvr.base.clock import Clock
from nvr.base.model import SECOND_US
from nvr.simulate.device import Device
from nvr.simulate.feed import Feed
from nvr.simulate.rtsp import SESSION_TIMEOUT_S
from nvr.simulate.session import DatagramReceiver, Session

_SHORTEST_PAUSE_US = 4_000
"""Waking less often than each 4 ms would show as jitter, more often costs."""
_LONGEST_PAUSE_US = 20_000
_REPORT_US = 5 * SECOND_US


class Pacer:
    """One task for all cameras; feeds that somebody receives stand in a heap."""

    def __init__(self, devices: list[Device], *, clock: Clock) -> None:
        self._clock = clock
        self._devices = devices
        self._heap: list[tuple[float, int, Device, Feed]] = []
        self._standing: set[Feed] = set()  # those in the heap
        self._turns = 0
        for device in devices:
            for feed in device.feeds():
                feed.wanted = partial(self._wake, device, feed)

    async def run(self) -> None:
        """Until cancelled."""
        care_us = 0
        while True:
            now_us = self._clock.now().mono_us
            self._send_due(now_us)
            if now_us >= care_us:
                self._look_after_sessions()
                care_us = now_us + SECOND_US
            await self._clock.sleep(self._pause_us() / SECOND_US)

    def _pause_us(self) -> float:
        if not self._heap:
            return _LONGEST_PAUSE_US
        pause_us = self._heap[0][0] - self._clock.now().mono_us
        return min(max(pause_us, _SHORTEST_PAUSE_US), _LONGEST_PAUSE_US)

    def _wake(self, device: Device, feed: Feed) -> None:
        if feed in self._standing:  # its last receiver left only just now
            return
        self._standing.add(feed)
        self._turns += 1  # two feeds that are due at once are never compared
        heappush(self._heap, (feed.due_us, self._turns, device, feed))

    def _send_due(self, until_us: int) -> None:
        heap = self._heap
        now = self._clock.now()
        while heap and heap[0][0] <= until_us:
            _, turn, device, feed = heap[0]
            if not feed.receivers:
                heappop(heap)
                self._standing.discard(feed)
                continue
            if feed.due_us <= until_us:
                device.emit(feed, now)
            heapreplace(heap, (feed.due_us, turn, device, feed))

    def _look_after_sessions(self) -> None:
        now = self._clock.now()
        for device in self._devices:
            for session in list(device.sessions.values()):
                if _was_heard(session):
                    session.last_heard_us = now.mono_us
                if now.mono_us - session.last_heard_us > SESSION_TIMEOUT_S * SECOND_US:
                    session.connection.close()
                elif now.mono_us - session.reported_us >= _REPORT_US:
                    device.report(session, now)


def _was_heard(session: Session) -> bool:
    return any(
        isinstance(receiver, DatagramReceiver) and receiver.heard()
        for receiver in session.receivers.values()
    )
