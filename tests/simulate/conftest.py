from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from nvr.codec.loop import VideoSpec
from nvr.simulate.camera import VirtualCamera
from nvr.simulate.simulator import Simulator
from tests.fakes import FakeClock

SMALL = VideoSpec(
    "Small Lane",
    number=7,
    seed=7,
    width=320,
    height=180,
    frames_per_second=10,
    seconds=2,
    gop_seconds=1,
)


@pytest.fixture(scope="session")
def loops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests: each loop is made once."""
    return tmp_path_factory.mktemp("loops")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def start(loops: Path, clock: FakeClock) -> AsyncIterator[Callable[..., object]]:
    """`await start(camera, …)` gives a running simulator."""
    async with AsyncExitStack() as stack:

        async def begin(*cameras: VirtualCamera, **options: object) -> Simulator:
            simulator = Simulator(cameras, cache_dir=loops, clock=clock, **options)
            return await stack.enter_async_context(simulator)

        yield begin
