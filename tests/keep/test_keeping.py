"""What the keeper deletes, in what order, and when."""

import json
from collections.abc import Callable
from pathlib import Path

from nvr.base.model import SegmentState
from nvr.keep.keeper import Keeper
from tests.keep.archive import DAY_US, HOUR_US, MB, MINUTE_US, Archive, ids

AGE = {"age": {"days": 30}}


async def turns(archive: Archive, keeper: Keeper, count: int) -> None:
    for _ in range(count):
        archive.clock.advance_us(5_000_000)
        await keeper.turn()


async def test_footage_older_than_the_days_waits_a_day_and_then_goes(
    archive: Archive,
) -> None:
    gate = archive.camera("gate")
    old = archive.record(gate, 3, start_us=archive.now_us - 31 * DAY_US)
    new = archive.record(gate, 3, start_us=archive.now_us - DAY_US)
    keeper = archive.keeper(AGE)

    await keeper.turn()

    assert archive.doomed == ids(old)
    assert archive.files() == ids(old + new)

    archive.clock.advance_us(23 * HOUR_US)
    await keeper.turn()
    assert archive.files() == ids(old + new)

    archive.clock.advance_us(2 * HOUR_US)
    await keeper.turn()
    assert archive.files() == archive.kept == ids(new)
    assert not archive.path(old[0]).parent.exists()
    assert keeper.alarms.current == ()


async def test_a_shorter_grace_is_kept_to(archive: Archive) -> None:
    gate = archive.camera("gate")
    archive.record(gate, 1, start_us=archive.now_us - 31 * DAY_US)
    new = archive.record(gate, 300, start_us=archive.now_us - DAY_US)
    keeper = archive.keeper(AGE, grace_minutes=2)

    await keeper.turn()
    archive.clock.advance_us(MINUTE_US)
    await keeper.turn()
    assert archive.files() != ids(new)

    archive.clock.advance_us(MINUTE_US)
    await keeper.turn()

    assert archive.files() == ids(new)


async def test_a_camera_may_have_days_of_its_own(archive: Archive) -> None:
    gate, yard = archive.camera("gate"), archive.camera("yard")
    start_us = archive.now_us - 10 * DAY_US
    of_gate = archive.record(gate, 2, start_us=start_us)
    archive.record(yard, 2, start_us=start_us)

    await archive.keeper({"age": {"days": 30, "cameras": {"gate": 7}}}).turn()

    assert archive.doomed == ids(of_gate)


async def test_footage_of_a_removed_camera_ages_as_any_other(archive: Archive) -> None:
    gate = archive.camera("gate")
    old = archive.record(gate, 2, start_us=archive.now_us - 31 * DAY_US)
    archive.catalogue.remove_camera(gate.id)

    await archive.keeper(AGE).turn()

    assert archive.doomed == ids(old)


async def test_a_camera_over_its_size_loses_its_oldest(archive: Archive) -> None:
    gate, yard = archive.camera("gate"), archive.camera("yard")
    made = archive.record(gate, 10, start_us=archive.now_us - DAY_US)
    archive.record(yard, 5, start_us=archive.now_us - DAY_US)
    keeper = archive.keeper({"size": {"gigabytes_per_camera": 0.007}})

    await keeper.turn()
    assert archive.doomed == ids(made[:3])

    await turns(archive, keeper, 20)
    assert archive.doomed == ids(made[:3])


async def test_a_disk_short_of_room_loses_its_oldest_after_a_minute(
    disk_of: Callable[..., Archive],
) -> None:
    archive = disk_of(400 * MB, reserve_bytes=80 * MB)
    gate, yard = archive.camera("gate"), archive.camera("yard")
    start_us = archive.now_us - 5 * DAY_US
    made = archive.record(yard, 10, start_us=start_us)
    made += archive.record(gate, 320, start_us=start_us)
    keeper = archive.keeper()

    await keeper.turn()
    assert archive.doomed == ids(made[:10])

    await turns(archive, keeper, 11)
    assert archive.files() == ids(made)

    await turns(archive, keeper, 2)
    assert archive.files() == archive.kept == ids(made[10:])


async def test_where_room_is_critical_nothing_waits(
    disk_of: Callable[..., Archive],
) -> None:
    archive = disk_of(400 * MB, reserve_bytes=80 * MB)
    gate = archive.camera("gate")
    made = archive.record(gate, 390, start_us=archive.now_us - 5 * DAY_US)
    keeper = archive.keeper()

    await keeper.turn()

    assert archive.files() == ids(made[70:])
    assert any("only 10 MB left" in alarm for alarm in keeper.alarms.current)


async def test_only_the_volume_that_is_short_is_cleared(
    disk_of: Callable[..., Archive],
) -> None:
    archive = disk_of(400 * MB, reserve_bytes=80 * MB, volume_names=("full", "roomy"))
    gate = archive.camera("gate")
    start_us = archive.now_us - 5 * DAY_US
    archive.record(gate, 10, start_us=start_us, volume=1)
    on_full = archive.record(gate, 330, start_us=start_us + DAY_US, volume=0)
    keeper = archive.keeper()

    await keeper.turn()

    assert archive.doomed == ids(on_full[:10])


async def test_what_waits_for_its_grace_goes_first_when_room_is_short(
    disk_of: Callable[..., Archive],
) -> None:
    archive = disk_of(400 * MB, reserve_bytes=80 * MB)
    gate = archive.camera("gate")
    old = archive.record(gate, 20, start_us=archive.now_us - 31 * DAY_US)
    new = archive.record(gate, 310, start_us=archive.now_us - 5 * DAY_US)
    keeper = archive.keeper(AGE)

    await turns(archive, keeper, 14)

    assert archive.doomed == ids(old[10:])
    assert archive.files() == ids(old[10:] + new)


async def test_guaranteed_days_outlast_want_of_room(
    disk_of: Callable[..., Archive],
) -> None:
    archive = disk_of(400 * MB, reserve_bytes=80 * MB)
    gate, yard = archive.camera("gate"), archive.camera("yard")
    start_us = archive.now_us - 5 * DAY_US
    archive.record(gate, 200, start_us=start_us)
    of_yard = archive.record(yard, 130, start_us=start_us + DAY_US)
    keeper = archive.keeper({"minimum": {"cameras": {"gate": 7}}})

    await turns(archive, keeper, 14)

    assert archive.kept == archive.files()
    assert ids(of_yard) - archive.kept == ids(of_yard[:10])


async def test_when_all_is_guaranteed_recording_stops_with_an_alarm(
    disk_of: Callable[..., Archive],
) -> None:
    archive = disk_of(400 * MB, reserve_bytes=80 * MB)
    made = archive.record(
        archive.camera("gate"), 390, start_us=archive.now_us - 5 * DAY_US
    )
    keeper = archive.keeper({"minimum": {"days": 7}})

    await turns(archive, keeper, 14)

    assert archive.files() == ids(made)
    assert any("390 files are kept by minimum" in it for it in keeper.alarms.current)


async def test_or_the_oldest_goes_after_all_if_so_chosen(
    disk_of: Callable[..., Archive],
) -> None:
    archive = disk_of(400 * MB, reserve_bytes=80 * MB)
    made = archive.record(
        archive.camera("gate"), 390, start_us=archive.now_us - 5 * DAY_US
    )
    keeper = archive.keeper({"minimum": {"days": 7, "on_full": "delete"}})

    await keeper.turn()

    assert archive.files() == ids(made[70:])


async def test_a_disk_that_others_fill_keeps_its_footage(
    disk_of: Callable[..., Archive],
) -> None:
    archive = disk_of(400 * MB, reserve_bytes=300 * MB)
    made = archive.record(archive.camera("gate"), 200, start_us=archive.now_us - DAY_US)
    keeper = archive.keeper()

    await turns(archive, keeper, 30)

    assert archive.files() == ids(made)


async def test_a_real_small_disk_is_never_full(real_small_disk: Path) -> None:
    archive = Archive(real_small_disk, write_bytes=True)
    gate = archive.camera("gate")
    keeper = archive.keeper()

    for _ in range(100):
        archive.record(gate, 1, start_us=archive.now_us - MINUTE_US)
        for _ in range(3):
            archive.clock.advance_us(20_000_000)
            await keeper.turn()
        assert len(archive.files()) <= 56

    assert archive.kept
    assert archive.files() == archive.kept | archive.doomed
    archive.close()


async def test_deletions_are_told_in_the_journal(
    archive: Archive, tmp_path: Path
) -> None:
    gate = archive.camera("gate")
    old = archive.record(gate, 1, start_us=archive.now_us - 31 * DAY_US)
    path = tmp_path / "deleted.jsonl"
    keeper = archive.keeper({**AGE, "journal": {"path": str(path)}})

    await keeper.turn()
    archive.clock.advance_us(DAY_US)
    await keeper.turn()

    (line,) = path.read_text().splitlines()
    told = json.loads(line)
    assert told["segment"] == old[0].id
    assert told["rule"].startswith("age: older than 30 days [")
    assert told["camera"] == gate.id


async def test_rows_of_what_was_deleted_leave_no_run_behind(archive: Archive) -> None:
    gate = archive.camera("gate")
    archive.record(gate, 3, start_us=archive.now_us - 31 * DAY_US)
    keeper = archive.keeper(AGE)

    await keeper.turn()
    archive.clock.advance_us(DAY_US)
    await keeper.turn()

    assert archive.rows(*SegmentState) == set()
    assert archive.catalogue.coverage(gate.id, "main", 0, 1 << 60) == []  # type: ignore[arg-type]
