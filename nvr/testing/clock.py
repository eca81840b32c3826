"""Time that stands still until a test moves it."""

import asyncio

from nvr.base.model import Moment


class FakeClock:
    """Time that moves only when told. Sleepers wake in order as it passes them."""

    def __init__(self, wall_us: int = 1_800_000_000_000_000) -> None:
        self.wall_us = wall_us
        self.mono_us = 1_000_000
        self._sleepers: list[tuple[int, asyncio.Future[None]]] = []

    def now(self) -> Moment:
        return Moment(self.wall_us, self.mono_us)

    async def sleep(self, seconds: float) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.mono_us + round(seconds * 1e6), waiter))
        await waiter

    def step_wall(self, by_us: int) -> None:
        """Somebody sets the server's clock."""
        self.wall_us += by_us

    def advance_us(self, by_us: int) -> None:
        """Both clocks go on together; sleepers that are due are woken."""
        self.wall_us += by_us
        self.mono_us += by_us
        due = [s for s in self._sleepers if s[0] <= self.mono_us]
        self._sleepers = [s for s in self._sleepers if s[0] > self.mono_us]
        for _, waiter in sorted(due, key=lambda s: s[0]):
            if not waiter.done():
                waiter.set_result(None)
