"""Reads the tracks of a session that come as UDP datagrams.

Datagrams are laid one behind the other as if they had come interleaved on TCP, in the
order of their numbers, and are read from there in the same way.
"""

import random
import socket
from dataclasses import dataclass, field

from nvr.base.model import SECOND_US
from nvr.ingest.port_pair import PortPair
from nvr.ingest.receive_buffer import BUFFER_BYTES, shared_buffer
from nvr.media import rtcp
from nvr.media.interleaved import DOLLAR, FRAME_HEAD_BYTES, LARGEST_FRAME, Scanner
from nvr.media.reordering import MOST_HELD_BYTES, Reordering
from nvr.media.rtp import HEADER_BYTES
from nvr.media.tally import Tally

MOST_DATAGRAMS = 20_000
"""Of one track in one visit: what comes faster waits for the next, or is lost."""
MOST_REPORTS = 100
REPORT_EACH_US = 5 * SECOND_US
_FULL = BUFFER_BYTES - 2 * (MOST_HELD_BYTES + LARGEST_FRAME)


@dataclass(slots=True)
class DatagramTrack:
    """One track: its ports, the channels it is read as, and how it has come."""

    pair: PortPair
    channel: int
    control_channel: int
    order: Reordering = field(default_factory=Reordering)
    last_report: int = 0
    last_report_us: int = 0
    told_expected: int = 0
    told_received: int = 0


class Datagrams:
    """The tracks of one session. The first one is its video."""

    def __init__(
        self, tracks: list[DatagramTrack], *, scanner: Scanner, tally: Tally
    ) -> None:
        self._tracks = tracks
        self._scanner = scanner
        self._tally = tally
        self._ours = random.getrandbits(32)
        self._report_due_us = 0

    def fileno(self) -> int:
        """Readable when something of the video has come."""
        return self._tracks[0].pair.media.fileno()

    def read(self, mono_us: int) -> int:
        """Read all that has come, and report now and then. Returns the bytes."""
        total = 0
        for track in self._tracks:
            total += self._read_media(track, mono_us)
            total += self._read_reports(track, mono_us)
        if mono_us >= self._report_due_us:
            self._report_due_us = mono_us + REPORT_EACH_US
            for track in self._tracks:
                self._report(track, mono_us)
        return total

    def close(self) -> None:
        for track in self._tracks:
            track.pair.close()

    def _read_media(self, track: DatagramTrack, mono_us: int) -> int:
        buffer, view = shared_buffer()
        sock, order = track.pair.media, track.order
        at = total = 0
        for _ in range(MOST_DATAGRAMS):
            size = self._receive(sock, view[at:], track, track.channel, HEADER_BYTES)
            if size < 0:
                break
            if size:
                total += size
                at = order.take(buffer, at, at + FRAME_HEAD_BYTES + size, mono_us)
                if at > _FULL:
                    self._scanner.scan(buffer, 0, at)
                    at = 0
        at = order.give_up(buffer, at, mono_us)
        if at:
            self._scanner.scan(buffer, 0, at)
        return total

    def _read_reports(self, track: DatagramTrack, mono_us: int) -> int:
        buffer, view = shared_buffer()
        total = 0
        for _ in range(MOST_REPORTS):
            size = self._receive(
                track.pair.control, view, track, track.control_channel, 8
            )
            if size < 0:
                break
            if size:
                total += size
                stop = FRAME_HEAD_BYTES + size
                if told := rtcp.middle_of_time(buffer, FRAME_HEAD_BYTES, stop):
                    track.last_report, track.last_report_us = told, mono_us
                self._scanner.scan(buffer, 0, stop)
        return total

    def _receive(
        self,
        sock: socket.socket,
        view: memoryview,
        track: DatagramTrack,
        channel: int,
        least: int,
    ) -> int:
        """One datagram as an interleaved frame at the start of `view`. Returns its
        bytes, 0 when it is of no use, -1 when there is none."""
        try:
            size, source = sock.recvfrom_into(view[FRAME_HEAD_BYTES:LARGEST_FRAME])
        except BlockingIOError:
            return -1
        except OSError:
            # An ICMP answer to something of ours; the datagrams behind it wait.
            return 0
        if source[0] != track.pair.peer_host or size < least:
            self._tally.irregular_frames += 1
            return 0
        view[0], view[1], view[2], view[3] = DOLLAR, channel, size >> 8, size & 0xFF
        return size

    def _report(self, track: DatagramTrack, mono_us: int) -> None:
        order = track.order
        if not order.source:
            track.pair.punch()
            return
        expected = order.expected - track.told_expected
        received = order.received - track.told_received
        track.told_expected, track.told_received = order.expected, order.received
        share = (expected - received) / expected if expected > 0 else 0.0
        track.pair.report(
            rtcp.receiver_report(
                ours=self._ours,
                source=order.source,
                share_lost=share,
                lost=order.expected - order.received,
                highest=order.highest,
                last_report=track.last_report,
                since_report_us=mono_us - track.last_report_us,
            )
        )
