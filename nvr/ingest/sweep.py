"""Visits every session of this process a few times a second, in one pass.

A wake-up per packet or picture is most of what reading a camera costs; TCP waits for
us. Only sessions that somebody watches are visited whenever bytes arrive.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn, Protocol

from nvr.base.clock import Clock
from nvr.base.model import SECOND_US, Batch

Deliver = Callable[[list[Batch]], None]


class Visitable(Protocol):
    """What the sweep asks of a session."""

    def fileno(self) -> int: ...

    def visit(self) -> list[Batch]: ...


@dataclass(slots=True, eq=False)
class _Follower:
    session: Visitable
    deliver: Deliver
    ended: asyncio.Future[NoReturn] = field(repr=False)
    watched_fd: int = -1


class Sweep:
    """Belongs to one event loop. `run` is to be awaited by its owner as a task.

    `after_pass` is called when all sessions have been visited and nothing is due for
    a while: the moment for other threads to work.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        interval_us: int,
        after_pass: Callable[[], None] | None = None,
    ) -> None:
        self._after_pass = after_pass
        self._clock = clock
        self._interval_us = interval_us
        self._followers: dict[Visitable, _Follower] = {}

    async def run(self) -> NoReturn:
        """Visit all, pause, and so on until cancelled."""
        due_us = self._clock.now().mono_us
        while True:
            for follower in list(self._followers.values()):
                self._visit(follower)
            if self._after_pass is not None:
                self._after_pass()
            now_us = self._clock.now().mono_us
            # After a pass that took too long the next comes at once, not several.
            due_us = max(due_us + self._interval_us, now_us)
            await self._clock.sleep((due_us - now_us) / SECOND_US)

    async def follow(self, session: Visitable, deliver: Deliver) -> NoReturn:
        """Hand the session's batches to `deliver`, on the loop, until the session or
        `deliver` raises; that error is raised here and touches no other session.
        Cancel to leave. The session is not closed."""
        ended = asyncio.get_running_loop().create_future()
        follower = _Follower(session, deliver, ended)
        self._followers[session] = follower
        try:
            await ended
            raise AssertionError("a session ends with an error")
        finally:
            self._watch(follower, is_watched=False)
            del self._followers[session]

    def set_watched(self, session: Visitable, is_watched: bool) -> None:
        """While watched, a session is visited as soon as bytes arrive. Does nothing
        for a session that nobody follows (any more)."""
        follower = self._followers.get(session)
        if follower is not None and not follower.ended.done():
            self._watch(follower, is_watched=is_watched)

    def _visit(self, follower: _Follower) -> None:
        if follower.ended.done():
            return
        try:
            batches = follower.session.visit()
            if batches:
                follower.deliver(batches)
        except Exception as error:
            # Not swallowed: raised again where this session is followed.
            follower.ended.set_exception(error)
            self._watch(follower, is_watched=False)

    def _watch(self, follower: _Follower, *, is_watched: bool) -> None:
        loop = asyncio.get_running_loop()
        if is_watched and follower.watched_fd < 0:
            follower.watched_fd = follower.session.fileno()
            loop.add_reader(follower.watched_fd, self._visit, follower)
        elif not is_watched and follower.watched_fd >= 0:
            loop.remove_reader(follower.watched_fd)
            follower.watched_fd = -1
