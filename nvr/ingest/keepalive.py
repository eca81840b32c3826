"""Tells the camera now and then that we are still there.

A camera that refuses is asked in another way and otherwise left alone: the stream
itself shows whether the session stands.
"""

from nvr.base.errors import BadStream
from nvr.base.model import SECOND_US
from nvr.ingest.authorization import best_challenge
from nvr.ingest.dialogue import OK, UNAUTHORIZED, Dialogue
from nvr.media.rtsp_message import Head

USUAL_TIMEOUT_S = 60
SHORTEST_PAUSE_S = 1
LONGEST_PAUSE_S = 30
_FIRST_CHOICE = "GET_PARAMETER"
_LAST_CHOICE = "OPTIONS"


def pause_us(timeout_s: int) -> int:
    """How long to wait between two messages, by the session's time-out."""
    half = (timeout_s or USUAL_TIMEOUT_S) / 2
    return round(min(max(half, SHORTEST_PAUSE_S), LONGEST_PAUSE_S) * SECOND_US)


class KeepAlive:
    """Composes the messages and hears the answers. Touches no socket."""

    def __init__(
        self,
        dialogue: Dialogue,
        *,
        url: str,
        public: str,
        timeout_s: int,
        mono_us: int,
    ) -> None:
        self._dialogue = dialogue
        self._url = url
        methods = {word.strip().upper() for word in public.split(",")}
        # Cameras that say nothing of GET_PARAMETER may drop the session over it.
        self._method = _FIRST_CHOICE if _FIRST_CHOICE in methods else _LAST_CHOICE
        self._pause_us = pause_us(timeout_s)
        self.due_us = mono_us + self._pause_us
        self._is_proof_new = False

    def message(self, mono_us: int) -> bytes:
        """The next message; `due_us` moves on."""
        self.due_us = mono_us + self._pause_us
        try:
            return self._dialogue.compose(self._method, self._url)
        except BadStream:
            return b""

    def hear(self, head: Head) -> None:
        """Take an answer, whatever its CSeq: nothing else is asked meanwhile."""
        if head.status == OK:
            self._is_proof_new = False
        elif head.status == UNAUTHORIZED:
            self._prove_anew(head)
        elif head.status > OK:
            self._method = _LAST_CHOICE

    def _prove_anew(self, head: Head) -> None:
        challenge = best_challenge(head.all("www-authenticate"))
        if challenge is None or self._is_proof_new:
            self._is_proof_new = False
            return
        self._dialogue.authorization.accept(challenge)
        self._is_proof_new = True
        self.due_us = 0  # at once, but once only
