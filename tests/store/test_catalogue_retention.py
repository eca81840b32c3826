"""What retention asks the catalogue, on both databases."""

from nvr.base.model import Camera, Segment
from nvr.store.catalogue import Catalogue
from nvr.store.retention import KeptUsage
from tests.fakes import FakeClock
from tests.store.stream import VOLUME, Stream

MINUTE_US = 60_000_000


def recorded(catalogue: Catalogue, camera: Camera, count: int) -> list[Segment]:
    stream = Stream(catalogue, camera.id)
    start_us = camera.created_us
    return [
        stream.close(
            stream.open(start_us + n * MINUTE_US), start_us + (n + 1) * MINUTE_US
        )
        for n in range(count)
    ]


def test_usage_tells_what_is_kept_from_what_is_going(
    catalogue: Catalogue, camera: Camera
) -> None:
    made = recorded(catalogue, camera, 5)
    catalogue.doom([it.id for it in made[:3]], "age [x]", 0)
    catalogue.begin_unlink([made[0].id])

    assert catalogue.kept_usage() == [
        KeptUsage(
            camera_id=camera.id,
            volume_id=VOLUME,
            kept_bytes=4_000,
            doomed_bytes=6_000,
            oldest_us=made[3].start_us,
            first_us=made[0].start_us,
            newest_us=made[4].end_us,
        )
    ]


def test_where_all_is_going_nothing_is_oldest(
    catalogue: Catalogue, camera: Camera
) -> None:
    made = recorded(catalogue, camera, 2)
    catalogue.doom([it.id for it in made], "age [x]", 0)

    (usage,) = catalogue.kept_usage()

    assert (usage.kept_bytes, usage.oldest_us) == (0, None)


def test_closed_segments_come_in_portions(catalogue: Catalogue, camera: Camera) -> None:
    made = recorded(catalogue, camera, 5)
    Stream(catalogue, camera.id).open(made[-1].end_us)

    first = catalogue.closed_segments(camera.id, None, after_id=-1, limit=2)
    rest = catalogue.closed_segments(None, VOLUME, after_id=first[-1].id, limit=9)

    assert [it.id for it in first + rest] == [it.id for it in made]


def test_doomed_segments_are_told_by_volume_and_grace(
    catalogue: Catalogue, camera: Camera
) -> None:
    made = recorded(catalogue, camera, 4)
    catalogue.doom([made[0].id, made[2].id], "age [x]", 100)
    catalogue.doom([made[1].id], "size [x]", 200)

    whole = catalogue.doomed_on(VOLUME, after_id=-1, limit=9)
    later = catalogue.doomed_on(VOLUME, after_id=made[0].id, limit=9)
    due = catalogue.doomed_on(VOLUME, after_id=-1, limit=9, before_us=100)

    assert [it.id for it in whole] == [it.id for it in made[:3]]
    assert [it.id for it in later] == [it.id for it in made[1:3]]
    assert [it.id for it in due] == [made[0].id, made[2].id]


def test_dooms_by_other_rules_are_taken_back(
    catalogue: Catalogue, camera: Camera
) -> None:
    made = recorded(catalogue, camera, 4)
    catalogue.doom([made[0].id], "age: 50_% [old]", 0)
    catalogue.doom([made[1].id], "age: 50_% [new]", 0)
    catalogue.doom([made[2].id], "size [old]", 0)
    catalogue.begin_unlink([made[2].id])

    assert catalogue.spare_others(" [new]", 100) == 1

    assert catalogue.doom_rules([it.id for it in made]) == {
        made[1].id: "age: 50_% [new]",
        made[2].id: "size [old]",
    }


def test_sparing_comes_to_an_end_although_some_are_too_late(
    catalogue: Catalogue, camera: Camera
) -> None:
    made = recorded(catalogue, camera, 3)
    catalogue.doom([it.id for it in made], "age [old]", 0)
    catalogue.begin_unlink([made[0].id])

    assert catalogue.spare_others(" [new]", 1) == 1
    assert catalogue.spare_others(" [new]", 1) == 1
    assert catalogue.spare_others(" [new]", 1) == 0


def test_the_rate_is_that_of_the_last_quarter_of_an_hour(
    catalogue: Catalogue, camera: Camera, clock: FakeClock
) -> None:
    made = recorded(catalogue, camera, 60)
    now_us = made[-1].end_us

    assert catalogue.bytes_per_second(VOLUME, now_us) == 14 * 2_000 // (14 * 60)
    assert catalogue.bytes_per_second(VOLUME, now_us + 3600 * 1_000_000) == 0
