"""How many cameras may be connected at once and per second.

When a switch comes back, all its cameras do: their dialogues are spread out, so that
neither they nor the recording of the others suffer.
"""

import asyncio
from types import TracebackType

from nvr.base.clock import Clock
from nvr.base.model import SECOND_US


class Admission:
    """`async with` one for each dialogue; entered at most `per_second` times."""

    def __init__(self, *, per_second: int, clock: Clock) -> None:
        self._interval_us = SECOND_US // per_second
        self._slots = asyncio.Semaphore(per_second)
        self._next_us = 0
        self._clock = clock

    async def __aenter__(self) -> None:
        await self._slots.acquire()
        now_us = self._clock.now().mono_us
        turn_us = max(now_us, self._next_us)
        self._next_us = turn_us + self._interval_us
        if turn_us > now_us:
            try:
                await self._clock.sleep((turn_us - now_us) / SECOND_US)
            except BaseException:
                self._slots.release()
                raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._slots.release()
