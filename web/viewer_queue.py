"""Messages on their way to one live viewer, with a bound in bytes.

A viewer who is late loses pictures of its own up to the next key frame, is told how
many, and nobody else notices. Messages that are no pictures are few and never lost.
"""

import asyncio
from collections import deque

from nvr.play.live import LiveMessage

MOST_BYTES = 6 << 20
"""Some ten seconds of 4 Mbit/s; beyond, a new start shows the present sooner."""
MOST_MESSAGES = 1000


class ViewerQueue:
    """Belongs to one event loop. `put` never waits."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._messages: deque[LiveMessage] = deque()
        self._bytes = 0
        self._skipped = 0
        self._arrived = asyncio.Event()

    def put(self, message: LiveMessage) -> None:
        """Take a message, or count it as lost."""
        if message.type == "init":
            # What went before cannot be played any more.
            self._drop_pictures()
            self._skipped = 0
        elif message.type == "fragment" and self._is_lost(message):
            self._skipped += 1
            return
        self._append(message)

    async def get(self) -> LiveMessage:
        """The next message; waits for it."""
        while not self._messages:
            self._arrived.clear()
            await self._arrived.wait()
        message = self._messages.popleft()
        self._bytes -= len(message.body)
        return message

    def _is_lost(self, message: LiveMessage) -> bool:
        """Decide about a picture; with one that is lost, those waiting go too."""
        is_key = bool(message.header.get("is_key"))
        if self._skipped and not is_key:
            return True
        is_full = (
            self._bytes + len(message.body) > self._most_bytes
            or len(self._messages) >= MOST_MESSAGES
        )
        if is_full:
            # The present is worth more than what was waiting.
            self._skipped += self._drop_pictures()
            if not is_key or len(message.body) > self._most_bytes:
                return True
        if self._skipped:
            self._append(LiveMessage({"type": "skipped", "units": self._skipped}, b""))
            self._skipped = 0
        return False

    def _drop_pictures(self) -> int:
        kept = [m for m in self._messages if m.type != "fragment"]
        dropped = len(self._messages) - len(kept)
        self._messages = deque(kept)
        self._bytes = sum(len(m.body) for m in kept)
        return dropped

    def _append(self, message: LiveMessage) -> None:
        self._messages.append(message)
        self._bytes += len(message.body)
        self._arrived.set()
