"""Segment files for tests, written by the part that writes them in earnest, and the
programs that have to read them."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import av

from nvr.base.model import (
    CameraId,
    Moment,
    Role,
    RunId,
    Segment,
    SegmentId,
    SegmentState,
    StreamFormat,
)
from nvr.media.fragment import Fragment
from nvr.media.mp4_read import SegmentIndex, read_index
from nvr.store.segment_file import SegmentFile, SegmentSpec
from nvr.store.volume import Volume
from tests.clips import Clip, fragments

START_US = 1_800_000_000_000_000
CAMERA = CameraId("5f2d6a3e-8f7c-4f0b-9c5e-2b1f5c3d7a10")


def make_spec(form: StreamFormat, segment_id: int = 7) -> SegmentSpec:
    """A segment of one camera that begins at `START_US`."""
    return SegmentSpec(
        id=SegmentId(segment_id),
        camera_id=CAMERA,
        role=Role.MAIN,
        run_id=RunId(segment_id),
        epoch=3,
        node="test node",
        format=form,
        start=Moment(START_US, 42),
    )


def write_segment(
    volume: Volume,
    form: StreamFormat,
    pieces: Iterable[Fragment],
    *,
    segment_id: int = 7,
    end_us: int | None = None,
) -> Path:
    """A file with these fragments; closed, unless `end_us` is None."""
    spec = make_spec(form, segment_id)
    file = SegmentFile.create(volume, spec, expected_bytes=0)
    for piece in pieces:
        file.append(piece)
    if end_us is None:
        file.abandon()
    else:
        file.finish(volume, end_us)
    return path_of(volume, spec)


def write_clip(
    volume: Volume, clip: Clip, *, is_closed: bool, segment_id: int = 7, every: int = 25
) -> Path:
    """A file with this clip in fragments of `every` pictures."""
    pieces = fragments(clip, every=every, wall_us=START_US)
    end_us = START_US + 4_000_000 if is_closed else None
    return write_segment(
        volume, clip.format, pieces, segment_id=segment_id, end_us=end_us
    )


def path_of(volume: Volume, spec: SegmentSpec) -> Path:
    """Where its file is."""
    return volume.segment_path(spec.camera_id, spec.start.wall_us, spec.id)


def row_of(volume: Volume, path: Path, digest: bytes, segment_id: int = 7) -> Segment:
    """The catalogue's row of a closed file."""
    return Segment(
        id=SegmentId(segment_id),
        camera_id=CAMERA,
        role=Role.MAIN,
        run_id=RunId(segment_id),
        volume_id=volume.id,
        epoch=3,
        state=SegmentState.CLOSED,
        start_us=START_US,
        end_us=START_US + 4_000_000,
        size_bytes=path.stat().st_size,
        digest=digest,
    )


def index_of(data: bytes) -> SegmentIndex:
    """The index of a file given as bytes."""
    return read_index(lambda offset, length: data[offset : offset + length], len(data))


def ffprobe(path: Path, *, count: bool = True) -> dict[str, Any]:
    """What ffprobe says of a file, which must be without a warning."""
    command = ["ffprobe", "-v", "warning", "-of", "json"]
    command += ["-show_streams", "-show_format", *(["-count_frames"] * count)]
    done = subprocess.run([*command, path], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def decode(path: Path) -> None:
    """Decode everything with ffmpeg, which must not complain."""
    command = ["ffmpeg", "-v", "warning", "-i", str(path), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def packets(path: Path, kind: str) -> list[bytes]:
    """The payloads of one track as libav takes them out of the file."""
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        return [bytes(packet) for packet in container.demux(stream) if packet.size]
