"""Two UDP ports for a track's RTP and RTCP, an even one and the one above it."""

import socket
from contextlib import suppress
from dataclasses import dataclass

from nvr.base.errors import CameraUnreachable
from nvr.ingest.receive_buffer import enlarge_datagrams

_TRIES = 100
# What firewalls and address translators need to see before they let the camera's
# packets in: an empty RTP packet and an empty receiver report.
_EMPTY_PACKET = bytes((0x80,)) + bytes(11)
_EMPTY_REPORT = bytes((0x80, 201, 0, 1)) + bytes(4)


@dataclass(slots=True)
class PortPair:
    """Sockets that do not block. `server_ports` are the camera's, 0 while unknown."""

    media: socket.socket
    control: socket.socket
    peer_host: str
    server_ports: tuple[int, int] = (0, 0)

    @property
    def ports(self) -> tuple[int, int]:
        """Our own."""
        return self.media.getsockname()[1], self.control.getsockname()[1]

    def punch(self) -> None:
        """Let the camera's packets through what is in between."""
        self._send(self.media, _EMPTY_PACKET, self.server_ports[0])
        self.report(_EMPTY_REPORT)

    def report(self, packet: bytes) -> None:
        """Send RTCP to the camera, if it said where."""
        self._send(self.control, packet, self.server_ports[1])

    def close(self) -> None:
        self.media.close()
        self.control.close()

    def _send(self, sock: socket.socket, packet: bytes, port: int) -> None:
        if not port:
            return
        # A datagram may be lost; the next is sent in some seconds.
        with suppress(OSError):
            sock.sendto(packet, (self.peer_host, port))


def open_pair(connection: socket.socket) -> PortPair:
    """Free ports at the address that the camera is already talked to from."""
    host, peer_host = connection.getsockname()[0], connection.getpeername()[0]
    for _ in range(_TRIES):
        media = socket.socket(connection.family, socket.SOCK_DGRAM)
        control = socket.socket(connection.family, socket.SOCK_DGRAM)
        try:
            media.setblocking(False)
            control.setblocking(False)
            enlarge_datagrams(media)
            media.bind((host, 0))
            port = media.getsockname()[1]
            if port % 2 == 0:
                control.bind((host, port + 1))
                return PortPair(media, control, peer_host)
        except OSError:
            pass  # the port above is taken: another pair
        media.close()
        control.close()
    raise CameraUnreachable("This server has no free pair of UDP ports.")
