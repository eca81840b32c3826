"""Transports against a server that we did not write."""

import asyncio
import subprocess
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from nvr.base.clock import SystemClock
from nvr.base.model import AccessUnit, Codec, StreamAddress
from nvr.codec.encode import encode_video
from nvr.ingest.address import AddressPolicy
from nvr.ingest.connect import connect
from nvr.ingest.trust import Trust
from tests.certificates import Identity
from tests.e2e.footage import has_ffmpeg, nal_digests
from tests.e2e.test_foreign_cameras import (
    SCRIPT,
    SYSTEM_PYTHON,
    has_gstreamer,
    write_mp4,
)
from tests.ingest.pictures import nals
from tests.ingest.rtsp_script import LOOPBACK
from tests.simulate.conftest import SMALL

PICTURES = 20


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (has_gstreamer() and has_ffmpeg()):
        pytest.skip("gir1.2-gst-rtsp-server-1.0 or ffmpeg is not installed")
    path = tmp_path_factory.mktemp("gstreamer") / "camera.mp4"
    write_mp4(encode_video(SMALL), path, repeats=5)
    return path


async def watch(
    file: Path, *how: str | Path, policy: AddressPolicy, scheme: str = "rtsp"
) -> tuple[list[AccessUnit], int]:
    """The first pictures of a GStreamer camera, and packets lost."""
    process = await asyncio.create_subprocess_exec(
        SYSTEM_PYTHON, SCRIPT, file, *how, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        port = int(await process.stdout.readline())
        address = StreamAddress(f"{scheme}://127.0.0.1:{port}/file", "", "")
        session = await connect(address, clock=SystemClock(), policy=policy)
        units: list[AccessUnit] = []
        async with asyncio.timeout(20):
            while len(units) < PICTURES:
                await asyncio.sleep(0.1)
                units += [unit for batch in session.visit() for unit in batch.units]
        await session.close()
        return units, session.stats.lost_packets
    finally:
        process.kill()
        await process.wait()


def assert_as_in(file: Path, units: list[AccessUnit]) -> None:
    sent = nal_digests(file, Codec.H264)
    got = [sha256(nal).digest() for unit in units for nal in nals(unit.payload)]
    got = [digest for digest in got if digest in set(sent)]
    assert len(got) >= PICTURES
    at = sent.index(got[0])
    assert got == sent[at : at + len(got)]


async def test_a_gstreamer_camera_that_sends_by_udp_only(file: Path):
    """It refuses TCP; nobody has to say so in a setting."""
    units, lost = await watch(file, "udp", policy=LOOPBACK)

    assert lost == 0
    assert_as_in(file, units)


async def test_a_gstreamer_camera_asked_for_udp_first(file: Path):
    policy = replace(LOOPBACK, transport="udp")

    units, lost = await watch(file, policy=policy)

    assert lost == 0
    assert_as_in(file, units)


async def test_a_gstreamer_camera_behind_tls(file: Path, identity: Identity):
    policy = replace(LOOPBACK, trust=Trust(identity.ca_file))
    how = "tls", identity.certificate, identity.key

    units, lost = await watch(file, *how, policy=policy, scheme="rtsps")

    assert lost == 0
    assert_as_in(file, units)
