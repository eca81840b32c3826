"""An RTSP session: which tracks go where, and an exact account of what was sent."""

import random
import socket
from collections import deque
from contextlib import suppress
from typing import NamedTuple

from nvr.base.model import AUDIO, VIDEO, Role
from nvr.simulate.connection import Connection
from nvr.simulate.packets import Frame

LOG_FRAMES = 100_000
"""Frames a session remembers: more than an hour."""


class Sent(NamedTuple):
    """One picture that was sent whole."""

    picture: int  # number in the loop, in decoding order
    timestamp: int  # RTP, 32 bits
    wall_us: int


class TrackReceiver:
    """Where one track goes. It starts at a key frame, and again after loss."""

    def __init__(self, *, keeps_log: bool) -> None:
        self.is_playing = False
        self.frames_sent = 0
        self.frames_dropped = 0
        self.packets = 0
        self.octets = 0
        self.log: deque[Sent] | None = deque(maxlen=LOG_FRAMES) if keeps_log else None
        self._waits_for_key = True

    def deliver(self, frame: Frame, now_wall_us: int) -> None:
        """Send, or count as dropped."""
        if self._waits_for_key:
            if not frame.is_key:
                self.frames_dropped += self.frames_sent > 0
                return
            self._waits_for_key = False
        if not self._send(frame):
            self.frames_dropped += 1
            self._waits_for_key = True
            return
        self.frames_sent += 1
        self.packets += len(frame.offsets)
        self.octets += frame.payload_bytes
        if self.log is not None:
            self.log.append(Sent(frame.index, frame.timestamp, now_wall_us))

    def _send(self, frame: Frame) -> bool:
        raise AssertionError("a receiver must say how it sends")

    def report(self, packet: bytes) -> None:
        """Send an RTCP packet."""

    def spoil(self, frame: Frame) -> None:
        """Send as many bytes as the frame has, but meaningless ones."""

    def close(self) -> None:
        """Give back what belongs to this track alone."""


class InterleavedReceiver(TrackReceiver):
    """Frames go into the RTSP connection itself."""

    def __init__(
        self, connection: Connection, channel: int, *, keeps_log: bool
    ) -> None:
        super().__init__(keeps_log=keeps_log)
        self._connection = connection
        self._channel = channel

    def _send(self, frame: Frame) -> bool:
        return self._connection.send(frame.interleaved(self._channel))

    def report(self, packet: bytes) -> None:
        framing = bytes((0x24, self._channel + 1)) + len(packet).to_bytes(2, "big")
        self._connection.send(framing + packet)

    def spoil(self, frame: Frame) -> None:
        self._connection.send(random.randbytes(len(frame.interleaved(0))))


class DatagramReceiver(TrackReceiver):
    """Frames go out over UDP from an even port, RTCP from the odd one above it."""

    def __init__(
        self,
        local_host: str,
        peer_host: str,
        ports: tuple[int, int],
        *,
        keeps_log: bool,
    ) -> None:
        super().__init__(keeps_log=keeps_log)
        self._media, self._control = _pair_of_sockets(local_host)
        self._media.connect((peer_host, ports[0]))
        self._control.connect((peer_host, ports[1]))

    @property
    def ports(self) -> tuple[int, int]:
        """Our own, for the answer to SETUP."""
        return self._media.getsockname()[1], self._control.getsockname()[1]

    def heard(self) -> bool:
        """Whether the client sent a receiver report since the last question."""
        was_heard = False
        # ECONNREFUSED is how an earlier packet's ICMP answer is told: not heard.
        with suppress(OSError):
            while self._control.recv(2048):
                was_heard = True
        return was_heard

    def _send(self, frame: Frame) -> bool:
        # A network may lose datagrams, so a full buffer loses them too.
        with suppress(OSError):
            for packet in frame.datagrams():
                self._media.send(packet)
        return True

    def report(self, packet: bytes) -> None:
        with suppress(OSError):
            self._control.send(packet)

    def spoil(self, frame: Frame) -> None:
        with suppress(OSError):
            self._media.send(random.randbytes(min(1400, frame.payload_bytes)))

    def close(self) -> None:
        self._media.close()
        self._control.close()


class Session:
    """One client's view of one stream."""

    def __init__(
        self, *, id: str, camera: str, role: Role, connection: Connection, now_us: int
    ) -> None:
        self.id = id
        self.camera = camera
        self.role = role
        self.connection = connection
        self.receivers: dict[int, TrackReceiver] = {}
        self.last_heard_us = now_us
        self.reported_us = 0

    @property
    def frames_sent(self) -> int:
        """Pictures that were sent whole."""
        return self.receivers[VIDEO].frames_sent if VIDEO in self.receivers else 0

    @property
    def frames_dropped(self) -> int:
        """Pictures that this client lost by not reading."""
        return self.receivers[VIDEO].frames_dropped if VIDEO in self.receivers else 0

    @property
    def audio_frames_sent(self) -> int:
        """Sound frames that were sent whole."""
        return self.receivers[AUDIO].frames_sent if AUDIO in self.receivers else 0

    @property
    def sent(self) -> list[Sent]:
        """The pictures that were sent whole, oldest first; empty without a log."""
        receiver = self.receivers.get(VIDEO)
        return list(receiver.log) if receiver and receiver.log else []


def _pair_of_sockets(host: str) -> tuple[socket.socket, socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(100):
        media = socket.socket(family, socket.SOCK_DGRAM)
        control = socket.socket(family, socket.SOCK_DGRAM)
        media.setblocking(False)
        control.setblocking(False)
        try:
            media.bind((host, 0))
            port = media.getsockname()[1]
            if port % 2 == 0:
                control.bind((host, port + 1))
                return media, control
        except OSError:
            pass  # the port above is taken: try another pair
        media.close()
        control.close()
    raise OSError("no pair of free UDP ports")
