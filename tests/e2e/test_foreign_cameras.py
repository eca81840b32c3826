"""Cameras made of programs that we did not write."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nvr.base.model import CameraId, Codec
from nvr.codec.encode import encode_video
from nvr.codec.loop import VideoLoop
from tests.e2e.conftest import small
from tests.e2e.footage import frame_numbers, has_ffmpeg, nal_digests
from tests.e2e.rig import Server
from tests.e2e.test_recording import assert_consecutive, files

SYSTEM_PYTHON = Path("/usr/bin/python3")
SCRIPT = Path(__file__).with_name("gstreamer_camera.py")


def has_gstreamer() -> bool:
    probe = "import gi; gi.require_version('GstRtspServer', '1.0')"
    if not SYSTEM_PYTHON.exists():
        return False
    done = subprocess.run(
        [SYSTEM_PYTHON, "-c", probe], capture_output=True, check=False
    )
    return done.returncode == 0


def write_mp4(loop: VideoLoop, path: Path, repeats: int) -> None:
    """The loop as an ordinary MP4 file, several times over."""
    start = b"\0\0\0\1"
    nals = [nal for picture in loop.pictures for nal in picture.nals]
    once = b"".join(start + nal for nal in (*loop.parameter_sets, *nals))
    raw = path.with_suffix(".h264")
    raw.write_bytes(once * repeats)
    rate = str(loop.frames_per_second)
    subprocess.run(
        ["ffmpeg", "-v", "error", "-r", rate, "-i", raw, "-c", "copy", path], check=True
    )


@pytest.fixture
async def gstreamer(tmp_path: Path) -> AsyncIterator[tuple[str, Path, int]]:
    """Address, file and pictures in a loop of a GStreamer camera."""
    if not (has_gstreamer() and has_ffmpeg()):
        pytest.skip("gir1.2-gst-rtsp-server-1.0 or ffmpeg is not installed")
    loop = encode_video(small(9, Codec.H264))
    path = tmp_path / "camera.mp4"
    write_mp4(loop, path, repeats=5)
    process = await asyncio.create_subprocess_exec(
        SYSTEM_PYTHON, SCRIPT, path, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    port = int(await process.stdout.readline())
    yield f"rtsp://127.0.0.1:{port}/file", path, len(loop.pictures)
    process.kill()
    await process.wait()


async def test_a_gstreamer_camera_is_recorded_bit_for_bit(
    server: Server, gstreamer: tuple[str, Path, int]
) -> None:
    url, source, pictures = gstreamer

    camera = CameraId(await server.add_camera("gst", url))
    await server.recording(camera)
    await asyncio.sleep(14)
    await server.stop()

    recorded = [path for _, path in files(server, camera)]
    sent = nal_digests(source, Codec.H264)
    found = [d for path in recorded for d in nal_digests(path, Codec.H264)]
    assert len(found) > 200
    at = sent.index(found[0])
    assert found == sent[at : at + len(found)]
    numbers = [frame for path in recorded for _, frame in frame_numbers(path)]
    assert_consecutive(numbers, pictures)
