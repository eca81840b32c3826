"""How every stream of this process is doing, in numbers.

Rates are taken over the last few seconds; looking costs the recording nothing.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from nvr.base.clock import Clock
from nvr.base.model import SECOND_US, Moment
from nvr.record.recorder import Recorder, StreamKey
from nvr.record.stream_loop import StreamLoop

LOOK_SECONDS = 2.0
WINDOW = 4
"""Looks that a rate is taken over."""


@dataclass(frozen=True, slots=True)
class _Look:
    mono_us: int
    bytes: int
    units: int


@dataclass(slots=True)
class StatusBoard:
    """`watch` for ever; `rows` at any time."""

    recorder: Recorder
    clock: Clock
    _looks: dict[StreamKey, deque[_Look]] = field(default_factory=dict)

    async def watch(self) -> None:
        while True:
            self.look()
            await self.clock.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Note every stream's counters."""
        mono_us = self.clock.now().mono_us
        current: dict[StreamKey, deque[_Look]] = {}
        for key, stream in self.recorder.streams.items():
            session = stream.loop.session
            if session is None:
                continue
            looks = self._looks.get(key) or deque(maxlen=WINDOW)
            stats = session.stats
            if looks and stats.bytes < looks[-1].bytes:
                looks.clear()  # another session, another count
            looks.append(_Look(mono_us, stats.bytes, stats.pictures))
            current[key] = looks
        self._looks = current

    def rows(self) -> list[dict[str, Any]]:
        """One row for each stream, as the recorder's socket gives it."""
        now = self.clock.now()
        return [
            self._row(key, stream.loop, now)
            for key, stream in self.recorder.streams.items()
        ]

    def _row(self, key: StreamKey, loop: StreamLoop, now: Moment) -> dict[str, Any]:
        recording, session = loop.recording, loop.session
        segment, outage = recording.segment, recording.continuity.outage
        bytes_rate, units_rate = self._rates(key)
        row: dict[str, Any] = {
            "id": key[0],
            "role": key[1],
            "state": "recording" if segment is not None else loop.state,
            "cause": outage.cause if outage else None,
            "detail": outage.detail if outage else "",
            "since_us": now.wall_us - (now.mono_us - loop.since.mono_us),
            "bits_per_second": round(bytes_rate * 8),
            "frames_per_second": round(units_rate, 2),
            "reconnects": loop.reconnects,
            "queue_bytes": segment.writer.queued_bytes if segment else 0,
            "volume": segment.volume_id if segment else None,
        }
        if row["state"] == "recording" and segment is None:
            row["state"] = "connecting"
        if session is not None:
            video = session.format.video
            stats = session.stats
            row |= {
                "last_unit_us": now.wall_us - (now.mono_us - stats.last_unit_mono_us),
                "lost_packets": stats.lost_packets,
                "clock_offset_us": stats.camera_offset_us,
                "width": video.width if video else 0,
                "height": video.height if video else 0,
                "codec": video.codec if video else "",
            }
        return row

    def _rates(self, key: StreamKey) -> tuple[float, float]:
        looks = self._looks.get(key)
        if not looks or len(looks) < 2:
            return 0.0, 0.0
        first, last = looks[0], looks[-1]
        seconds = (last.mono_us - first.mono_us) / SECOND_US
        return (last.bytes - first.bytes) / seconds, (
            last.units - first.units
        ) / seconds
