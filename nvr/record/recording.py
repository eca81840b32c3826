"""One stream's footage in the making.

A `Recording` lives as long as its stream is to be recorded, over any number of
connections. It is given batches and losses, and tells a volume's writer what to put
into files and the catalogue what is and is not there. Everything happens on the event
loop and nothing waits: when the writer's queue is full, footage is dropped in whole
GOPs and accounted as a gap.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from nvr.base.clock import Clock
from nvr.base.errors import VolumeError
from nvr.base.model import (
    SECOND_US,
    VIDEO,
    AccessUnit,
    Batch,
    CameraId,
    GapCause,
    Moment,
    Role,
    SegmentId,
    StreamFormat,
    VolumeId,
)
from nvr.base.settings import RecorderSettings
from nvr.record.assembly import Assembler
from nvr.record.continuity import Continuity
from nvr.record.open_segment import OpenSegment
from nvr.record.rotation import next_cut_us, should_cut
from nvr.record.timebase import StreamTime, is_clock_step
from nvr.store.changes import SegmentOpened
from nvr.store.volume_writer import SegmentSpec, VolumeWriter

log = logging.getLogger(__name__)


class WriterChoice(Protocol):
    """Where new segments go."""

    def choose(self, camera_id: CameraId) -> tuple[VolumeId, VolumeWriter] | None:
        """The volume for a new segment; None while no volume can take one."""
        ...


class Audience(Protocol):
    """Whoever watches the stream as it comes."""

    def show(self, batch: Batch, time: StreamTime) -> None:
        """New units came, in a format that may be new too."""
        ...

    def offline(self, cause: GapCause, detail: str) -> None:
        """Nothing comes for the time being."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """What every segment of this process says of where it comes from."""

    node: str
    epoch: int


@dataclass(slots=True)
class Recording:
    """See the module."""

    camera_id: CameraId
    role: Role
    identity: Identity
    settings: RecorderSettings
    clock: Clock
    writers: WriterChoice
    audience: Audience
    continuity: Continuity
    next_id: Callable[[], SegmentId]

    segment: OpenSegment | None = None
    _format: StreamFormat | None = None
    _time: StreamTime | None = None
    _last_arrival: Moment | None = None
    _is_dropping: bool = False

    def take(self, batches: list[Batch]) -> None:
        """Record what a visit brought."""
        for batch in batches:
            time = self._follow(batch)
            for unit in batch.units:
                segment = self.segment
                if unit.track != VIDEO:
                    if segment is not None:
                        segment.add_sound(unit, time)
                # Nearly every picture: it belongs to the fragment that is collected.
                elif segment is None or not segment.assembler.add_if_room(unit):
                    self._take_picture(unit, batch, time)
            self.audience.show(batch, time)

    def lost(self, cause: GapCause, detail: str) -> None:
        """The connection ended, or an attempt at one failed."""
        self._finish_segment()
        self._format = self._time = self._last_arrival = None
        self.continuity.stop(cause, detail)
        self.audience.offline(cause, detail)

    def writer_failed(self, ids: frozenset[SegmentId], error: VolumeError) -> None:
        """The writer gave these segments up; the next key frame begins another."""
        segment = self.segment
        if segment is None or segment.spec.id not in ids:
            return
        self.segment = None
        self._is_dropping = True
        # What of this file is good will be known when it has been verified.
        continuity = self.continuity
        continuity.end_us = max(continuity.end_us, segment.spec.start.wall_us)
        continuity.stop(GapCause.DISK, str(error))

    async def recent_units(self) -> list[AccessUnit]:
        """What came since the last key frame, for somebody who begins to watch."""
        if self.segment is None:
            return []
        return await self.segment.recent_units(self.clock)

    def _take_picture(self, unit: AccessUnit, batch: Batch, time: StreamTime) -> None:
        """A picture that ends the fragment before it, or begins a segment."""
        if self.segment is not None:
            self._end_fragment(self.segment, unit, time)
        segment = self.segment
        if segment is None:
            segment = self._open(unit, batch, time)
        if segment is not None:
            segment.assembler.add_video(unit)

    def _end_fragment(
        self, segment: OpenSegment, following: AccessUnit, time: StreamTime
    ) -> None:
        """Write what is collected, and end the segment if its time has come."""
        is_last = should_cut(
            wall_us=time.video.wall_us(following.timestamp),
            cut_us=segment.cut_us,
            size_bytes=segment.size_bytes,
            is_key=following.is_key,
        )
        self._write(segment, time, following.timestamp, is_last=is_last)
        if is_last and self.segment is not None:
            self._close(segment)

    def _write(
        self,
        segment: OpenSegment,
        time: StreamTime,
        next_timestamp: int | None,
        *,
        is_last: bool,
    ) -> None:
        mono_us = self.clock.now().mono_us
        if segment.write(time, mono_us, next_timestamp, is_last=is_last):
            return
        log.warning(
            "%s/%s: the volume is too slow, footage is dropped until it catches up",
            self.camera_id,
            self.role,
        )
        self._close(segment)
        self._is_dropping = True
        self.continuity.stop(GapCause.DISK, "the volume is too slow")

    def _open(
        self, unit: AccessUnit, batch: Batch, time: StreamTime
    ) -> OpenSegment | None:
        """A segment that begins with `unit`; None while it cannot be."""
        continuity = self.continuity
        if continuity.run_id is None and not unit.is_key:
            return None  # a run begins with a picture that can be decoded
        chosen = self.writers.choose(self.camera_id)
        if chosen is None or (self._is_dropping and not chosen[1].has_room):
            continuity.stop(GapCause.DISK, "no volume can take footage")
            return None
        self._is_dropping = False
        time.video.not_before(unit.timestamp, continuity.earliest_us)
        spec = self._spec(unit, batch, time)
        segment = OpenSegment(
            spec=spec,
            volume_id=chosen[0],
            writer=chosen[1],
            assembler=self._assembler(unit, batch.format),
            cut_us=self._cut_us(spec.start.wall_us),
            end_us=spec.start.wall_us,
        )
        segment.writer.open_segment(spec)
        continuity.submit(SegmentOpened(segment.row()))
        self.segment = segment
        return segment

    def _spec(self, first: AccessUnit, batch: Batch, time: StreamTime) -> SegmentSpec:
        segment_id = self.next_id()
        return SegmentSpec(
            id=segment_id,
            camera_id=self.camera_id,
            role=self.role,
            run_id=self.continuity.go_on(segment_id),
            epoch=self.identity.epoch,
            node=self.identity.node,
            format=batch.format,
            start=Moment(time.video.wall_us(first.timestamp), batch.arrived.mono_us),
        )

    def _assembler(self, first: AccessUnit, form: StreamFormat) -> Assembler:
        assert form.video is not None, "ingest gives no stream without video"
        # Footage waits in memory for a fragment and in the socket for a visit: both
        # together are what a crash may cost.
        longest_ms = max(self.settings.fragment_ms - self.settings.sweep_ms, 100)
        return Assembler(
            longest_ticks=longest_ms * form.video.clock_rate // 1000,
            video_zero=first.timestamp,
            video_rate=form.video.clock_rate,
            audio_rate=form.audio.clock_rate if form.audio else 1,
        )

    def _cut_us(self, start_us: int) -> int:
        length_us = self.settings.segment_seconds * SECOND_US
        return next_cut_us(self.camera_id, self.role, start_us, length_us)

    def _finish_segment(self) -> None:
        """Write what is collected and close; nothing more comes for this segment."""
        if self.segment is not None and self._time is not None:
            self._write(self.segment, self._time, None, is_last=True)
        if self.segment is not None:
            self._close(self.segment)

    def _close(self, segment: OpenSegment) -> None:
        segment.writer.close_segment(segment.spec.id, segment.end_us)
        self.continuity.end_us = segment.end_us
        self.segment = None

    def _follow(self, batch: Batch) -> StreamTime:
        """Keep format and time in step with what arrives."""
        if self._last_arrival and is_clock_step(self._last_arrival, batch.arrived):
            self._clock_was_set(self._last_arrival, batch.arrived)
        self._last_arrival = batch.arrived
        if batch.format is not self._format:
            self._finish_segment()
            self._format = batch.format
        if self._time is None or not self._time.fits(batch.format):
            self._time = StreamTime(batch.format)
        self._time.note(batch)
        return self._time

    def _clock_was_set(self, before: Moment, after: Moment) -> None:
        step_us = (after.wall_us - before.wall_us) - (after.mono_us - before.mono_us)
        step_s = step_us / SECOND_US
        log.warning("%s/%s: clock set by %+.1f s", self.camera_id, self.role, step_s)
        self._finish_segment()
        detail = f"the server's clock was set by {step_s:+.1f} s"
        self.continuity.stop(GapCause.CLOCK, detail)
        self._time = None
        if step_us < 0:
            self.continuity.forget_time()
