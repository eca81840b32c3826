"""Threads for what takes long, few and with a bound on who waits.

The catalogue's quick questions share asyncio's own threads; work that reads indexes
from disks has these, so that a slow disk does not keep anybody from signing in.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from nvr.web.problems import Problem

P = ParamSpec("P")
T = TypeVar("T")


class Work:
    """A few threads of one kind. Leave it with `close`."""

    def __init__(self, name: str, *, threads: int, most_waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._name = name
        self._most = threads + most_waiting
        self._count = 0

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns. Raises a `Problem` when too much is waiting."""
        if self._count >= self._most:
            raise Problem(
                429,
                "busy",
                "The server has as much of this to do as it can. Try again in a few "
                "seconds, with fewer requests at a time.",
                headers={"Retry-After": "3"},
            )
        self._count += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(
                self._pool, partial(work, *args, **kwargs)
            )
        finally:
            self._count -= 1

    def close(self) -> None:
        """Start nothing more; what runs ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)
