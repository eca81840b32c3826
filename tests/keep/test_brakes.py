"""When the keeper is not sure, it does not delete."""

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from nvr.base.errors import VolumeFailed
from nvr.base.model import Moment
from nvr.keep.clock_trust import ClockTrust
from nvr.keep.mass_change import MassChange
from nvr.store.volume import Space, Volume
from tests.keep.archive import DAY_US, HOUR_US, MB, MINUTE_US, Archive, ids

AGE = {"age": {"days": 30}}


async def test_a_clock_that_jumps_ahead_deletes_nothing_for_its_age(
    archive: Archive,
) -> None:
    gate = archive.camera("gate")
    archive.record(gate, 3, start_us=archive.now_us - DAY_US)
    keeper = archive.keeper(AGE)
    await keeper.turn()

    archive.clock.step_wall(40 * DAY_US)
    await keeper.turn()

    assert archive.doomed == set()
    assert any("set by more than an hour" in it for it in keeper.alarms.current)


async def test_what_was_doomed_before_the_jump_keeps_its_grace(
    archive: Archive,
) -> None:
    gate = archive.camera("gate")
    old = archive.record(gate, 3, start_us=archive.now_us - 31 * DAY_US)
    keeper = archive.keeper(AGE)
    await keeper.turn()

    archive.clock.step_wall(40 * DAY_US)
    await keeper.turn()

    assert archive.files() == ids(old)


async def test_a_clock_behind_the_recordings_deletes_nothing_for_its_age(
    archive: Archive,
) -> None:
    gate = archive.camera("gate")
    archive.record(gate, 3, start_us=archive.now_us - 400 * DAY_US)
    archive.record(gate, 3, start_us=archive.now_us - DAY_US)
    archive.clock.step_wall(-300 * DAY_US)
    keeper = archive.keeper(AGE)

    await keeper.turn()

    assert archive.doomed == set()
    assert any("behind what was already recorded" in it for it in keeper.alarms.current)


async def test_want_of_room_needs_no_clock(disk_of: Callable[..., Archive]) -> None:
    archive = disk_of(400 * MB, reserve_bytes=80 * MB)
    made = archive.record(
        archive.camera("gate"), 330, start_us=archive.now_us - 5 * DAY_US
    )
    keeper = archive.keeper(AGE)
    archive.clock.step_wall(-4 * DAY_US)

    for _ in range(14):
        await keeper.turn()
        archive.clock.advance_us(5_000_000)

    assert archive.files() == ids(made[10:])


def test_the_clock_is_believed_again_after_a_quiet_day() -> None:
    trust = ClockTrust(Moment(0, 0))
    stepped = Moment(40 * DAY_US, 0)

    assert trust.doubt(stepped, 0)
    assert trust.doubt(Moment(stepped.wall_us + 23 * HOUR_US, 23 * HOUR_US), 0)
    assert not trust.doubt(Moment(stepped.wall_us + 25 * HOUR_US, 25 * HOUR_US), 0)


def test_a_slow_clock_being_corrected_is_no_step() -> None:
    trust = ClockTrust(Moment(0, 0))

    assert not trust.doubt(Moment(DAY_US + 30 * MINUTE_US, DAY_US), 0)


async def test_an_empty_catalogue_on_a_full_disk_stops_all_deletion(
    disk_of: Callable[..., Archive],
) -> None:
    archive = disk_of(400 * MB, reserve_bytes=80 * MB)
    made = archive.record(
        archive.camera("gate"), 200, start_us=archive.now_us - 40 * DAY_US
    )
    lost = archive.files()
    _forget_all_rows(archive)
    _grow_old(archive)
    new = archive.record(
        archive.camera("gate"), 130, start_us=archive.now_us - 3 * HOUR_US
    )
    keeper = archive.keeper(AGE)

    for _ in range(14):
        await keeper.turn()
        archive.clock.advance_us(5_000_000)

    assert lost == ids(made)
    assert archive.files() == lost | ids(new)
    assert any("does not know" in alarm for alarm in keeper.alarms.current)


def _forget_all_rows(archive: Archive) -> None:
    archive.catalogue.close()
    for path in archive.folder.glob("catalogue.db*"):
        path.unlink()
    claimed = archive.volumes
    archive.volumes, archive.volume_names = [], ()
    archive.run_ids = {}
    archive.__post_init__()
    archive.volumes = claimed
    for volume in claimed:
        archive.catalogue.register_volume(volume.id, volume.path)
    archive.catalogue.reserve_segment_ids(1000)


def _grow_old(archive: Archive) -> None:
    hours_ago = archive.now_us / 1e6 - 7200
    for path in archive.folder.glob("disk/*/*/*.mp4"):
        os.utime(path, (hours_ago, hours_ago))


async def test_deletion_goes_on_once_the_rows_are_back(
    archive: Archive, tmp_path: Path
) -> None:
    archive.record(archive.camera("gate"), 3, start_us=archive.now_us - 31 * DAY_US)
    _grow_old(archive)
    stranger = archive.volumes[0].path / ("0" * 8 + "-0000-0000-0000-" + "0" * 12)
    for day in ("20200101", "20200102", "20200103"):
        (stranger / day).mkdir(parents=True)
        (stranger / day / "1.mp4").touch()
        os.utime(stranger / day / "1.mp4", (0, 0))
    keeper = archive.keeper(AGE)

    await keeper.turn()
    assert archive.doomed == set()

    stranger.rename(tmp_path / "elsewhere")
    archive.clock.advance_us(MINUTE_US)
    await keeper.turn()
    assert len(archive.doomed) == 3
    assert keeper.alarms.current == ()


async def test_a_sudden_change_of_rules_waits_a_day_whatever_the_grace(
    archive: Archive,
) -> None:
    gate = archive.camera("gate")
    made = archive.record(
        gate, 29, start_us=archive.now_us - 29 * DAY_US, every_us=DAY_US
    )
    keeper = archive.keeper({"age": {"days": 1}}, grace_minutes=1)

    await keeper.turn()
    archive.clock.advance_us(23 * HOUR_US)
    await keeper.turn()
    assert archive.files() == ids(made)
    assert len(archive.doomed) == 28

    archive.clock.advance_us(2 * HOUR_US)
    await keeper.turn()
    assert len(archive.files()) == 1


async def test_correcting_the_rules_gives_everything_back(archive: Archive) -> None:
    gate = archive.camera("gate")
    made = archive.record(
        gate, 29, start_us=archive.now_us - 29 * DAY_US, every_us=DAY_US
    )
    await archive.keeper({"age": {"days": 1}}).turn()
    assert len(archive.doomed) == 28

    await archive.keeper(AGE).turn()

    assert archive.doomed == set()
    assert archive.kept == ids(made)


async def test_a_restart_with_the_same_rules_gives_nothing_back(
    archive: Archive,
) -> None:
    archive.record(archive.camera("gate"), 3, start_us=archive.now_us - 31 * DAY_US)
    await archive.keeper(AGE).turn()

    archive.clock.advance_us(25 * HOUR_US)
    await archive.keeper(AGE).turn()

    assert archive.files() == set()


def test_the_usual_hour_is_no_mass_change() -> None:
    mass = MassChange()
    told = dict(total_bytes=1000 * MB, bytes_per_second=10_000, is_cut_off=False)

    for minute in range(180):
        assert not mass.is_one(minute * MINUTE_US, run_bytes=600_000, **told)  # type: ignore[arg-type]
        mass.note(minute * MINUTE_US, 600_000)


def test_many_small_steps_within_an_hour_are_one() -> None:
    mass = MassChange()
    told = dict(total_bytes=1000 * MB, bytes_per_second=1_000, is_cut_off=False)
    verdicts = []

    for minute in range(10):
        is_one = mass.is_one(minute * MINUTE_US, run_bytes=2 * MB, **told)  # type: ignore[arg-type]
        mass.note(minute * MINUTE_US, 2 * MB)
        verdicts.append(is_one)

    assert verdicts == [False] * 5 + [True] * 5


async def test_a_disk_that_says_nothing_is_left_alone(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = archive.record(
        archive.camera("gate"), 3, start_us=archive.now_us - 31 * DAY_US
    )

    def fail(volume: Volume) -> Space:
        raise VolumeFailed("no answer", str(volume.path))

    monkeypatch.setattr(Volume, "space", fail)
    keeper = archive.keeper(AGE)

    await keeper.turn()

    assert archive.kept == ids(made)
    assert any("no answer" in alarm for alarm in keeper.alarms.current)


async def test_a_hanging_disk_does_not_hold_the_others_up(
    disk_of: Callable[..., Archive], monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = disk_of(400 * MB, volume_names=("hanging", "well"))
    gate = archive.camera("gate")
    start_us = archive.now_us - 31 * DAY_US
    archive.record(gate, 2, start_us=start_us, volume=0)
    well = archive.record(gate, 2, start_us=start_us + HOUR_US, volume=1)
    keeper = archive.keeper(AGE)
    await keeper.turn()
    hanging = threading.Event()
    space = Volume.space

    def hang(volume: Volume) -> Space:
        if volume.path.name == "hanging":
            hanging.wait(20)
        return space(volume)

    monkeypatch.setattr(Volume, "space", hang)
    monkeypatch.setattr("nvr.keep.disk.SPACE_SECONDS", 0.05)
    archive.clock.advance_us(25 * HOUR_US)
    threads = threading.active_count()
    for _ in range(5):
        await keeper.turn()
        archive.clock.advance_us(MINUTE_US)

    assert not archive.files() & ids(well)
    assert len(archive.files()) == 2
    assert threading.active_count() <= threads + 3
    hanging.set()
    await asyncio.sleep(0)


async def test_a_volume_that_is_not_mounted_loses_no_rows(archive: Archive) -> None:
    made = archive.record(
        archive.camera("gate"), 3, start_us=archive.now_us - 31 * DAY_US
    )
    keeper = archive.keeper(AGE)
    await keeper.turn()
    disk = archive.volumes[0].path
    disk.rename(disk.with_name("unmounted"))
    disk.mkdir()

    archive.clock.advance_us(25 * HOUR_US)
    await keeper.turn()

    assert archive.doomed == ids(made)
    assert any("there is no volume" in alarm for alarm in keeper.alarms.current)


async def test_another_disk_in_its_place_is_not_touched(
    archive: Archive, tmp_path: Path
) -> None:
    made = archive.record(
        archive.camera("gate"), 3, start_us=archive.now_us - 31 * DAY_US
    )
    keeper = archive.keeper(AGE)
    await keeper.turn()
    disk = archive.volumes[0].path
    disk.rename(tmp_path / "taken out")
    Volume.open(disk, node="node").close()

    archive.clock.advance_us(25 * HOUR_US)
    await keeper.turn()

    assert archive.doomed == ids(made)
