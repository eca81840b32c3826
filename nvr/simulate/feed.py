"""One track of one stream, as it goes on in time whether or not anyone looks.

A feed knows which frame is due when and stamps it; it neither reads a clock nor sends.
Timestamps and sequence numbers go on over the seam of the loop and over every fault
that does not concern them.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from nvr.base.model import SECOND_US
from nvr.codec.loop import AudioLoop, VideoLoop
from nvr.simulate.packets import Frame, Mould, audio_moulds, cast, video_moulds

_WORD = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Reel:
    """A loop ready to be sent. Any number of feeds share one."""

    moulds: list[Mould]
    shown_at: list[int]
    is_key: list[bool]
    clock_rate: int
    ticks_per_frame: Fraction

    @property
    def interval_us(self) -> float:
        return float(self.ticks_per_frame / self.clock_rate * SECOND_US)


def video_reel(loop: VideoLoop, *, in_band: bool) -> Reel:
    """Pictures, 90 kHz."""
    return Reel(
        video_moulds(loop, in_band=in_band),
        [picture.shown_at for picture in loop.pictures],
        [picture.is_key for picture in loop.pictures],
        90_000,
        Fraction(90_000, loop.frames_per_second),
    )


def audio_reel(loop: AudioLoop) -> Reel:
    """Sound; each frame can be understood alone."""
    count = len(loop.frames)
    return Reel(
        audio_moulds(loop),
        list(range(count)),
        [True] * count,
        loop.clock_rate,
        Fraction(loop.samples_per_frame),
    )


class Receiver(Protocol):
    """Who gets the frames of a feed."""

    def deliver(self, frame: Frame, now_wall_us: int) -> None:
        """Send it, or count it as dropped."""
        ...

    def spoil(self, frame: Frame) -> None:
        """Send nonsense of the same size."""
        ...


@dataclass(slots=True)
class Twist:
    """What is wrong with a feed at the moment; as made here, nothing."""

    is_mute: bool = False
    ticks_ahead: int = 0
    slowness: float = 1.0  # 1.25: a frame each 50 ms is stamped as 40 ms


class Feed:
    """The frames of a track in the order and at the time they are due."""

    def __init__(
        self,
        reel: Reel,
        *,
        start_us: float,
        ssrc: int,
        sequence: int = 0,
        timestamp: int = 0,
    ) -> None:
        self.ssrc = ssrc
        self.sequence = sequence  # of the next packet
        self.twist = Twist()
        self.receivers: list[Receiver] = []
        self.wanted: Callable[[], None] = lambda: None  # somebody began to receive
        self.due_us = start_us  # of the next frame
        self._base = timestamp
        self._reel = reel
        self._home = reel
        self._number = 0  # of the next frame, over all loops
        self._reel_start = 0  # number of a frame with which the reel began
        self._is_going_home = False

    @property
    def clock_rate(self) -> int:
        return self._reel.clock_rate

    def show(self, reel: Reel | None) -> None:
        """Go on with another reel at once; None: back at its next key frame."""
        if reel is None:
            self._is_going_home = self._reel is not self._home
            return
        self._reel, self._reel_start = reel, self._number
        self._is_going_home = False

    def restart_clock(self, timestamp: int) -> None:
        """Let the next frame have this timestamp, as after a reboot."""
        self._base = timestamp - int(self._number * self._reel.ticks_per_frame)

    def add(self, receiver: Receiver, now_us: float) -> None:
        """Send to one more. Frames that nobody waited for are passed over."""
        if not self.receivers:
            self._skip_to(now_us)
            self.wanted()
        self.receivers.append(receiver)

    def next_timestamp(self) -> int:
        """Of the frame that is due next, in decoding order."""
        ticks = int(self._number * self._reel.ticks_per_frame)
        return self._base + ticks + self.twist.ticks_ahead & _WORD

    def timestamp_at(self, now_us: float) -> int:
        """The track's clock at an instant, for sender reports."""
        ahead = (now_us - self.due_us) * self._reel.clock_rate / SECOND_US
        return self.next_timestamp() + round(ahead) & _WORD

    def take(self) -> Frame:
        """The frame that is due, stamped; the next one is then due."""
        if self._is_going_home and self._home_index_is_key():
            self._reel, self._reel_start = self._home, 0
            self._is_going_home = False
        reel = self._reel
        index = (self._number - self._reel_start) % len(reel.moulds)
        mould = reel.moulds[index]
        shown = self._number + reel.shown_at[index] - index
        ticks = int(shown * reel.ticks_per_frame) + self.twist.ticks_ahead
        timestamp = self._base + ticks & _WORD
        packets = cast(mould, self.sequence, timestamp, self.ssrc)
        self.sequence = self.sequence + len(mould.offsets) & 0xFFFF
        self._number += 1
        self.due_us += self._interval_us()
        return Frame(
            index=index,
            timestamp=timestamp,
            is_key=reel.is_key[index],
            packets=packets,
            offsets=mould.offsets,
            payload_bytes=mould.payload_bytes,
        )

    def _skip_to(self, now_us: float) -> None:
        missed = math.ceil((now_us - self.due_us) / self._interval_us())
        if missed > 0:
            self._number += missed
            self.due_us += missed * self._interval_us()

    def _home_index_is_key(self) -> bool:
        return self._home.is_key[self._number % len(self._home.moulds)]

    def _interval_us(self) -> float:
        return self._reel.interval_us * self.twist.slowness
