"""Recordings for tests: numbered pictures in real segment files and a real catalogue.

Every picture carries its number, so that a test sees which ones a clip shows. Picture
`n` of a run is shown at the run's start plus `n` times the length of a picture.
"""

import queue
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from uuid import UUID

import av
import numpy as np

from nvr.base.model import (
    SECOND_US,
    VIDEO,
    AccessUnit,
    Camera,
    Codec,
    GapCause,
    Moment,
    Role,
    RunId,
    Segment,
    SegmentId,
    SegmentState,
    StreamFormat,
    VideoTrack,
    VolumeId,
)
from nvr.codec.strip import draw_strip, read_strip
from nvr.media.fragment import Fragment
from nvr.store.catalogue import Catalogue
from nvr.store.changes import (
    GapBegan,
    RunEnded,
    SegmentClosed,
    SegmentGrown,
    SegmentOpened,
)
from nvr.store.schema import upgrade
from nvr.store.vault import Vault
from nvr.store.volume import Volume
from nvr.store.volume_writer import (
    SegmentEnded,
    SegmentSpec,
    VolumeWriter,
    WriterFailed,
    WriterReport,
)
from tests import clips
from tests.fakes import FakeClock

START_US = 1_795_000_000_000_000
RATE = 25
PICTURE_US = SECOND_US // RATE
SIZE = (320, 192)
_ENCODERS = {Codec.H264: "libx264", Codec.H265: "libx265"}


@dataclass
class Recording:
    """One camera's footage, written by the volume's own writer."""

    catalogue: Catalogue
    camera: Camera
    volume: Volume
    writer: VolumeWriter
    reports: "queue.SimpleQueue[WriterReport]"
    epoch: int
    segments: list[Segment] = field(default_factory=list)
    waiting: list[Fragment] = field(default_factory=list)

    @property
    def volumes(self) -> dict[VolumeId, Volume]:
        return {self.volume.id: self.volume}

    def run(
        self,
        clip: clips.Clip,
        *,
        start_us: int = START_US,
        keys_per_segment: int = 3,
        stays_open: bool = False,
        held_back: int = 0,
    ) -> None:
        """Record a clip without a gap; the last segment may be left open.

        Of an open one, the last `held_back` fragments are written by `go_on`.
        """
        parts = list(split(clip, keys_per_segment))
        for n, (part, zero) in enumerate(parts):
            begins_us = start_us + zero * SECOND_US // clips.VIDEO_RATE
            self._begin(part, begins_us, is_first=n == 0)
            if stays_open and n == len(parts) - 1:
                made = self.waiting
                self.waiting = made[len(made) - held_back :]
                self._append(made[: len(made) - held_back])
            else:
                self.close()
        if not stays_open:
            run = self.segments[-1]
            ended = RunEnded(run.run_id, self.camera.id, Role.MAIN, run.end_us)
            self.catalogue.apply([ended])

    def gap(self, start_us: int, cause: GapCause) -> None:
        """Say why there is nothing from an instant on."""
        self.catalogue.apply([GapBegan(self.camera.id, Role.MAIN, start_us, cause)])

    def go_on(self) -> None:
        """Write what was held back of the open segment."""
        made, self.waiting = self.waiting, []
        self._append(made)

    def close(self) -> None:
        """Close the open segment after all of its fragments."""
        self.go_on()
        segment = self.segments[-1]
        self.writer.close_segment(segment.id, segment.end_us)
        ended = self._wait(SegmentEnded)
        self.catalogue.apply(
            [SegmentClosed(segment.id, ended.end_us, ended.size_bytes, ended.digest)]
        )

    def path(self, segment: Segment) -> Path:
        return self.volume.segment_path(self.camera.id, segment.start_us, segment.id)

    def stop(self) -> None:
        assert self.writer.stop(10)
        self.volume.close()
        self.catalogue.close()

    def _begin(self, part: clips.Clip, start_us: int, *, is_first: bool) -> None:
        segment_id = SegmentId(self.catalogue.reserve_segment_ids(1)[0])
        run_id = RunId(segment_id) if is_first else self.segments[-1].run_id
        segment = Segment(
            id=segment_id,
            camera_id=self.camera.id,
            role=Role.MAIN,
            run_id=run_id,
            volume_id=self.volume.id,
            epoch=self.epoch,
            state=SegmentState.OPEN,
            start_us=start_us,
            end_us=start_us,
            size_bytes=0,
            digest=b"",
        )
        self.segments.append(segment)
        self.writer.open_segment(
            SegmentSpec(
                id=segment_id,
                camera_id=self.camera.id,
                role=Role.MAIN,
                run_id=run_id,
                epoch=self.epoch,
                node="test",
                format=part.format,
                start=Moment(start_us, start_us),
            )
        )
        self.catalogue.apply([SegmentOpened(segment)])
        self.waiting = clips.fragments(part, every=20, wall_us=start_us)

    def _append(self, made: list[Fragment]) -> None:
        segment = self.segments[-1]
        for fragment in made:
            assert self.writer.append(segment.id, fragment)
            assert fragment.video is not None
            ticks = sum(fragment.video.durations)
            end_us = fragment.wall_us + ticks * SECOND_US // clips.VIDEO_RATE
            segment = replace(segment, end_us=end_us)
        self.segments[-1] = segment
        while self.writer.queued_bytes:
            time.sleep(0.0005)
        self.catalogue.apply([SegmentGrown(segment.id, segment.end_us, 1)])

    def _wait(self, kind: type[SegmentEnded]) -> SegmentEnded:
        while True:
            report = self.reports.get(timeout=10)
            assert not isinstance(report, WriterFailed)
            if isinstance(report, kind):
                return report


def make_recording(path: Path) -> Recording:
    """An empty catalogue with one camera, and a volume with its writer."""
    url = f"sqlite:///{path / 'catalogue.db'}"
    upgrade(url)
    clock = FakeClock(START_US - SECOND_US)
    vault = Vault.open_file(path / "secret.key")
    catalogue = Catalogue(url, clock=clock, vault=vault)
    camera = catalogue.add_camera(name="Gate: Nörth/1", url="rtsp://10.0.0.1/main")
    volume = Volume.open(path / "volume", node="test")
    catalogue.register_volume(volume.id, volume.path)
    epoch = catalogue.begin_epoch(clock.now(), str(UUID(int=0)), "test")
    reports: queue.SimpleQueue[WriterReport] = queue.SimpleQueue()
    writer = VolumeWriter(
        volume=volume,
        clock=clock,
        sync_seconds=2,
        queue_bytes=1 << 30,
        report=reports.put,
    )
    writer.start()
    return Recording(catalogue, camera, volume, writer, reports, epoch)


def split(clip: clips.Clip, keys_per_segment: int) -> Iterator[tuple[clips.Clip, int]]:
    """The clip in parts that begin with key frames, each with times from zero on."""
    keys = [n for n, unit in enumerate(clip.video) if unit.is_key]
    starts = keys[::keys_per_segment]
    audio_rate = clip.format.audio.clock_rate if clip.format.audio else 1
    for start, end in zip(starts, [*starts[1:], len(clip.video)], strict=True):
        zero = clip.video[start].timestamp
        until = clip.video[end].timestamp if end < len(clip.video) else 1 << 60
        audio_zero = zero * audio_rate // clips.VIDEO_RATE
        audio_until = until * audio_rate // clips.VIDEO_RATE
        video = [
            u._replace(timestamp=u.timestamp - zero) for u in clip.video[start:end]
        ]
        audio = [
            u._replace(timestamp=u.timestamp - audio_zero)
            for u in clip.audio
            if audio_zero <= u.timestamp < audio_until
        ]
        yield clips.Clip(clip.format, video, audio), zero


@cache
def numbered(
    codec: Codec = Codec.H264,
    *,
    seconds: int = 8,
    b_frames: int = 0,
    audio: Codec | None = None,
    key_every: int = RATE,
    size: tuple[int, int] = SIZE,
    first: int = 0,
) -> clips.Clip:
    """Pictures with their numbers from `first` on, and sound if wanted."""
    context = av.CodecContext.create(_ENCODERS[codec], "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, RATE)
    context.framerate = Fraction(RATE)
    context.gop_size = key_every
    context.max_b_frames = b_frames
    common = f"keyint={key_every}:min-keyint={key_every}:scenecut=0:bframes={b_frames}"
    context.options = {"preset": "ultrafast", "forced-idr": "1"} | (
        {"x264-params": common}
        if codec is Codec.H264
        else {
            "x265-params": f"{common}:log-level=none:repeat-headers=1:open-gop=0:"
            "pools=1:frame-threads=1"
        }
    )
    packets = []
    for number in range(seconds * RATE):
        packets += context.encode(_picture(first + number, number, size))
    packets += context.encode(None)
    is_set = clips._is_set_264 if codec is Codec.H264 else clips._is_set_265
    sets: dict[bytes, None] = {}
    units = []
    for packet in packets:
        nals = clips.split_annex_b(bytes(packet))
        sets.update(dict.fromkeys(nal for nal in nals if is_set(nal)))
        assert packet.pts is not None
        time = packet.pts * clips.VIDEO_RATE // RATE
        payload = clips.to_lengths(bytes(packet))
        units.append(AccessUnit(VIDEO, time, payload, bool(packet.is_keyframe)))
    track = VideoTrack(codec, clips.VIDEO_RATE, tuple(sets), *size)
    if audio is None:
        return clips.Clip(StreamFormat(track), units, [])
    sound, heard = clips._encode_audio(audio, seconds)
    return clips.Clip(StreamFormat(track, sound), units, heard)


def _picture(number: int, pts: int, size: tuple[int, int]) -> av.VideoFrame:
    width, height = size
    rgb = np.full((height, width, 3), 96, np.uint8)
    rgb[: height // 2, number * 7 % width :] = (40, 90, 160)
    draw_strip(rgb, 1, number)
    frame = av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(format="yuv420p")
    frame.pts = pts
    return frame


def numbers_in(path: Path) -> list[int]:
    """The numbers of the pictures that a player shows of a file, in order."""
    with av.open(str(path)) as container:
        return [
            read_strip(frame.to_ndarray(format="gray"))[1]
            for frame in container.decode(video=0)
        ]
