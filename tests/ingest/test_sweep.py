"""All sessions are visited, and none can hurt another."""

import asyncio
import socket
from contextlib import suppress

import pytest

from nvr.base.errors import CameraLost
from nvr.base.model import Batch, Moment, StreamFormat
from nvr.ingest.sweep import Sweep
from tests.fakes import FakeClock

BATCH = Batch(Moment(0, 0), StreamFormat(None), [])


class Camera:
    """A session that is played by hand."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.ours.setblocking(False)
        self.visits = 0
        self.error: Exception | None = None

    def fileno(self) -> int:
        return self.ours.fileno()

    def visit(self) -> list[Batch]:
        self.visits += 1
        with suppress(BlockingIOError):
            self.ours.recv(1000)
        if self.error is not None:
            raise self.error
        return [BATCH]

    def close(self) -> None:
        self.ours.close()
        self.theirs.close()


@pytest.fixture
def cameras():
    made = [Camera() for _ in range(3)]
    yield made
    for camera in made:
        camera.close()


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_every_session_is_visited_once_an_interval(cameras):
    clock = FakeClock()
    sweep = Sweep(clock=clock, interval_us=200_000)
    got: list[list[Batch]] = []
    tasks = [asyncio.create_task(sweep.follow(c, got.append)) for c in cameras]
    await turns()
    tasks.append(asyncio.create_task(sweep.run()))
    for _ in range(4):
        await turns()
        clock.advance_us(200_000)
    await turns()

    assert [camera.visits for camera in cameras] == [5, 5, 5]
    assert len(got) == 15
    await stop(tasks)


async def stop(tasks: list[asyncio.Task]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_an_error_ends_only_its_own_session(cameras):
    clock = FakeClock()
    sweep = Sweep(clock=clock, interval_us=200_000)

    def fail(batches: list[Batch]) -> None:
        raise RuntimeError("cannot take this")

    takers = [len, fail, len]
    tasks = [
        asyncio.create_task(sweep.follow(camera, taker))
        for camera, taker in zip(cameras, takers, strict=True)
    ]
    await turns()
    cameras[0].error = CameraLost("gone")
    running = asyncio.create_task(sweep.run())
    await turns()

    with pytest.raises(CameraLost):
        await tasks[0]
    with pytest.raises(RuntimeError):
        await tasks[1]
    clock.advance_us(200_000)
    await turns()
    assert [camera.visits for camera in cameras] == [1, 1, 2]
    await stop([running, tasks[2]])


async def test_a_watched_session_is_visited_when_bytes_arrive(cameras):
    sweep = Sweep(clock=FakeClock(), interval_us=200_000)
    came = asyncio.Event()
    task = asyncio.create_task(sweep.follow(cameras[0], lambda _: came.set()))
    await turns()

    sweep.set_watched(cameras[0], True)
    cameras[0].theirs.send(b"x")
    async with asyncio.timeout(5):
        await came.wait()

    sweep.set_watched(cameras[0], False)
    visits = cameras[0].visits
    cameras[0].theirs.send(b"x")
    await turns()
    assert cameras[0].visits == visits
    await stop([task])


async def test_a_watched_session_that_ends_is_no_longer_waited_for(cameras):
    sweep = Sweep(clock=FakeClock(), interval_us=200_000)
    task = asyncio.create_task(sweep.follow(cameras[0], len))
    await turns()
    sweep.set_watched(cameras[0], True)
    cameras[0].error = CameraLost("gone")
    cameras[0].theirs.send(b"x")

    with pytest.raises(CameraLost):
        async with asyncio.timeout(5):
            await task

    assert not asyncio.get_running_loop().remove_reader(cameras[0].fileno())
    sweep.set_watched(cameras[0], True)
    assert not asyncio.get_running_loop().remove_reader(cameras[0].fileno())
