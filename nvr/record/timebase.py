"""When, on the server's clock, a timestamp of a stream was.

Cameras stamp frames with a clock of their own that drifts, lies about its rate or
bursts after a connection. The server's clock rules: the mapping follows the stamps
exactly from picture to picture and is led back, fragment by fragment, to the time at
which pictures really arrive. What a network can do to an arrival is make it late, so
the earliest of recent arrivals is the one that is believed.
"""

from nvr.base.model import AUDIO, SECOND_US, VIDEO, Batch, Moment, StreamFormat

SLACK_US = 150_000
"""Difference taken for jitter and the rhythm of visits; followed very slowly."""
SLOW_STEP_US = 400
"""Followed per fragment within the slack: 500 ppm, the drift of a poor crystal."""
FAST_STEP_US = 250_000
"""Most that one fragment may be moved: a camera whose stamps run a quarter wrong."""
CLOCK_STEP_US = SECOND_US
"""A change between wall and monotonic clock that is not slewing: somebody set it."""


def correction_us(earliness_us: int) -> int:
    """How far to move the mapping, given by how much arrivals are later than mapped."""
    if abs(earliness_us) <= SLACK_US:
        return max(-SLOW_STEP_US, min(SLOW_STEP_US, earliness_us // 16))
    return max(-FAST_STEP_US, min(FAST_STEP_US, earliness_us // 4))


def is_clock_step(before: Moment, after: Moment) -> bool:
    """True when the wall clock moved against the monotonic one between two moments."""
    drift = (after.wall_us - before.wall_us) - (after.mono_us - before.mono_us)
    return abs(drift) > CLOCK_STEP_US


class Timebase:
    """Maps one track's timestamps to wall time. Not before the first `arrival`."""

    def __init__(self, clock_rate: int) -> None:
        self._rate = clock_rate
        self._anchor_ts = 0
        self._anchor_us: int | None = None
        self._lateness: list[int] = []

    @property
    def is_anchored(self) -> bool:
        return self._anchor_us is not None

    def arrival(self, newest_ts: int, wall_us: int) -> None:
        """Note that the unit stamped `newest_ts` was here at `wall_us`."""
        if self._anchor_us is None:
            self._anchor_ts, self._anchor_us = newest_ts, wall_us
        self._lateness.append(wall_us - self.wall_us(newest_ts))

    def wall_us(self, timestamp: int) -> int:
        """Wall time of a timestamp by the present mapping."""
        assert self._anchor_us is not None, "no arrival yet"
        return self._anchor_us + (timestamp - self._anchor_ts) * SECOND_US // self._rate

    def timestamp(self, wall_us: int) -> int:
        """The timestamp that the present mapping puts at `wall_us`."""
        assert self._anchor_us is not None, "no arrival yet"
        return self._anchor_ts + (wall_us - self._anchor_us) * self._rate // SECOND_US

    def not_before(self, timestamp: int, wall_us: int) -> None:
        """Move the mapping so that `timestamp` is not earlier than `wall_us`."""
        short = wall_us - self.wall_us(timestamp)
        if short > 0 and self._anchor_us is not None:
            self._anchor_us += short

    def discipline(self) -> None:
        """Lead the mapping towards the arrivals noted since the last call."""
        if self._anchor_us is not None and self._lateness:
            self._anchor_us += correction_us(min(self._lateness))
            self._lateness.clear()


class StreamTime:
    """The timebases of a stream's tracks for as long as its stamps hang together."""

    def __init__(self, form: StreamFormat) -> None:
        assert form.video is not None, "ingest gives no stream without video"
        self.video = Timebase(form.video.clock_rate)
        self.audio = Timebase(form.audio.clock_rate) if form.audio else None
        self._rates = _rates(form)

    def fits(self, form: StreamFormat) -> bool:
        """True when stamps of `form` count in the same units as before."""
        return self._rates == _rates(form)

    def note(self, batch: Batch) -> None:
        """Take the arrival of the newest unit of each track into account."""
        newest = [-1, -1]
        for unit in batch.units:
            if unit.timestamp > newest[unit.track]:
                newest[unit.track] = unit.timestamp
        wall_us = batch.arrived.wall_us
        if newest[VIDEO] >= 0:
            self.video.arrival(newest[VIDEO], wall_us)
        if newest[AUDIO] >= 0 and self.audio is not None:
            self.audio.arrival(newest[AUDIO], wall_us)

    def discipline(self) -> None:
        """Lead both tracks towards their arrivals; once per fragment."""
        self.video.discipline()
        if self.audio is not None:
            self.audio.discipline()

    def audio_at(self, video_timestamp: int) -> int | None:
        """The audio timestamp heard with a picture; None before any audio came."""
        if self.audio is None or not self.audio.is_anchored:
            return None
        return self.audio.timestamp(self.video.wall_us(video_timestamp))


def _rates(form: StreamFormat) -> tuple[int, int]:
    return (
        form.video.clock_rate if form.video else 0,
        form.audio.clock_rate if form.audio else 0,
    )
