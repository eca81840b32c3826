"""The keeper's life: it goes on whatever happens, and stops at once."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable

import pytest

from nvr.base.errors import CatalogueError
from nvr.keep.keeper import Keeper, run_keeper
from nvr.keep.lane import Lane
from nvr.store.catalogue import Catalogue
from tests.keep.archive import DAY_US, Archive, ids

AGE = {"age": {"days": 30}}


async def until(condition: Callable[[], bool], archive: Archive | None = None) -> None:
    """Wait in earnest; the archive's clock, if given, goes on meanwhile."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
        if archive is not None:
            archive.clock.advance_us(5_000_000)


async def test_it_keeps_until_it_is_cancelled(archive: Archive) -> None:
    old = archive.record(
        archive.camera("gate"), 3, start_us=archive.now_us - 31 * DAY_US
    )
    task = asyncio.create_task(
        run_keeper(
            archive.settings(AGE),
            archive.catalogue,
            archive.plugins(AGE),
            archive.clock,
        )
    )
    await until(lambda: archive.doomed == ids(old))

    archive.clock.advance_us(DAY_US)
    await until(lambda: archive.files() == set(), archive)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 1)


async def test_it_waits_out_a_catalogue_that_is_away(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = archive.record(
        archive.camera("gate"), 3, start_us=archive.now_us - 31 * DAY_US
    )
    keeper = archive.keeper(AGE)

    def fail(*args: object) -> None:
        raise CatalogueError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(Catalogue, "kept_usage", fail)
        task = asyncio.create_task(keeper.run())
        await until(lambda: bool(keeper.alarms.current))
        assert "the database is away" in keeper.alarms.current[0]

    await until(
        lambda: archive.doomed == ids(old) and not keeper.alarms.current, archive
    )
    task.cancel()


@pytest.mark.parametrize("broken", ["doom", "begin_unlink", "forget", "doom_rules"])
async def test_whatever_call_fails_the_next_turns_finish(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    archive.record(archive.camera("gate"), 3, start_us=archive.now_us - 31 * DAY_US)
    keeper = archive.keeper(AGE)

    def fail(*args: object, **options: object) -> None:
        raise CatalogueError("away")

    with monkeypatch.context() as patch:
        patch.setattr(Catalogue, broken, fail)
        await _try(keeper)
        archive.clock.advance_us(25 * 3600 * 1_000_000)
        await _try(keeper)
    for _ in range(3):
        await _try(keeper)
        archive.clock.advance_us(25 * 3600 * 1_000_000)

    assert archive.files() == set()
    assert archive.catalogue.unlinking_segments(10) == []


async def _try(keeper: Keeper) -> None:
    with contextlib.suppress(CatalogueError):
        await keeper.turn()


async def test_a_disk_that_hangs_does_not_keep_the_process(archive: Archive) -> None:
    lane = Lane("hanging")
    reader, writer = os.pipe()

    with pytest.raises(TimeoutError, match="no answer within"):
        await lane.run(lambda: os.read(reader, 1), 0.05)
    with pytest.raises(TimeoutError, match="still busy"):
        await lane.run(lambda: 1, 1)

    os.write(writer, b"x")
    await until(lambda: not lane.is_busy)
    assert await lane.run(lambda: 2, 1) == 2
    os.close(reader)
    os.close(writer)
