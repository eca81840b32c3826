"""A virtual camera at work: its feeds, its sessions and what is wrong with it now."""

import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from nvr.base.model import AUDIO, VIDEO, Moment, Role
from nvr.codec.loop import AudioLoop, VideoLoop
from nvr.simulate.auth import Doorkeeper
from nvr.simulate.camera import VirtualCamera
from nvr.simulate.faults import ENDS_SESSIONS, Fault, FaultKind
from nvr.simulate.feed import Feed, Reel
from nvr.simulate.packets import Frame
from nvr.simulate.rtcp import sender_report
from nvr.simulate.session import Session


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream's loops and feeds, by track."""

    video: VideoLoop
    audio: AudioLoop | None
    feeds: dict[int, Feed]


class Device:
    """Holds one camera's state. Decides nothing about time: it is told."""

    def __init__(self, camera: VirtualCamera, streams: dict[Role, Stream]) -> None:
        self.camera = camera
        self.streams = streams
        self.sessions: dict[str, Session] = {}
        self.faults: dict[FaultKind, Fault] = {}
        self.doorkeeper = Doorkeeper()
        # The same faults lose the same packets in each run.
        self._chance = random.Random(zlib.crc32(camera.name.encode()))

    def feeds(self) -> Iterator[Feed]:
        """Every track of every stream."""
        for stream in self.streams.values():
            yield from stream.feeds.values()

    def emit(self, feed: Feed, now: Moment) -> None:
        """Send the frame that is due to whoever is to get it."""
        frame = feed.take()
        if self.faults:
            self._emit_wrongly(feed, frame, now)
            return
        for receiver in feed.receivers[:]:
            receiver.deliver(frame, now.wall_us)

    def _emit_wrongly(self, feed: Feed, frame: Frame, now: Moment) -> None:
        if feed.twist.is_mute or self.faults.keys() & {
            FaultKind.STALL,
            FaultKind.HALF_OPEN,
        }:
            return
        if FaultKind.GARBAGE in self.faults:
            for receiver in feed.receivers[:]:
                receiver.spoil(frame)
            return
        if FaultKind.LOSS in self.faults:
            share = self.faults[FaultKind.LOSS].value
            places = range(len(frame.offsets))
            frame = frame.without({p for p in places if self._chance.random() < share})
        for receiver in feed.receivers[:]:
            receiver.deliver(frame, now.wall_us)

    def begin(self, fault: Fault, other_reels: dict[Role, Reel]) -> None:
        """Go wrong from now on. `other_reels`: what the kind shows instead."""
        self.faults[fault.kind] = fault
        for role, stream in self.streams.items():
            video = stream.feeds[VIDEO]
            _twist(video, fault, stream.video.frames_per_second)
            if role in other_reels:
                video.show(other_reels[role])
            if AUDIO in stream.feeds:
                _twist(stream.feeds[AUDIO], fault, stream.video.frames_per_second)
                if fault.kind is FaultKind.LATE_AUDIO:
                    stream.feeds[AUDIO].twist.is_mute = True
        for session in list(self.sessions.values()):
            if fault.kind is FaultKind.TRICKLE:
                session.connection.trickle(fault.value)
            if fault.kind in ENDS_SESSIONS:
                session.connection.close()

    def end(self, kind: FaultKind) -> None:
        """Be right again, as far as this kind goes."""
        if self.faults.pop(kind, None) is None:
            return
        for feed in self.feeds():
            if kind is FaultKind.JUMP:
                feed.twist.ticks_ahead = 0
            elif kind is FaultKind.SLOW:
                feed.twist.slowness = 1.0
            elif kind is FaultKind.LATE_AUDIO:
                feed.twist.is_mute = False
            elif kind in (FaultKind.RESOLUTION, FaultKind.LONG_GOP):
                feed.show(None)
        for session in list(self.sessions.values()):
            if kind is FaultKind.TRICKLE:
                session.connection.trickle(0)
            if kind is FaultKind.HALF_OPEN:
                session.connection.close()

    def report(self, session: Session, now: Moment) -> None:
        """Send an RTCP sender report for each track that plays."""
        session.reported_us = now.mono_us
        stream = self.streams[session.role]
        for track, receiver in session.receivers.items():
            if receiver.is_playing:
                feed = stream.feeds[track]
                packet = sender_report(
                    ssrc=feed.ssrc,
                    wall_us=now.wall_us + self.camera.clock_offset_us,
                    timestamp=feed.timestamp_at(now.mono_us),
                    packets=receiver.packets,
                    octets=receiver.octets,
                )
                receiver.report(packet)

    def play(self, session: Session, now: Moment) -> None:
        """Let frames flow to a session's tracks."""
        stream = self.streams[session.role]
        for track, receiver in session.receivers.items():
            if not receiver.is_playing:
                receiver.is_playing = True
                stream.feeds[track].add(receiver, now.mono_us)
        if FaultKind.TRICKLE in self.faults:
            session.connection.trickle(self.faults[FaultKind.TRICKLE].value)

    def pause(self, session: Session) -> None:
        """Stop the flow; the session stays."""
        stream = self.streams[session.role]
        for track, receiver in session.receivers.items():
            if receiver.is_playing:
                receiver.is_playing = False
                stream.feeds[track].receivers.remove(receiver)

    def forget(self, session: Session) -> None:
        """The session is over."""
        if self.sessions.pop(session.id, None) is not None:
            self.pause(session)
            for receiver in session.receivers.values():
                receiver.close()


def _twist(feed: Feed, fault: Fault, frames_per_second: int) -> None:
    if fault.kind is FaultKind.JUMP:
        feed.twist.ticks_ahead = round(fault.value * feed.clock_rate)
    elif fault.kind is FaultKind.WRAP:
        feed.restart_clock((1 << 32) - round(fault.value * feed.clock_rate))
    elif fault.kind is FaultKind.SLOW:
        feed.twist.slowness = frames_per_second / fault.value


def first_due_us(now_us: int, place: int, interval_us: float) -> float:
    """When a feed begins: cameras are spread evenly over one frame interval."""
    # The golden ratio spreads any number of them without gaps or heaps.
    return now_us + place * 0.618_034 % 1 * interval_us
