"""A listening socket that can be closed and opened again on the same port."""

import asyncio
import socket
from collections.abc import Callable


class Listener:
    """Hands each accepted, non-blocking socket on. Lives on the running loop."""

    def __init__(
        self, host: str, port: int, connected: Callable[[socket.socket], None]
    ) -> None:
        self.port = port
        self._host = host
        self._connected = connected
        self._sock: socket.socket | None = None

    def open(self) -> int:
        """Listen and return the port. A second call does nothing."""
        if self._sock is None:
            family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
            self._sock = socket.create_server(
                (self._host, self.port), family=family, backlog=1024
            )
            self._sock.setblocking(False)
            self.port = self._sock.getsockname()[1]
            asyncio.get_running_loop().add_reader(self._sock, self._accept)
        return self.port

    def close(self) -> None:
        """Refuse connections from now on."""
        if self._sock is not None:
            asyncio.get_running_loop().remove_reader(self._sock)
            self._sock.close()
            self._sock = None

    def _accept(self) -> None:
        while self._sock is not None:
            try:
                sock, _ = self._sock.accept()
            except BlockingIOError:
                return
            except OSError:
                return  # out of descriptors or gone already: the client will retry
            sock.setblocking(False)
            try:
                self._connected(sock)
            except OSError:
                sock.close()  # the client left between connect and accept
