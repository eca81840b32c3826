"""The one thread that writes a volume.

Recordings hand it segments and fragments and go on at once; it hashes, writes, syncs
and closes, and reports what is true on the disk. It belongs to one volume, so that a
slow disk costs only the cameras that live there; when more than `queue_bytes` wait it
takes no more, and the recording drops and accounts.
"""

import heapq
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nvr.base.clock import Clock
from nvr.base.errors import VolumeError, VolumeFailed
from nvr.base.model import SECOND_US, CameraId, Role, SegmentId
from nvr.media.fragment import Fragment
from nvr.store.segment_file import BadFragment, SegmentFile, SegmentSpec
from nvr.store.volume import Volume, volume_error

__all__ = [
    "SegmentBegan",
    "SegmentDurable",
    "SegmentEnded",
    "SegmentSpec",
    "VolumeWriter",
    "WriterFailed",
    "WriterReport",
]

log = logging.getLogger(__name__)

OBJECT_BYTES = 16 << 10
"""What a waiting fragment is counted as beside its payloads."""
IDLE_SECONDS = 0.25
"""How long the thread sleeps when nobody hands anything over."""
FIRST_EXPECTED_BYTES = 4 << 20
"""Set aside for a stream's first file; later ones get what the last one took."""
_GOLDEN = 0.6180339887


@dataclass(frozen=True, slots=True)
class SegmentBegan:
    """The file is there with its head."""

    spec: SegmentSpec
    path: Path


@dataclass(frozen=True, slots=True)
class SegmentDurable:
    """That much of the file survives a power cut."""

    segment_id: SegmentId
    end_us: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class SegmentEnded:
    """The file is whole, synced and an ordinary MP4. It will not change again."""

    segment_id: SegmentId
    end_us: int
    size_bytes: int
    digest: bytes
    fragments: int


@dataclass(frozen=True, slots=True)
class WriterFailed:
    """These files were given up as they are; nothing more is taken for them."""

    segment_ids: frozenset[SegmentId]
    error: VolumeError


WriterReport = SegmentBegan | SegmentDurable | SegmentEnded | WriterFailed


class VolumeWriter:
    """See the module.

    `open_segment`, `append` and `close_segment` never block and are called from one
    thread; `report` is called on the writer's own. A segment's reports are a
    `SegmentBegan`, any number of `SegmentDurable`, then one `SegmentEnded` or
    `WriterFailed`, which may also come first.
    """

    def __init__(
        self,
        *,
        volume: Volume,
        clock: Clock,
        sync_seconds: float,
        queue_bytes: int,
        report: Callable[[WriterReport], None],
    ) -> None:
        self.volume = volume
        self._clock = clock
        self._sync_us = round(sync_seconds * SECOND_US)
        self._most_bytes = queue_bytes
        self._report = report
        self._commands: deque[Callable[[], None]] = deque()
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._thread = threading.Thread(
            target=self._run, name=f"volume {volume.path.name}", daemon=True
        )
        # Each is written by one side only, so that no lock is needed.
        self._taken_bytes = 0
        self._done_bytes = 0
        self._busy_since_us = 0
        self._give_up_us: int | None = None
        self._is_stopping = False
        # Below: the writer's thread only.
        self._files: dict[SegmentId, SegmentFile] = {}
        self._due: list[tuple[int, SegmentId]] = []
        self._usual_bytes: dict[tuple[CameraId, Role], int] = {}

    # -- for the recordings ----------------------------------------------------

    @property
    def queued_bytes(self) -> int:
        """What waits to be written."""
        return self._taken_bytes - self._done_bytes

    @property
    def has_room(self) -> bool:
        """True while less than half of the queue is full."""
        return self.queued_bytes * 2 < self._most_bytes

    def stuck_us(self) -> int:
        """For how long the thread has been inside one operation of the disk."""
        since_us = self._busy_since_us
        return self._clock.now().mono_us - since_us if since_us else 0

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """Write what waits and close every file; False when that took too long.

        Files that could not be closed in time are left as a crash would leave them.
        """
        self._give_up_us = self._clock.now().mono_us + round(timeout * SECOND_US)
        self._commands.append(self._stop)
        self.hand_over()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def open_segment(self, spec: SegmentSpec) -> None:
        """Begin a file."""
        self._commands.append(lambda: self._open(spec))

    def append(self, segment_id: SegmentId, fragment: Fragment) -> bool:
        """Hand over a fragment. False: too much waits already; nothing was taken."""
        size_bytes = OBJECT_BYTES
        if fragment.video is not None:
            size_bytes += sum(map(len, fragment.video.payloads))
        if fragment.audio is not None:
            size_bytes += sum(map(len, fragment.audio.payloads))
        if self.queued_bytes + size_bytes > self._most_bytes:
            return False
        self._taken_bytes += size_bytes
        self._commands.append(lambda: self._append(segment_id, fragment, size_bytes))
        return True

    def hand_over(self) -> None:
        """Let the thread begin with what it was given; else it looks by itself soon.

        Waking it for each fragment would have both threads wait for each other.
        """
        self._bell.put(None)

    def close_segment(self, segment_id: SegmentId, end_us: int) -> None:
        """End a file whose last picture is shown until `end_us`."""
        self._commands.append(lambda: self._close(segment_id, end_us))

    # -- the thread ------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._is_stopping:
                self._work_once()
        finally:
            # Reached with files open only by a defect: then nobody may believe them.
            if self._files:
                gone = VolumeFailed("the writer ended", str(self.volume.path))
                self._fail(frozenset(self._files), gone)

    def _work_once(self) -> None:
        """What was handed over, then the syncs that are due.

        They wait for each other, because waking up is what costs most of a thread
        that has little to do.
        """
        with suppress(queue.Empty):
            self._bell.get(timeout=IDLE_SECONDS)
        for _ in range(len(self._commands)):
            self._busy_since_us = self._clock.now().mono_us
            self._commands.popleft()()
        self._busy_since_us = self._clock.now().mono_us
        while self._due and self._due[0][0] <= self._busy_since_us:
            self._sync_next()
            self._busy_since_us = self._clock.now().mono_us
        self._busy_since_us = 0

    def _open(self, spec: SegmentSpec) -> None:
        if self._is_late():
            return
        usual = self._usual_bytes.get((spec.camera_id, spec.role))
        try:
            file = SegmentFile.create(
                self.volume, spec, expected_bytes=usual or FIRST_EXPECTED_BYTES
            )
        except OSError as error:
            self._failed(spec.id, error)
            return
        self._files[spec.id] = file
        # Files that were opened together are synced spread over the interval.
        phase = spec.id * _GOLDEN % 1
        due_us = self._clock.now().mono_us + round(self._sync_us * phase)
        heapq.heappush(self._due, (due_us, spec.id))
        path = self.volume.segment_path(spec.camera_id, spec.start.wall_us, spec.id)
        self._report(SegmentBegan(spec, path))

    def _append(
        self, segment_id: SegmentId, fragment: Fragment, size_bytes: int
    ) -> None:
        file = self._files.get(segment_id)
        try:
            if file is not None and not self._is_late():
                file.append(fragment)
        except (OSError, *BadFragment) as error:
            self._failed(segment_id, error)
        finally:
            self._done_bytes += size_bytes

    def _close(self, segment_id: SegmentId, end_us: int) -> None:
        file = self._files.get(segment_id)
        if file is None or self._is_late():
            return
        try:
            digest = file.finish(self.volume, end_us)
        except (OSError, *BadFragment) as error:
            self._failed(segment_id, error)
            return
        del self._files[segment_id]
        stream = (file.spec.camera_id, file.spec.role)
        self._usual_bytes[stream] = file.size_bytes
        self._report(
            SegmentEnded(
                segment_id=segment_id,
                end_us=end_us,
                size_bytes=file.size_bytes,
                digest=digest,
                fragments=file.fragments,
            )
        )

    def _sync_next(self) -> None:
        due_us, segment_id = heapq.heappop(self._due)
        file = self._files.get(segment_id)
        if file is None:
            return
        now_us = self._busy_since_us
        heapq.heappush(self._due, (max(due_us, now_us) + self._sync_us, segment_id))
        try:
            if file.sync(self.volume):
                self._report(SegmentDurable(segment_id, file.end_us, file.size_bytes))
        except OSError as error:
            self._failed(segment_id, error)

    def _stop(self) -> None:
        for segment_id, file in list(self._files.items()):
            self._close(segment_id, file.end_us)
        for file in self._files.values():
            log.error("segment %d could not be closed in time", file.spec.id)
            file.abandon()
        self._files.clear()
        self._is_stopping = True

    def _is_late(self) -> bool:
        """True when the time to stop in is over."""
        give_up_us = self._give_up_us
        return give_up_us is not None and self._clock.now().mono_us >= give_up_us

    def _failed(self, segment_id: SegmentId, error: Exception) -> None:
        path = self.volume.path
        ours: VolumeError
        if isinstance(error, OSError):
            ours = volume_error(error, path)
        else:
            ours = VolumeFailed(f"a fragment cannot be written: {error}", str(path))
        self._fail(frozenset({segment_id}), ours)

    def _fail(self, segment_ids: frozenset[SegmentId], error: VolumeError) -> None:
        for segment_id in segment_ids:
            file = self._files.pop(segment_id, None)
            if file is not None:
                file.abandon()
        self._report(WriterFailed(segment_ids, error))
