"""Memory and sockets that streams are received with."""

import socket
from functools import cache
from pathlib import Path

BUFFER_BYTES = 8 << 20
SOCKET_BYTES = 2 << 20
"""Holds a sweep and a key frame of a 16 Mbit/s camera, twice."""
_FORCED = getattr(socket, "SO_RCVBUFFORCE", 33)  # Linux; not named by Python
_LIMIT_FILE = Path("/proc/sys/net/core/rmem_max")


@cache
def shared_buffer() -> tuple[bytearray, memoryview]:
    """The one buffer that all sessions of the process read into, one after the other,
    each within one call of `visit` on the loop's thread. Nothing may keep a view of
    it beyond that."""
    buffer = bytearray(BUFFER_BYTES)
    return buffer, memoryview(buffer)


def enlarge(sock: socket.socket) -> None:
    """Let the kernel hold `SOCKET_BYTES` for a socket that is not connected yet.

    Where the system's limit is lower, asking would fix the size below what it grows
    to by itself (`tcp_rmem`, 6 MB), so nothing is asked.
    """
    if _largest_socket_bytes() >= SOCKET_BYTES:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BYTES)


def enlarge_datagrams(sock: socket.socket) -> None:
    """Let the kernel hold `SOCKET_BYTES` of datagrams, or as much as it allows: what
    does not fit between two visits is lost."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, _FORCED, SOCKET_BYTES)
    except OSError:  # we may not pass the system's limit
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BYTES)


@cache
def _largest_socket_bytes() -> int:
    try:
        return int(_LIMIT_FILE.read_text())
    except (OSError, ValueError):
        return 0
