"""The part of RTSP that is question and answer, until the stream plays.

One request at a time on a non-blocking socket. Frames of the stream that come before
the answer to PLAY are kept for the session that follows.
"""

import asyncio
import socket
from dataclasses import dataclass

from nvr.base import tls_socket
from nvr.base.errors import (
    BadStream,
    CameraLost,
    CameraUnauthorized,
    CameraUnreachable,
    MediaError,
)
from nvr.ingest.authorization import Authorization, best_challenge
from nvr.ingest.refusals import refusal
from nvr.media import rtsp_message
from nvr.media.interleaved import DOLLAR, FRAME_HEAD_BYTES
from nvr.media.rtsp_message import Head

USER_AGENT = "nvr"
MOST_EARLY_BYTES = 1 << 20
MOST_PROOFS = 2
"""Tries of one request after the camera asked for a password."""
_READ_BYTES = 64 << 10
OK = 200
UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with its body."""

    head: Head
    body: bytes


class Dialogue:
    """Talks to one camera. Every answer must be whole within `timeout` seconds.

    After the last answer the socket, `session_id` and `take_leftover()` are what the
    session goes on with.
    """

    def __init__(
        self, sock: socket.socket, *, authorization: Authorization, timeout: float
    ) -> None:
        self.authorization = authorization
        self.session_id = ""
        self.server = ""
        self.next_sequence = 1
        self._socket = sock
        self._timeout = timeout
        self._pending = bytearray()
        self._early = bytearray()

    async def request(self, method: str, url: str, *extra: tuple[str, str]) -> Reply:
        """Ask, proving who we are when told to. Returns answers of status 200 only;
        raises a `CameraError` for all else."""
        for _ in range(1 + MOST_PROOFS):
            reply = await self._exchange(method, url, extra)
            if reply.head.status != UNAUTHORIZED:
                break
            self._answer_challenge(reply.head)
        else:
            raise CameraUnauthorized(
                "The camera asks for the password again and again."
            )
        self.authorization.succeeded()
        self.server = self.server or reply.head.get("server")[:200]
        if reply.head.status != OK:
            raise refusal(reply.head)
        return reply

    def compose(self, method: str, url: str, *extra: tuple[str, str]) -> bytes:
        """The next request as bytes."""
        headers = [("CSeq", str(self.next_sequence)), ("User-Agent", USER_AGENT)]
        self.next_sequence += 1
        if proof := self.authorization.header(method, url):
            headers.append(("Authorization", proof))
        if self.session_id:
            headers.append(("Session", self.session_id))
        try:
            return rtsp_message.request(method, url, [*headers, *extra])
        except MediaError as error:
            raise BadStream(
                "The camera describes its stream with an address that cannot be used."
            ) from error

    def take_leftover(self) -> bytes:
        """What came beside and after the answers: the beginning of the stream."""
        leftover = bytes(self._early + self._pending)
        self._early.clear()
        self._pending.clear()
        return leftover

    def _answer_challenge(self, head: Head) -> None:
        """Prepare a proof for the next try, or raise `CameraUnauthorized`."""
        if not self.authorization.has_credentials:
            raise CameraUnauthorized("The camera asks for a user name and password.")
        challenge = best_challenge(head.all("www-authenticate"))
        if challenge is None:
            raise CameraUnauthorized(
                "The camera asks for a way of signing in that is not supported; "
                "set it to digest authentication."
            )
        if not self.authorization.accept(challenge):
            raise CameraUnauthorized(
                "The camera does not accept this user name and password."
            )

    async def _exchange(
        self, method: str, url: str, extra: tuple[tuple[str, str], ...]
    ) -> Reply:
        message = self.compose(method, url, *extra)
        try:
            async with asyncio.timeout(self._timeout):
                await tls_socket.send_all(self._socket, message)
                while True:
                    reply = self._parse()
                    if reply is not None:
                        return reply
                    received = await tls_socket.receive(self._socket, _READ_BYTES)
                    if not received:
                        raise CameraLost(
                            f"The camera closed the connection when asked to {method}."
                        )
                    self._pending += received
        except TimeoutError:
            raise CameraUnreachable(
                f"The camera did not answer within {self._timeout:g} s "
                f"when asked to {method}."
            ) from None
        except OSError as error:
            raise CameraLost(
                f"The connection broke when the camera was asked to {method}: "
                f"{error.strerror or error}."
            ) from error
        except MediaError as error:
            raise BadStream(
                f"What answers there does not speak RTSP as cameras do: {error}."
            ) from error

    def _parse(self) -> Reply | None:
        """The next final answer among what has been received, if it is whole."""
        while self._pending:
            if self._pending[0] == DOLLAR:
                if not self._set_aside_frame():
                    return None
            elif self._pending[0] in b"\r\n\0 ":
                del self._pending[0]
            else:
                reply = self._take_message()
                if reply is None:
                    return None
                # 1xx says "wait"; 0 is a request by the camera, which may go unheard.
                if reply.head.status >= OK:
                    return reply
        return None

    def _set_aside_frame(self) -> bool:
        pending = self._pending
        if len(pending) < FRAME_HEAD_BYTES:
            return False
        size = FRAME_HEAD_BYTES + (pending[2] << 8 | pending[3])
        if len(pending) < size:
            return False
        if len(self._early) + size <= MOST_EARLY_BYTES:
            self._early += pending[:size]
        del pending[:size]
        return True

    def _take_message(self) -> Reply | None:
        pending = self._pending
        end = rtsp_message.find_end(pending, 0, len(pending))
        if end < 0:
            return None
        head = rtsp_message.parse_head(bytes(pending[:end]))
        beyond = end + head.body_bytes
        if len(pending) < beyond:
            return None
        body = bytes(pending[end:beyond])
        del pending[:beyond]
        return Reply(head, body)
