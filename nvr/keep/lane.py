"""Work for one disk at a time, on a thread that may hang without taking us along."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Lane:
    """Runs one piece of blocking work after the other.

    A disk that does not answer keeps its thread; until it has answered, everything
    else on this lane fails at once. The thread is a daemon: nobody waits for it when
    the process ends.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._last: Future[Any] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether the last piece of work is still going on."""
        return self._last is not None and not self._last.done()

    async def run(self, work: Callable[[], T], seconds: float) -> T:
        """What `work` returns or raises. Raises `TimeoutError` if it takes longer, or
        if what was asked before is still not done."""
        if self.is_busy:
            raise TimeoutError(f"{self._name} is still busy")
        done: Future[T] = Future()
        self._last = done
        threading.Thread(
            target=_work, args=(work, done), name=self._name, daemon=True
        ).start()
        try:
            return await asyncio.wait_for(asyncio.wrap_future(done), seconds)
        except TimeoutError:
            raise TimeoutError(f"no answer within {seconds:g} s") from None


def _work(work: Callable[[], T], done: "Future[T]") -> None:
    if not done.set_running_or_notify_cancel():
        return
    try:
        done.set_result(work())
    except BaseException as error:
        done.set_exception(error)
