"""Recordings for tests: numbered pictures in real segment files and a real catalogue.

Every picture carries its number, so that a test sees which ones a clip shows. Picture
`n` of a run is shown at the run's start plus `n` times the length of a picture.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import av
import numpy as np

from nvr.base.model import (
    SECOND_US,
    VIDEO,
    AccessUnit,
    Camera,
    CameraId,
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
from nvr.media import mp4_write
from nvr.media.fragment import Fragment
from nvr.media.segment_head import make_head
from nvr.media.segment_layout import (
    CHECK_BYTES,
    RESERVED_BYTES,
    Check,
    Description,
    FragmentMark,
    Reason,
    check_box,
    closed_header,
    reserved_offset,
)
from nvr.media.segment_tables import SegmentTables
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
from tests import clips
from tests.fakes import FakeClock

START_US = 1_795_000_000_000_000
RATE = 25
PICTURE_US = SECOND_US // RATE
SIZE = (320, 192)
_ENCODERS = {Codec.H264: "libx264", Codec.H265: "libx265"}


class Folder:
    """A volume's layout, without its identity file and lock."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def segment_path(
        self, camera_id: CameraId, start_us: int, segment_id: SegmentId
    ) -> Path:
        return self.path / camera_id / f"{segment_id}.mp4"


@dataclass
class Recording:
    """One camera's footage on one volume."""

    catalogue: Catalogue
    camera: Camera
    folder: Folder
    volume_id: VolumeId
    epoch: int
    segments: list[SegmentId] = field(default_factory=list)

    @property
    def volumes(self) -> dict[VolumeId, Folder]:
        return {self.volume_id: self.folder}

    def run(
        self,
        clip: clips.Clip,
        *,
        start_us: int = START_US,
        keys_per_segment: int = 3,
        stays_open: bool = False,
    ) -> None:
        """Record a clip without a gap; the last segment may be left open."""
        parts = list(split(clip, keys_per_segment))
        run_id = None
        for n, (part, zero) in enumerate(parts):
            is_open = stays_open and n == len(parts) - 1
            begins_us = start_us + zero * SECOND_US // clips.VIDEO_RATE
            segment = self._segment(part, begins_us, run_id, is_open=is_open)
            run_id = segment.run_id
            end_us = segment.end_us
        if not stays_open:
            assert run_id is not None
            self.catalogue.apply([RunEnded(run_id, self.camera.id, Role.MAIN, end_us)])

    def gap(self, start_us: int, cause: GapCause) -> None:
        """Say why there is nothing from an instant on."""
        self.catalogue.apply([GapBegan(self.camera.id, Role.MAIN, start_us, cause)])

    def close(self, clip: clips.Clip, *, keys_per_segment: int = 3) -> None:
        """Close the segment that `run` left open."""
        part, _ = list(split(clip, keys_per_segment))[-1]
        segment = self.catalogue.segment(self.segments[-1])
        path = self.path(segment.id)
        made = write_segment(path, segment, part, is_open=False)
        self.catalogue.apply(
            [SegmentClosed(segment.id, made.end_us, made.size_bytes, made.root)]
        )

    def path(self, segment_id: SegmentId) -> Path:
        return self.folder.segment_path(self.camera.id, 0, segment_id)

    def _segment(
        self,
        part: clips.Clip,
        start_us: int,
        run_id: RunId | None,
        *,
        is_open: bool,
    ) -> Segment:
        segment_id = SegmentId(self.catalogue.reserve_segment_ids(1)[0])
        segment = Segment(
            id=segment_id,
            camera_id=self.camera.id,
            role=Role.MAIN,
            run_id=RunId(segment_id) if run_id is None else run_id,
            volume_id=self.volume_id,
            epoch=self.epoch,
            state=SegmentState.OPEN,
            start_us=start_us,
            end_us=start_us,
            size_bytes=0,
            digest=b"",
        )
        made = write_segment(self.path(segment_id), segment, part, is_open=is_open)
        self.segments.append(segment_id)
        done = replace(segment, end_us=made.end_us, size_bytes=made.size_bytes)
        last = (
            SegmentGrown(segment_id, made.end_us, made.size_bytes)
            if is_open
            else SegmentClosed(segment_id, made.end_us, made.size_bytes, made.root)
        )
        self.catalogue.apply([SegmentOpened(segment), last])
        return done


def make_recording(path: Path) -> Recording:
    """An empty catalogue with one camera, and a folder for its files."""
    url = f"sqlite:///{path / 'catalogue.db'}"
    upgrade(url)
    clock = FakeClock(START_US - SECOND_US)
    vault = Vault.open_file(path / "secret.key")
    catalogue = Catalogue(url, clock=clock, vault=vault)
    camera = catalogue.add_camera(name="Gate: Nörth/1", url="rtsp://10.0.0.1/main")
    volume_id = VolumeId(str(uuid4()))
    catalogue.register_volume(volume_id, path)
    epoch = catalogue.begin_epoch(clock.now(), str(UUID(int=0)), "test")
    (path / camera.id).mkdir()
    return Recording(catalogue, camera, Folder(path), volume_id, epoch)


@dataclass(frozen=True)
class Written:
    end_us: int
    size_bytes: int
    root: bytes


def write_segment(
    path: Path, segment: Segment, part: clips.Clip, *, is_open: bool
) -> Written:
    """A segment file as the volume writer makes it."""
    start = Moment(segment.start_us, segment.start_us)
    about = Description(
        "test",
        segment.camera_id,
        segment.role,
        segment.id,
        segment.run_id,
        segment.epoch,
        start,
    )
    head = make_head(about, part.format)
    tables = SegmentTables(part.format)
    content = bytearray(head)
    made = clips.fragments(part, every=20, wall_us=segment.start_us)
    for fragment in made:
        content += _fragment(fragment, len(content), segment, tables)
    end_us = _end_us(made[-1])
    root = b""
    if not is_open:
        at = reserved_offset(head)
        covered = closed_header(len(content) - at)
        tail, root = tables.tail(head, about, end_us=end_us, reason=Reason.CLOSED)
        content[at : at + RESERVED_BYTES] = covered
        content += tail
    path.write_bytes(content)
    return Written(end_us, len(content), root)


def cut_short(path: Path, fragments: int) -> None:
    """The file of an open segment when it had only so many fragments."""
    from nvr.play.footage import read_file_index

    mark = read_file_index(path).marks[fragments - 1]
    os.truncate(path, mark.offset + mark.size_bytes + CHECK_BYTES)


def _fragment(
    fragment: Fragment, offset: int, segment: Segment, tables: SegmentTables
) -> bytes:
    header = mp4_write.fragment_header(fragment)
    body = bytearray(header)
    for track_id, run in ((1, fragment.video), (2, fragment.audio)):
        if run is not None:
            tables.add_samples(
                track_id,
                run.base_time,
                run.durations,
                run.composition,
                run.keys,
                map(len, run.payloads),
                offset + len(body),
            )
            body += b"".join(run.payloads)
    digest = sha256(body).digest()
    assert fragment.video is not None
    tables.add_mark(
        FragmentMark(
            fragment.number,
            offset,
            len(body),
            fragment.wall_us,
            fragment.video.base_time,
            digest,
        )
    )
    check = Check(
        segment.id, fragment.number, fragment.wall_us, fragment.mono_us, digest
    )
    return bytes(body) + check_box(check)


def _end_us(last: Fragment) -> int:
    assert last.video is not None
    return last.wall_us + sum(last.video.durations) * SECOND_US // clips.VIDEO_RATE


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
