"""What a probe tells about a camera."""

import pytest

from nvr.base.clock import SystemClock
from nvr.base.errors import CameraRefused
from nvr.base.model import Codec
from nvr.ingest.probe import probe
from tests.ingest.rtsp_script import (
    KEY_NAL,
    LOOPBACK,
    METADATA,
    VIDEO,
    Asked,
    Script,
    framed,
    key_frame,
    rtp,
    serving,
)


def two_seconds() -> bytes:
    """25 pictures a second, a key frame each second."""
    sent = []
    for index in range(50):
        nal = KEY_NAL if index % 25 == 0 else b"\x41" + bytes(99)
        sent.append(framed(rtp(nal, sequence=index, stamp=3600 * index, marker=True)))
    return b"".join(sent)


async def test_a_probe_tells_what_the_camera_sends():
    script = Script(sdp=METADATA + VIDEO, media=two_seconds())
    script.answers["OPTIONS"] = "200 OK\r\nServer: Rtsp Server/3.0\r\nPublic: PLAY"
    async with serving(script):
        seen = await probe(
            script.address(), clock=SystemClock(), policy=LOOPBACK, seconds=0.1
        )

    assert seen.server == "Rtsp Server/3.0"
    assert seen.format.video is not None
    assert seen.format.video.codec is Codec.H264
    assert seen.frames_per_second == 25.0
    assert seen.key_interval_s == 1.0
    assert seen.bits_per_second > 0
    assert seen.key_unit is not None
    assert seen.key_unit.is_key
    assert seen.clock_offset_us is None
    assert seen.tracks_ignored == ["application VND.ONVIF.METADATA"]


async def test_one_picture_is_enough_for_a_probe():
    async with serving(Script(media=key_frame(0, 0))) as script:
        seen = await probe(
            script.address(), clock=SystemClock(), policy=LOOPBACK, seconds=0.05
        )

    assert seen.frames_per_second == 0.0
    assert seen.key_interval_s is None


async def test_a_probe_fails_with_the_cameras_reason():
    def refuse(script: Script, asked: Asked) -> str:
        return "453 Not Enough Bandwidth"

    async with serving(Script(answers={"PLAY": refuse})) as script:
        with pytest.raises(CameraRefused, match="no capacity left"):
            await probe(script.address(), clock=SystemClock(), policy=LOOPBACK)
