"""Long answers end when whoever gets them may not have them any more.

A download or a live picture is let in once and can go on for hours. So everybody who is
being sent something is looked up again every few seconds, all in one thread call.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nvr.web.admission import Admission
from nvr.web.context import Visitor

from nvr.base.clock import Clock
from nvr.base.errors import CatalogueError

EVERY_SECONDS = 3.0
"""Promised are 5 s; the rest is for a slow catalogue."""

_log = logging.getLogger(__name__)


class Vigil:
    """Watches over long answers. `async with`: it looks meanwhile."""

    def __init__(self, *, admission: Admission, clock: Clock) -> None:
        self._admission = admission
        self._clock = clock
        self._watched: dict[object, tuple[Visitor, Callable[[], None]]] = {}
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Vigil":
        self._task = asyncio.create_task(self._look_for_ever(), name="vigil")
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @contextmanager
    def over(self, visitor: Visitor, cut: Callable[[], None]) -> Iterator[None]:
        """Meanwhile `cut` is called, once, when the visitor may not stay."""
        key = object()
        self._watched[key] = (visitor, cut)
        try:
            yield
        finally:
            self._watched.pop(key, None)

    async def _look_for_ever(self) -> None:
        while True:
            await self._clock.sleep(EVERY_SECONDS)
            try:
                await self._look()
            except CatalogueError as error:
                # Nobody is thrown out because the catalogue is away for a moment.
                _log.warning("viewers cannot be checked: %s", error)

    async def _look(self) -> None:
        visitors = {v.secret: v for v, _ in self._watched.values()}
        if not visitors:
            return
        gone = await asyncio.to_thread(self._gone, list(visitors.values()))
        for key, (visitor, cut) in list(self._watched.items()):
            if visitor.secret in gone:
                self._watched.pop(key, None)
                cut()

    def _gone(self, visitors: list[Visitor]) -> set[str]:
        return {v.secret for v in visitors if self._admission.again(v) is None}
