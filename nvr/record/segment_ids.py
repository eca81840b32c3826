"""Segment ids at hand: taken one by one, reserved from the catalogue in blocks.

An id is never used twice on a node, because a block is committed before any of it is
given out; what a crash leaves of a block stays unused.
"""

import asyncio
import logging
from collections.abc import Callable

from nvr.base.clock import Clock
from nvr.base.errors import CatalogueError
from nvr.base.model import SegmentId

log = logging.getLogger(__name__)

BLOCK = 10_000
LOW = 5_000
"""More than all streams of a process open at once, several times over."""
LOOK_SECONDS = 5.0


class SegmentIds:
    """`await stock()` once before `next`; `keep_stocked` goes on meanwhile."""

    def __init__(self, reserve: Callable[[int], range], *, clock: Clock) -> None:
        self._reserve = reserve
        self._clock = clock
        self._ids: list[int] = []

    def next(self) -> SegmentId:
        """The next id. With a stock of thousands it is there."""
        return SegmentId(self._ids.pop())

    async def stock(self) -> None:
        """Reserve a block. Raises `CatalogueError`."""
        block = await asyncio.to_thread(self._reserve, BLOCK)
        self._ids = [*reversed(block), *self._ids]

    async def keep_stocked(self) -> None:
        """Reserve a block whenever few are left, for ever."""
        while True:
            if len(self._ids) < LOW:
                try:
                    await self.stock()
                except CatalogueError as error:
                    log.warning("no segment ids can be reserved: %s", error)
            await self._clock.sleep(LOOK_SECONDS)
