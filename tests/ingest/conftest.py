from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from nvr.simulate.camera import VirtualCamera
from nvr.simulate.simulator import Simulator
from tests.certificates import Identity, make_identity
from tests.fakes import FakeClock

Start = Callable[..., Awaitable[Simulator]]


@pytest.fixture(scope="session")
def loops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests: each loop is made once."""
    return tmp_path_factory.mktemp("loops")


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return make_identity(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def start(loops: Path, clock: FakeClock) -> AsyncIterator[Start]:
    """`await start(camera, …)` gives a running simulator."""
    async with AsyncExitStack() as stack:

        async def begin(*cameras: VirtualCamera, **options: Any) -> Simulator:
            simulator = Simulator(cameras, cache_dir=loops, clock=clock, **options)
            return await stack.enter_async_context(simulator)

        yield begin
