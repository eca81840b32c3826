"""A camera's stream that plays: its bytes are read when the session is visited."""

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from nvr.base import tls_socket
from nvr.base.clock import Clock
from nvr.base.errors import (
    BadStream,
    CameraError,
    CameraLost,
    CameraSilent,
    MediaError,
)
from nvr.base.model import SECOND_US, Batch, StreamFormat
from nvr.ingest.datagrams import Datagrams
from nvr.ingest.dialogue import Dialogue
from nvr.ingest.keepalive import KeepAlive
from nvr.ingest.receive_buffer import shared_buffer
from nvr.media.camera_clock import ReportReceiver
from nvr.media.collector import Collector
from nvr.media.interleaved import Receiver, Scanner
from nvr.media.tally import Tally

MOST_READS = 4
"""In one visit: what fills the shared buffer more often waits for the next."""
MOST_PACKETS = 20_000
"""In one read. Real cameras send hundreds a second; so many hold up all others."""
LONGEST_WITHOUT_KEY_US = 10 * 60 * SECOND_US
_GOODBYE_S = 1.0
_DRAIN_BYTES = 64 << 10


@dataclass(slots=True)
class SessionStats(Tally):
    """Counters of one session, changed in place. `camera_offset_us` is the camera's
    clock minus ours, `None` while unknown; `last_unit_mono_us` is when the last whole
    picture came, or the session began."""

    bytes: int = 0
    last_unit_mono_us: int = 0
    camera_offset_us: int | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """What the dialogue found out, for those who ask."""

    server: str
    tracks_ignored: list[str]


class RtspSession:
    """One playing stream. All methods belong to one event loop's thread.

    `visit` never blocks and may be called as seldom as twice a second. Pictures come
    in `Batch`es whose `format` object changes when parameter sets do, and also, equal
    in value, when the camera's timestamps jumped: they go on by arrival time then.
    """

    def __init__(
        self,
        sock: socket.socket,
        *,
        dialogue: Dialogue,
        keepalive: KeepAlive,
        collector: Collector,
        receivers: Mapping[int, Receiver],
        reports: ReportReceiver,
        stats: SessionStats,
        offer: Offer,
        url: str,
        clock: Clock,
        silence_seconds: float,
        datagrams: Datagrams | None = None,
    ) -> None:
        self.stats = stats
        self.offer = offer
        self._socket = sock
        self._dialogue = dialogue
        self._keepalive = keepalive
        self._collector = collector
        self._reports = reports
        self._url = url
        self._clock = clock
        self._silence_seconds = silence_seconds
        self._datagrams = datagrams
        self._scanner = Scanner(receivers, on_text=keepalive.hear, tally=stats)
        self._kept: bytes | bytearray = dialogue.take_leftover()
        self._is_fresh = bool(self._kept)  # and not looked at yet
        self._unsent = b""
        self._pictures = 0
        self._ending: CameraError | None = None
        self._begun_us = stats.last_unit_mono_us = clock.now().mono_us

    @property
    def format(self) -> StreamFormat:
        """As of the last visit."""
        return self._collector.format

    def fileno(self) -> int:
        """Of where the pictures come."""
        return (self._datagrams or self._socket).fileno()

    def visit(self) -> list[Batch]:
        """Read what has come and return the whole units in it. Raises a `CameraError`
        when the stream is over, in the visit after the last units were returned."""
        self._raise_ending()
        arrived = self._clock.now()
        self._collector.arrived_us = arrived.mono_us
        self._reports.arrived_wall_us = arrived.wall_us
        for _ in range(MOST_READS):
            if not self._read():
                break
        if self._datagrams is not None:
            self.stats.bytes += self._datagrams.read(arrived.mono_us)
        self._look_after(arrived.mono_us)
        batches = [Batch(arrived, f, units) for f, units in self._collector.take()]
        if not batches:
            self._raise_ending()
        return batches

    async def close(self) -> None:
        """Say goodbye, so that the camera frees the session, within a second."""
        if self._datagrams is not None:
            self._datagrams.close()
        if self._socket.fileno() < 0:
            return
        try:
            async with asyncio.timeout(_GOODBYE_S):
                goodbye = self._dialogue.compose("TEARDOWN", self._url)
                await tls_socket.send_all(self._socket, self._unsent + goodbye)
                self._socket.shutdown(socket.SHUT_WR)
                # Closing with unread bytes would reset the connection, and the
                # camera would not read our goodbye.
                while await tls_socket.receive(self._socket, _DRAIN_BYTES):
                    pass
        except (OSError, TimeoutError, CameraError):
            pass  # it will find out by itself
        finally:
            self._socket.close()

    def _read(self) -> bool:
        """One read and what follows from it. True when there may be more at once."""
        buffer, view = shared_buffer()
        kept = len(self._kept)
        if kept:
            buffer[:kept] = self._kept
        received = self._receive(view[kept:])
        if not received and not self._is_fresh:
            return False
        self._is_fresh = False
        self.stats.bytes += received
        end = kept + received
        packets = self.stats.packets
        try:
            at = self._scanner.scan(buffer, 0, end)
        except MediaError as error:
            self._end(BadStream(f"The stream cannot be read: {error}."))
            return False
        self._kept = buffer[at:end]
        if self.stats.packets - packets > MOST_PACKETS:
            self._end(BadStream("The camera floods us with tiny packets."))
        return end == len(buffer)

    def _receive(self, view: memoryview) -> int:
        """The number of bytes read; 0 when there are none now or none any more."""
        try:
            received = self._socket.recv_into(view)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            self._end(CameraLost(f"The connection broke: {error.strerror or error}."))
            return 0
        if not received:
            self._end(CameraLost("The camera closed the connection."))
        return received

    def _look_after(self, mono_us: int) -> None:
        """What time demands: keep-alive, and an end when no pictures come."""
        stats = self.stats
        stats.camera_offset_us = self._reports.offset_us
        if stats.pictures != self._pictures:
            self._pictures = stats.pictures
            stats.last_unit_mono_us = mono_us
            if not stats.units and mono_us - self._begun_us > LONGEST_WITHOUT_KEY_US:
                self._end(BadStream("The camera has sent no key frame for 10 minutes."))
        elif mono_us - stats.last_unit_mono_us > self._silence_seconds * SECOND_US:
            self._end(CameraSilent(self._why_silent()))
        if self._unsent or mono_us >= self._keepalive.due_us:
            self._send(mono_us)

    def _why_silent(self) -> str:
        seconds = f"{self._silence_seconds:g} s"
        if self.stats.packets:
            return f"The camera has sent no whole picture for {seconds}."
        sentence = f"The camera accepted the session but has sent nothing for {seconds}"
        if self._datagrams is None:
            return f"{sentence}."
        return f"{sentence}; a firewall may keep its UDP packets out."

    def _send(self, mono_us: int) -> None:
        """Send what is due; what the socket does not take waits for the next visit."""
        message = self._unsent or self._keepalive.message(mono_us)
        try:
            sent = self._socket.send(message)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            return  # reading will tell, after what is still to be read
        self._unsent = message[sent:]

    def _raise_ending(self) -> None:
        if self._ending is not None:
            raise self._ending

    def _end(self, error: CameraError) -> None:
        if self._ending is None:
            self._ending = error
