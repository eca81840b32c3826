"""The one thread through which a recorder tells the catalogue what happened.

Recording never waits for a database: `submit` only puts into memory. The thread
commits what has gathered in a quarter of a second in one transaction, in the order
it was told, and tries again for as long as the database is away or locked.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

from nvr.base.clock import Clock
from nvr.base.errors import CatalogueError
from nvr.base.model import SECOND_US, SegmentId
from nvr.store.changes import Change, SegmentClosed, SegmentGrown

GATHER_SECONDS = 0.2
"""How long the first change of a batch waits for others; the commit comes on top."""

GROWTH_SECONDS = 5.0
"""How often the growth of open segments is committed. Nothing depends on it but how
far a timeline reaches; each time costs a commit."""

BATCH_CHANGES = 2_000
"""Most changes in one transaction, so that other writers get their turn."""

QUEUE_CHANGES = 200_000
"""Most changes kept in memory: two hours of 500 cameras without a database."""

FIRST_RETRY_SECONDS = 0.1
LAST_RETRY_SECONDS = 5.0
LOG_EVERY_US = 60 * SECOND_US

_log = logging.getLogger(__name__)


class CatalogueWriter:
    """Queue and thread. `submit` may be called from any thread and never blocks.

    Of a growing segment only the latest state waits, and for longer. When the queue
    is full further changes are refused and counted in `dropped`: recovery finds those
    segments by their files. A change that the catalogue refuses for good is logged
    and left out, the others go on.
    """

    def __init__(
        self,
        apply: Callable[[Sequence[Change]], None],
        *,
        clock: Clock,
        queue_changes: int = QUEUE_CHANGES,
    ) -> None:
        self.dropped = 0
        self._apply = apply
        self._clock = clock
        self._queue_changes = queue_changes
        self._queue: deque[Change | threading.Event] = deque()
        self._in_hand: list[Change | threading.Event] = []
        self._grown: dict[SegmentId, SegmentGrown] = {}
        self._grown_us = clock.now().mono_us
        self._ready = threading.Condition()
        self._flushing = 0
        self._is_stopping = False
        self._is_abandoned = threading.Event()
        self._logged_us = -LOG_EVERY_US
        self._thread = threading.Thread(
            target=self._work, name="catalogue-writer", daemon=True
        )

    def start(self) -> None:
        """Begin to commit."""
        self._thread.start()

    def submit(self, *changes: Change) -> None:
        """Queue changes, in this order, behind those that are waiting."""
        with self._ready:
            for change in changes:
                self._put(change)
            if self._queue:
                self._ready.notify()

    def flush(self, timeout: float) -> bool:
        """Wait until all that was submitted before is on the disk; False: not yet."""
        arrived = threading.Event()
        with self._ready:
            self._queue.append(arrived)
            self._flushing += 1
            self._ready.notify()
        return arrived.wait(timeout)

    def stop(self, timeout: float) -> bool:
        """Commit what is waiting and end the thread; False: something was lost."""
        with self._ready:
            self._is_stopping = True
            self._ready.notify()
        if self._thread.is_alive():
            self._thread.join(timeout)
        self._is_abandoned.set()
        left = self.waiting
        if left:
            _log.error("%d changes did not reach the catalogue before the stop", left)
        return not left and not self._thread.is_alive()

    @property
    def waiting(self) -> int:
        """How many changes are not on the disk yet."""
        return len(self._queue) + len(self._in_hand)

    def _put(self, change: Change) -> None:
        if isinstance(change, SegmentGrown):
            self._grown[change.segment_id] = change
            return
        if isinstance(change, SegmentClosed):
            self._grown.pop(change.segment_id, None)  # said better by this change
        if len(self._queue) < self._queue_changes:
            self._queue.append(change)
        else:
            self.dropped += 1

    def _work(self) -> None:
        while self._gather():
            changes = [c for c in self._in_hand if not isinstance(c, threading.Event)]
            if changes and not self._commit(changes):
                return  # abandoned; `waiting` still counts what is in hand
            arrived = [c for c in self._in_hand if isinstance(c, threading.Event)]
            self._in_hand = []
            for event in arrived:
                event.set()

    def _gather(self) -> bool:
        """Take the next batch in hand. False: stopping, and nothing is left."""
        with self._ready:
            self._ready.wait_for(self._has_work, GROWTH_SECONDS)
            if self._queue:
                self._ready.wait_for(self._is_due, GATHER_SECONDS)
            is_asked = self._flushing > 0 or self._is_stopping
            for _ in range(min(len(self._queue), BATCH_CHANGES)):
                change = self._queue.popleft()
                if isinstance(change, threading.Event):
                    self._flushing -= 1
                self._in_hand.append(change)
            if is_asked or self._is_growth_due():
                # In front: whatever else is in hand came later.
                self._in_hand[:0] = self._grown.values()
                self._grown.clear()
                self._grown_us = self._clock.now().mono_us
        return bool(self._in_hand) or not self._is_stopping

    def _has_work(self) -> bool:
        return bool(self._queue) or self._is_stopping

    def _is_growth_due(self) -> bool:
        waited_us = self._clock.now().mono_us - self._grown_us
        return waited_us >= GROWTH_SECONDS * SECOND_US

    def _is_due(self) -> bool:
        return (
            self._is_stopping or self._flushing > 0 or len(self._queue) >= BATCH_CHANGES
        )

    def _commit(self, changes: Sequence[Change]) -> bool:
        """Apply, however long it takes. False: `stop` ran out of time."""
        retry_seconds = FIRST_RETRY_SECONDS
        while True:
            try:
                self._apply(changes)
                return True
            except CatalogueError as error:
                if not error.can_retry:
                    return self._commit_singly(changes, error)
                self._report(error)
            if self._is_abandoned.wait(retry_seconds):
                return False
            retry_seconds = min(2 * retry_seconds, LAST_RETRY_SECONDS)

    def _commit_singly(self, changes: Sequence[Change], error: CatalogueError) -> bool:
        if len(changes) > 1:
            return all(self._commit([change]) for change in changes)
        self.dropped += 1
        _log.error("left out of the catalogue: %s: %r", error, changes[0])
        return True

    def _report(self, error: CatalogueError) -> None:
        now_us = self._clock.now().mono_us
        if now_us - self._logged_us >= LOG_EVERY_US:
            self._logged_us = now_us
            _log.warning("%s; %d changes wait in memory", error, self.waiting)
