"""One call of a plugin's hook, on a thread that may hang without taking us along.

A thread cannot be ended from outside. One that is still running when its time is over
is abandoned: it is a daemon, so nobody waits for it when the process ends, and what it
returns later is not looked at. What it asks of us from then on raises.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import TypeVar

from nvr.base.clock import SystemClock
from nvr.base.errors import PluginError
from nvr.base.model import SECOND_US
from nvr.base.retention import Pages

T = TypeVar("T")

_CLOCK = SystemClock()
"""The machine's own: a thread that hangs does so in real time."""
_here = threading.local()


class TooLate(PluginError):
    """A hook did not return in its time."""


class Attempt:
    """One call. Its time runs only while the plugin itself is at work: what we take to
    fetch footage for it is not held against it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._left_us = round(seconds * SECOND_US)
        self._since_us: int | None = None  # None: we are at work for it
        self._is_over = False
        self._lock = threading.Lock()

    def run(self, name: str, work: Callable[[], T]) -> T:
        """What `work` returns or raises; `TooLate` when its time is over."""
        done: Future[T] = Future()
        self._go_on()
        threading.Thread(
            target=self._work, args=(work, done), name=name, daemon=True
        ).start()
        while True:
            try:
                return done.result(timeout=self._seconds_left())
            except TimeoutError:
                # Raised by the plugin itself, or by our waiting?
                if not done.done() and self._is_over_now():
                    raise TooLate(
                        f"did not return within {self._seconds:g} s"
                    ) from None
                if done.done():
                    return done.result()

    def pages(self, pages: Pages) -> Pages:
        """The same pages of footage, outside the plugin's time."""

        def unhurried(*question: object) -> Iterator[Sequence[object]]:
            found = iter(pages(*question))  # type: ignore[arg-type]
            while True:
                self._pause()
                try:
                    page = next(found, None)
                finally:
                    self._go_on()
                if page is None:
                    return
                yield page

        return unhurried  # type: ignore[return-value]

    def _work(self, work: Callable[[], T], done: "Future[T]") -> None:
        _here.attempt = self
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    def _pause(self) -> None:
        with self._lock:
            if self._is_over:
                raise TooLate(f"asks on after {self._seconds:g} s")
            self._left_us -= self._used_us()
            self._since_us = None

    def _go_on(self) -> None:
        with self._lock:
            self._since_us = _CLOCK.now().mono_us

    def _used_us(self) -> int:
        return 0 if self._since_us is None else _CLOCK.now().mono_us - self._since_us

    def _seconds_left(self) -> float:
        with self._lock:
            least = 0.05 if self._since_us is None else 0.001
            return max(least, (self._left_us - self._used_us()) / SECOND_US)

    def _is_over_now(self) -> bool:
        with self._lock:
            is_at_work = self._since_us is not None
            self._is_over = is_at_work and self._used_us() >= self._left_us
            return self._is_over


def is_within_a_call() -> bool:
    """Whether this thread is a plugin's: who looks at footage makes others be asked
    whether it is protected, in the middle of his own turn."""
    return getattr(_here, "attempt", None) is not None
