"""Units as small fragments for whoever watches a stream now.

A picture becomes a `moof` of its own, so that it can be shown as soon as it is here.
Only of streams with reordered pictures a few are kept back, until it is known in
which order they are shown.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from nvr.base.model import VIDEO, AccessUnit, StreamFormat
from nvr.media.fragment import Fragment, TrackRun
from nvr.media.mp4_write import fragment_header
from nvr.record.timebase import StreamTime


class LiveFragment(NamedTuple):
    """Bytes of one `moof` and its `mdat`. `wall_us` is of its first picture."""

    wall_us: int
    is_key: bool
    data: bytes


@dataclass(slots=True)
class LiveTime:
    """The media time that all viewers of one format share: where its zero is."""

    video_zero: int
    audio_zero: int | None = None


class LiveMuxer:
    """Turns units of one format into fragments on a shared media time."""

    def __init__(self, form: StreamFormat, zero: LiveTime) -> None:
        assert form.video is not None, "ingest gives no stream without video"
        self.format = form
        self._zero = zero
        self._number = 0
        self._newest = -1
        self._last_decoded: int | None = None
        self._usual = form.video.clock_rate // 25
        self._is_reordered = False
        self._pictures: list[AccessUnit] = []
        self._sound: list[AccessUnit] = []

    def add(self, units: list[AccessUnit], time: StreamTime) -> list[LiveFragment]:
        """Fragments that are complete now; what is kept back comes with later units."""
        ready: list[LiveFragment] = []
        for unit in units:
            if unit.track != VIDEO:
                self._sound.append(unit)
                continue
            if self._pictures and unit.timestamp > self._newest:
                ready.append(self._fragment(time))
            self._is_reordered |= unit.timestamp < self._newest
            self._newest = max(self._newest, unit.timestamp)
            self._pictures.append(unit)
            if not self._is_reordered:
                ready.append(self._fragment(time))
        return ready

    def group(self, units: list[AccessUnit], time: StreamTime) -> LiveFragment | None:
        """One fragment of all these units: the past that a new viewer begins with."""
        for unit in units:
            (self._pictures if unit.track == VIDEO else self._sound).append(unit)
        if not self._pictures:
            return None
        self._newest = max(unit.timestamp for unit in self._pictures)
        return self._fragment(time)

    def _fragment(self, time: StreamTime) -> LiveFragment:
        pictures, self._pictures = self._pictures, []
        sound, self._sound = self._sound, []
        self._number += 1
        video = self._video_run(pictures)
        audio = self._audio_run(sound, time) if sound else None
        wall_us = time.video.wall_us(pictures[0].timestamp)
        fragment = Fragment(self._number, wall_us, 0, video, audio)
        parts = [fragment_header(fragment), *video.payloads]
        if audio is not None:
            parts += audio.payloads
        return LiveFragment(wall_us, pictures[0].is_key, b"".join(parts))

    def _video_run(self, pictures: list[AccessUnit]) -> TrackRun:
        zero = self._zero.video_zero
        shown = [max(unit.timestamp - zero, 0) for unit in pictures]
        decoded = sorted(shown)
        # Decode times may not step back, whatever a camera stamps.
        if self._last_decoded is not None:
            decoded[0] = max(decoded[0], self._last_decoded + 1)
            self._usual = decoded[0] - self._last_decoded
        for i in range(1, len(decoded)):
            decoded[i] = max(decoded[i], decoded[i - 1] + 1)
        durations = [b - a for a, b in pairwise(decoded)]
        durations.append(durations[-1] if durations else self._usual)
        self._last_decoded = decoded[-1]
        composition = None
        if decoded != shown:
            composition = [s - d for s, d in zip(shown, decoded, strict=True)]
        return TrackRun(
            decoded[0],
            durations,
            composition,
            [unit.is_key for unit in pictures],
            [unit.payload for unit in pictures],
        )

    def _audio_run(self, sound: list[AccessUnit], time: StreamTime) -> TrackRun | None:
        if self._zero.audio_zero is None:
            self._zero.audio_zero = time.audio_at(self._zero.video_zero)
        zero = self._zero.audio_zero
        if zero is None:
            return None
        heard = [unit for unit in sound if unit.timestamp >= zero]
        if not heard:
            return None
        stamps = [unit.timestamp for unit in heard]
        durations = [max(b - a, 1) for a, b in pairwise(stamps)]
        durations.append(durations[-1] if durations else self._usual_sound(heard[-1]))
        return TrackRun(
            stamps[0] - zero,
            durations,
            None,
            [True] * len(heard),
            [unit.payload for unit in heard],
        )

    def _usual_sound(self, unit: AccessUnit) -> int:
        """An AAC frame is 1,024 samples; of G.711 every byte is one."""
        audio = self.format.audio
        return 1024 if audio is not None and audio.config else len(unit.payload)
