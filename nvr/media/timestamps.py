"""RTP timestamps without their wrap at 2**32 and without a camera's jumps."""

from nvr.base.model import SECOND_US

FARTHEST_BACK_S = 1
"""Pictures that are shown in another order than sent lie within this."""
FARTHEST_AHEAD_S = 10
"""Beyond the time that really passed."""


class Unwrapper:
    """Turns the 32-bit timestamps of one track into integers that go on for ever.

    After a jump (more than a second back, or ten ahead of the time that passed) the
    result goes on from where it was by the time measured between the arrivals, and
    `jumps` has been counted up.
    """

    __slots__ = ("_arrived_us", "_last", "_rate", "_usual", "_value", "jumps")

    def __init__(self, clock_rate: int) -> None:
        self._rate = clock_rate
        self._last = -1
        self._value = 0
        self._usual = 1
        self._arrived_us = 0
        self.jumps = 0

    def unwrap(self, stamp: int, arrived_us: int) -> int:
        """The timestamp of a unit that arrived at `arrived_us` (monotonic)."""
        if self._last < 0:
            self._value = stamp
        else:
            delta = (stamp - self._last) & 0xFFFFFFFF
            if delta <= self._rate:
                # The usual case first: at most a second ahead.
                self._usual = delta or self._usual
            else:
                delta = self._unusual(delta, arrived_us)
            self._value += delta
        self._last = stamp
        self._arrived_us = arrived_us
        return self._value

    def _unusual(self, delta: int, arrived_us: int) -> int:
        if delta >= 1 << 31:
            delta -= 1 << 32
        passed = max(arrived_us - self._arrived_us, 0) * self._rate // SECOND_US
        ahead = passed + FARTHEST_AHEAD_S * self._rate
        if -FARTHEST_BACK_S * self._rate <= delta <= ahead:
            return delta
        self.jumps += 1
        return max(passed, self._usual)
