"""The one door to time.

Wall time labels, monotonic time measures. Whoever needs either is given a `Clock`,
so that a test can play a night, or a step of the clock, in a millisecond.
"""

import asyncio
import time
from typing import Protocol

from nvr.base.model import Moment


class Clock(Protocol):
    """What the rest of the house may ask of time."""

    def now(self) -> Moment:
        """Both clocks, read together."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait on the monotonic clock."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> Moment:
        return Moment(time.time_ns() // 1000, time.monotonic_ns() // 1000)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
