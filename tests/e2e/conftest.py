"""Simulated cameras and servers for end-to-end tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nvr.base.model import Codec
from nvr.codec.loop import AudioSpec, VideoSpec
from nvr.simulate.camera import VirtualCamera
from nvr.simulate.simulator import Simulator
from tests.e2e.rig import Server


def small(number: int, codec: Codec, **more: int) -> VideoSpec:
    """Small pictures with a frame number in each, quick to make."""
    return VideoSpec(
        title=f"{number:02} test",
        number=number,
        seed=number,
        width=640,
        height=360,
        seconds=8,
        codec=codec,
        **more,
    )


CAMERAS = [
    VirtualCamera("plain", small(1, Codec.H264)),
    VirtualCamera("h265", small(2, Codec.H265), audio=AudioSpec(Codec.AAC)),
    VirtualCamera(
        "reordered",
        small(3, Codec.H264, b_frames=2),
        audio=AudioSpec(Codec.PCMA, sample_rate=8000),
    ),
    VirtualCamera("quick", small(4, Codec.H264, gop_seconds=1)),
]


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which loops are cached, for the whole session."""
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture
async def simulator(pictures: Path) -> AsyncIterator[Simulator]:
    async with Simulator(CAMERAS, cache_dir=pictures) as cameras:
        yield cameras


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with Server(tmp_path / "server") as running:
        yield running
