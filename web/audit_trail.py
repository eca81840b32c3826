"""Who watched, played, took away, changed or was refused: into the audit log.

A change is in the log before its answer is sent. Looking is written behind, and
looking again at the same thing within a minute is one entry with a count: a wall of
cameras must not make a million entries a day.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Any

from nvr.web.context import Visitor

from nvr.base.clock import Clock
from nvr.base.errors import CatalogueError
from nvr.base.model import SECOND_US
from nvr.store.catalogue import Catalogue

WINDOW_US = 60 * SECOND_US
MOST_WAITING = 10_000
MOST_SEEN = 10_000
RETRY_SECONDS = 1.0
_LONGEST = 200

_log = logging.getLogger(__name__)

_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Entry:
    actor: str
    action: str
    object: str
    detail: dict[str, Any]


@dataclass(slots=True)
class _Seen:
    since_us: int
    again: int
    detail: dict[str, Any]


class AuditTrail:
    """Writes entries. `async with`; leaving writes what is waiting."""

    def __init__(self, *, catalogue: Catalogue, clock: Clock) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._waiting: deque[_Entry] = deque()
        self._seen: OrderedDict[_Key, _Seen] = OrderedDict()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._lost = 0

    async def __aenter__(self) -> "AuditTrail":
        self._task = asyncio.create_task(self._write_behind(), name="audit")
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for key in list(self._seen):
            self._conclude(key)
        try:
            await self._flush()
        except CatalogueError as error:
            _log.error("%d audit entries are lost: %s", len(self._waiting), error)

    async def record(
        self, visitor: Visitor, action: str, object: str, **detail: Any
    ) -> None:
        """A change was made: on disk when this returns."""
        entry = _entry(visitor, action, object, detail)
        await asyncio.to_thread(
            self._catalogue.audit, entry.actor, action, entry.object, entry.detail
        )

    def note(self, visitor: Visitor, action: str, object: str, **detail: Any) -> None:
        """Something was looked at or refused. Never waits; the first time in a
        minute is written at once, further ones as a count after it."""
        now_us = self._clock.now().mono_us
        self._conclude_before(now_us - WINDOW_US)
        entry = _entry(visitor, action, object, detail)
        key = (entry.actor, action, entry.object)
        seen = self._seen.get(key)
        if seen is not None:
            seen.again += 1
            seen.detail = entry.detail
            return
        self._seen[key] = _Seen(now_us, 0, entry.detail)
        self._queue(entry)
        if len(self._seen) > MOST_SEEN:
            self._conclude(next(iter(self._seen)))

    def _conclude_before(self, since_us: int) -> None:
        while self._seen:
            key, seen = next(iter(self._seen.items()))
            if seen.since_us > since_us:
                return
            self._conclude(key)

    def _conclude(self, key: _Key) -> None:
        seen = self._seen.pop(key)
        if seen.again:
            self._queue(_Entry(*key, {**seen.detail, "again": seen.again}))

    def _queue(self, entry: _Entry) -> None:
        if len(self._waiting) >= MOST_WAITING:
            # The catalogue has been away for long; the log of the server remains.
            self._lost += 1
            _log.error("audit: %s %s %s", entry.actor, entry.action, entry.object)
            return
        self._waiting.append(entry)
        self._wake.set()

    async def _write_behind(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._flush()
            except CatalogueError as error:
                _log.warning("audit entries wait for the catalogue: %s", error)
                await self._clock.sleep(RETRY_SECONDS)
                self._wake.set()

    async def _flush(self) -> None:
        while self._waiting:
            await asyncio.to_thread(self._write, self._waiting[0])
            self._waiting.popleft()
        if self._lost:
            lost, self._lost = self._lost, 0
            self._queue(_Entry("server", "audit-lost", "audit", {"entries": lost}))

    def _write(self, entry: _Entry) -> None:
        self._catalogue.audit(entry.actor, entry.action, entry.object, entry.detail)


def _entry(
    visitor: Visitor, action: str, object: str, detail: dict[str, Any]
) -> _Entry:
    address = {"address": visitor.address}
    return _Entry(visitor.actor[:_LONGEST], action, object[:_LONGEST], address | detail)
