"""One client's TCP connection: requests in, answers and frames out, never waiting.

A frame costs one `send` straight into the kernel. What the kernel does not take waits
in a bounded queue; when that is full, whole frames are refused and the caller counts
them. So a client that does not read hurts only itself.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable

from nvr.base.errors import MediaError
from nvr.simulate.rtsp_message import Request, take_request

_READ_BYTES = 65_536
_TRICKLE_TICK_S = 0.02

Serve = Callable[["Connection", Request], None]
Ended = Callable[["Connection"], None]


class Connection:
    """Owns the socket. Lives on the loop; nothing here blocks."""

    def __init__(
        self,
        sock: socket.socket,
        *,
        loop: asyncio.AbstractEventLoop,
        serve: Serve,
        ended: Ended,
        queue_bytes: int,
    ) -> None:
        self.peer: str = "{}:{}".format(*sock.getpeername()[:2])
        self.peer_host: str = sock.getpeername()[0]
        self.local_host: str = sock.getsockname()[0]
        self.is_closed = False
        self._sock = sock
        self._loop = loop
        self._serve = serve
        self._ended = ended
        self._queue_bytes = queue_bytes
        self._backlog: deque[memoryview] = deque()
        self._backlog_bytes = 0
        self._incoming = bytearray()
        self._trickle_bytes_per_second = 0.0
        loop.add_reader(sock, self._readable)

    def send(self, packets: bytes | bytearray) -> bool:
        """Take all of it or, when the queue is full, nothing (False)."""
        if self._backlog or self._trickle_bytes_per_second:
            return self._queue(memoryview(packets))
        try:
            sent = self._sock.send(packets)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.close()
            return False
        if sent < len(packets):
            self._queue(memoryview(packets)[sent:], must=True)
            self._loop.add_writer(self._sock, self._writable)
        return True

    def trickle(self, bytes_per_second: float) -> None:
        """Send single bytes at this pace; 0 ends it."""
        was = self._trickle_bytes_per_second
        self._trickle_bytes_per_second = bytes_per_second
        if self.is_closed:
            return
        if bytes_per_second and not was:
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._loop.remove_writer(self._sock)
            self._drip()
        elif was and not bytes_per_second and self._backlog:
            self._loop.add_writer(self._sock, self._writable)

    def close(self) -> None:
        """Close now; what is queued is lost. A second call does nothing."""
        if self.is_closed:
            return
        self.is_closed = True
        self._loop.remove_reader(self._sock)
        self._loop.remove_writer(self._sock)
        self._sock.close()
        self._backlog.clear()
        self._ended(self)

    def _queue(self, piece: memoryview, *, must: bool = False) -> bool:
        if not must and self._backlog_bytes + len(piece) > self._queue_bytes:
            return False
        self._backlog.append(piece)
        self._backlog_bytes += len(piece)
        return True

    def _writable(self) -> None:
        while self._backlog:
            piece = self._backlog[0]
            try:
                sent = self._sock.send(piece)
            except BlockingIOError:
                return
            except OSError:
                self.close()
                return
            self._sent(piece, sent)
            if sent < len(piece):
                return
        self._loop.remove_writer(self._sock)

    def _sent(self, piece: memoryview, size: int) -> None:
        self._backlog_bytes -= size
        if size == len(piece):
            self._backlog.popleft()
        else:
            self._backlog[0] = piece[size:]

    def _drip(self) -> None:
        if self.is_closed or not self._trickle_bytes_per_second:
            return
        self._loop.call_later(_TRICKLE_TICK_S, self._drip)
        for _ in range(max(1, round(self._trickle_bytes_per_second * _TRICKLE_TICK_S))):
            if not self._backlog:
                return
            piece = self._backlog[0]
            try:
                self._sock.send(piece[:1])
            except BlockingIOError:
                return
            except OSError:
                self.close()
                return
            self._sent(piece, 1)

    def _readable(self) -> None:
        try:
            received = self._sock.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        if not received:
            self.close()
            return
        self._incoming += received
        try:
            while not self.is_closed and (request := take_request(self._incoming)):
                self._serve(self, request)
        except MediaError:
            self.close()
