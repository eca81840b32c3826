"""TLS on a non-blocking socket that is used like a plain one.

What the standard library tells by exceptions of its own - TLS wants to read or write
first - is told as a plain socket would: `BlockingIOError`.
"""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from typing import Any

_WANTS = (ssl.SSLWantReadError, ssl.SSLWantWriteError)
_LATER = errno.EAGAIN, "TLS needs more bytes first"


class TlsSocket(ssl.SSLSocket):
    """Reads until the kernel and the TLS layer are both empty, or the buffer is full,
    so that nothing that has come waits unseen for the next byte."""

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        view = memoryview(buffer)[: nbytes or None]
        received = 0
        while received < len(view):
            try:
                size = super().recv_into(view[received:], flags=flags)
            except OSError as error:
                if received:
                    break  # told again next time
                raise _plain(error) from error
            if not size:
                break
            received += size
        return received

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        try:
            received = super().recv(buflen, flags)
            while len(received) < buflen and self.pending():
                received += super().recv(buflen - len(received), flags)
        except OSError as error:
            raise _plain(error) from error
        return received

    def send(self, data: Any, flags: int = 0) -> int:
        try:
            return super().send(data, flags)
        except OSError as error:
            raise _plain(error) from error


def wrap(
    sock: socket.socket, context: ssl.SSLContext, *, server_name: str | None = None
) -> TlsSocket:
    """The connected, non-blocking socket with TLS on it; hands are not yet shaken.
    Without `server_name` this is the server's side. `sock` is used up."""
    context.sslsocket_class = TlsSocket
    # Without it a write could want to read first, which no caller waits for.
    context.options |= ssl.OP_NO_RENEGOTIATION
    wrapped = context.wrap_socket(
        sock,
        server_side=server_name is None,
        do_handshake_on_connect=False,
        server_hostname=server_name,
    )
    assert isinstance(wrapped, TlsSocket)
    return wrapped


async def shake_hands(sock: TlsSocket) -> None:
    """Agree with the other side. Raises `ssl.SSLError` or another `OSError`."""
    while True:
        try:
            sock.do_handshake()
        except ssl.SSLWantReadError:
            await _until_ready(sock, to_read=True)
        except ssl.SSLWantWriteError:
            await _until_ready(sock, to_read=False)
        else:
            return


async def send_all(sock: socket.socket, message: bytes) -> None:
    """Send all of it, whichever kind of socket this is."""
    if not isinstance(sock, TlsSocket):
        # The event loop's own way; it refuses sockets with TLS.
        await asyncio.get_running_loop().sock_sendall(sock, message)
        return
    while message:
        try:
            message = message[sock.send(message) :]
        except BlockingIOError:
            await _until_ready(sock, to_read=False)


async def receive(sock: socket.socket, most_bytes: int) -> bytes:
    """What has come, at least one byte; empty at the end."""
    if not isinstance(sock, TlsSocket):
        return await asyncio.get_running_loop().sock_recv(sock, most_bytes)
    while True:
        try:
            return sock.recv(most_bytes)
        except BlockingIOError:
            await _until_ready(sock, to_read=True)


async def _until_ready(sock: socket.socket, *, to_read: bool) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    descriptor = sock.fileno()

    def wake() -> None:
        if not ready.done():
            ready.set_result(None)

    stop: Callable[[int], bool]
    if to_read:
        loop.add_reader(descriptor, wake)
        stop = loop.remove_reader
    else:
        loop.add_writer(descriptor, wake)
        stop = loop.remove_writer
    try:
        await ready
    finally:
        stop(descriptor)


def _plain(error: OSError) -> OSError:
    return BlockingIOError(*_LATER) if isinstance(error, _WANTS) else error
