"""One stream's pictures to everybody who watches, without waiting for anybody.

Each viewer has a queue of its own with a bound in bytes. A viewer that is late loses
its own pictures up to the next key frame and is told how many; the recording and the
other viewers do not notice. Pictures are muxed once for all.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from nvr.base.model import VIDEO, AccessUnit, Batch, GapCause, StreamFormat
from nvr.base.wire import pack
from nvr.media import mp4_write
from nvr.record.live import LiveFragment, LiveMuxer, LiveTime
from nvr.record.recording import Recording
from nvr.record.timebase import StreamTime

MOST_QUEUED_BYTES = 8 << 20
"""About two seconds of a 4K camera; a viewer this late does better with a new start."""


class Viewer:
    """One reader of one stream: messages of `base.wire`, packed, in order."""

    def __init__(self) -> None:
        self._queue: deque[bytes] = deque()
        self._bytes = 0
        self._arrived = asyncio.Event()
        self._skipped = 0
        self._wants_key = True

    async def next_message(self) -> bytes:
        """The next message; waits for it."""
        while not self._queue:
            self._arrived.clear()
            await self._arrived.wait()
        message = self._queue.popleft()
        self._bytes -= len(message)
        return message

    def tell(self, header: dict[str, Any], body: bytes = b"") -> None:
        """Queue a message that must not be lost (they are few)."""
        self._put(pack(header, body))

    def show(self, fragment: LiveFragment, *, is_first: bool = False) -> None:
        """Queue a fragment, or count it as lost."""
        if self._bytes + len(fragment.data) > MOST_QUEUED_BYTES:
            self._wants_key = True
        if self._wants_key and not fragment.is_key:
            self._skipped += 1
            return
        if self._wants_key and self._bytes + len(fragment.data) > MOST_QUEUED_BYTES:
            self._skipped += 1
            return
        if self._skipped:
            self.tell({"type": "skipped", "units": self._skipped})
        self._wants_key, self._skipped = False, 0
        header = {
            "type": "fragment",
            "wall_us": fragment.wall_us,
            "is_key": fragment.is_key,
            "first": is_first,
        }
        self._put(pack(header, fragment.data))

    def restart(self) -> None:
        """What comes next only makes sense from a key frame on."""
        self._wants_key = True

    def _put(self, message: bytes) -> None:
        self._queue.append(message)
        self._bytes += len(message)
        self._arrived.set()


class Fanout:
    """The viewers of one stream.

    `on_watched` is told when the first comes and when the last goes, so that the
    camera is visited for every picture meanwhile.
    """

    def __init__(self) -> None:
        self.on_watched: Callable[[bool], None] = _nobody_cares
        self._viewers: set[Viewer] = set()
        self._joining: dict[Viewer, list[AccessUnit]] = {}
        self._format: StreamFormat | None = None
        self._zero = LiveTime(0)
        self._muxer: LiveMuxer | None = None
        self._time: StreamTime | None = None
        self._offline: tuple[GapCause, str] | None = None

    @property
    def is_watched(self) -> bool:
        return bool(self._viewers or self._joining)

    def show(self, batch: Batch, time: StreamTime) -> None:
        """Called for every batch of the stream, watched or not."""
        if batch.format is not self._format:
            self._begin(batch)
        self._time = time
        if not self.is_watched:
            return
        for waiting in self._joining.values():
            waiting.extend(batch.units)
        if self._muxer is None:
            self._muxer = LiveMuxer(batch.format, self._zero)
        for fragment in self._muxer.add(batch.units, time):
            for viewer in self._viewers:
                viewer.show(fragment)

    def offline(self, cause: GapCause, detail: str) -> None:
        """Nothing comes for the time being; whoever joins is told so at once."""
        self._offline = (cause, detail)
        self._format = self._muxer = None
        for viewer in self._viewers | set(self._joining):
            viewer.tell({"type": "offline", "cause": cause, "detail": detail})

    async def join(self, recording: Recording) -> Viewer:
        """A new viewer, whose first picture is the start of the GOP under way."""
        viewer = Viewer()
        collected = self._joining[viewer] = []
        if len(self._joining) + len(self._viewers) == 1:
            self.on_watched(True)
        form = self._format
        if form is None and self._offline is not None:
            cause, detail = self._offline
            viewer.tell({"type": "offline", "cause": cause, "detail": detail})
        if form is not None:
            viewer.tell(_init_header(form), mp4_write.initialization(form))
        units = await recording.recent_units() if form is not None else []
        if viewer not in self._joining:
            return viewer  # it left while it waited
        del self._joining[viewer]
        self._viewers.add(viewer)
        if form is self._format and self._time is not None and form is not None:
            past = LiveMuxer(form, self._zero).group(units + collected, self._time)
            if past is not None and past.is_key:
                viewer.show(past, is_first=True)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Forget a viewer; harmless when it left already."""
        was_there = viewer in self._viewers or viewer in self._joining
        self._viewers.discard(viewer)
        self._joining.pop(viewer, None)
        if was_there and not self.is_watched:
            self._muxer = None
            self.on_watched(False)

    def _begin(self, batch: Batch) -> None:
        """The stream begins, or goes on in another format."""
        self._format, self._muxer, self._offline = batch.format, None, None
        stamps = [unit.timestamp for unit in batch.units if unit.track == VIDEO]
        self._zero = LiveTime(min(stamps, default=0))
        for viewer in self._viewers | set(self._joining):
            header = _init_header(batch.format)
            viewer.tell(header, mp4_write.initialization(batch.format))
            viewer.restart()


def _nobody_cares(is_watched: bool) -> None:
    """A stream that is not being read has nothing to wake up."""


def _init_header(form: StreamFormat) -> dict[str, Any]:
    video = form.video
    return {
        "type": "init",
        "mime": mp4_write.mime(form),
        "width": video.width if video else 0,
        "height": video.height if video else 0,
    }
