"""The camera's own clock, from the RTCP of its video track."""

from collections import deque

from nvr.base.model import SECOND_US
from nvr.media import rtcp

_REMEMBERED = 8
_STEP_US = 2 * SECOND_US


class ReportReceiver:
    """Takes RTCP packets. `offset_us` is the camera's clock minus ours, `None` until
    a believable report came; `arrived_wall_us` is set by whoever feeds it.

    Reports are read late, by a visit's interval and the network, never early: the
    largest of the recent offsets is the nearest to the truth.
    """

    def __init__(self) -> None:
        self.arrived_wall_us = 0
        self.offset_us: int | None = None
        self._recent: deque[int] = deque(maxlen=_REMEMBERED)

    def packet(self, buffer: bytearray, start: int, stop: int) -> bool:
        report = rtcp.sender_report(buffer, start, stop, near_us=self.arrived_wall_us)
        if report is not None:
            offset = report.wall_us - self.arrived_wall_us
            if self._recent and abs(offset - self._recent[-1]) > _STEP_US:
                self._recent.clear()  # somebody set one of the clocks
            self._recent.append(offset)
            self.offset_us = max(self._recent)
        return False

    def run(self, buffer: bytearray, at: int, end: int, stride: int) -> int:
        return at
