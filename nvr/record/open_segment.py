"""The file that a stream is being written to, as its recording sees it."""

import asyncio
from dataclasses import dataclass

from nvr.base.clock import Clock
from nvr.base.model import AccessUnit, Segment, SegmentState, VolumeId
from nvr.media.fragment import Fragment, TrackRun
from nvr.record.assembly import Assembler
from nvr.record.recent import read_recent
from nvr.record.timebase import StreamTime
from nvr.store.volume_writer import SegmentSpec, VolumeWriter

RECENT_ATTEMPTS = 50
"""Looks at the file, 20 ms apart, until the writer has written what it was handed."""


@dataclass(slots=True)
class OpenSegment:
    """`cut_us` is the wall time from which it may end, `end_us` how far it goes."""

    spec: SegmentSpec
    volume_id: VolumeId
    writer: VolumeWriter
    assembler: Assembler
    cut_us: int
    end_us: int
    number: int = 0
    size_bytes: int = 0

    def row(self) -> Segment:
        """The segment as the catalogue first hears of it."""
        spec = self.spec
        return Segment(
            id=spec.id,
            camera_id=spec.camera_id,
            role=spec.role,
            run_id=spec.run_id,
            volume_id=self.volume_id,
            epoch=spec.epoch,
            state=SegmentState.OPEN,
            start_us=spec.start.wall_us,
            end_us=spec.start.wall_us,
            size_bytes=0,
            digest=b"",
        )

    def add_sound(self, unit: AccessUnit, time: StreamTime) -> None:
        assembler = self.assembler
        if assembler.audio_zero is None:
            assembler.audio_zero = time.audio_at(assembler.video_zero)
        assembler.add_audio(unit)

    def write(
        self,
        time: StreamTime,
        mono_us: int,
        next_timestamp: int | None,
        *,
        is_last: bool,
    ) -> bool:
        """Hand what is collected to the writer; False when it has no room.

        `next_timestamp` is of the picture that comes next, None when none does;
        `is_last`: it will not be in this segment.
        """
        if self.number == 0:
            self.assembler.settle_zero()
        video = self.assembler.take_video(next_timestamp)
        audio = self.assembler.take_audio(is_last=is_last)
        if video is None and audio is None:
            return True
        wall_us = end_us = self.end_us
        if video is not None:
            start = self.assembler.video_zero + video.base_time
            wall_us = time.video.wall_us(start)
            end_us = time.video.wall_us(start + sum(video.durations))
        fragment = Fragment(self.number + 1, wall_us, mono_us, video, audio)
        if not self.writer.append(self.spec.id, fragment):
            return False
        self.number += 1
        self.end_us = end_us
        self.size_bytes += _payload_bytes(video) + _payload_bytes(audio)
        time.discipline()
        return True

    async def recent_units(self, clock: Clock) -> list[AccessUnit]:
        """What came since the last key frame; empty if not to be had in a second."""
        assembler = self.assembler
        pending = assembler.pending_units
        if pending and pending[0].is_key:
            return pending
        path = self.writer.volume.segment_path(
            self.spec.camera_id, self.spec.start.wall_us, self.spec.id
        )
        written = self.number
        for _ in range(RECENT_ATTEMPTS):
            units = await asyncio.to_thread(
                read_recent,
                path,
                fragments=written,
                video_zero=assembler.video_zero,
                audio_zero=assembler.audio_zero or 0,
            )
            if units is not None:
                return units + pending
            await clock.sleep(0.02)
        return []


def _payload_bytes(track: TrackRun | None) -> int:
    return sum(map(len, track.payloads)) if track is not None else 0
