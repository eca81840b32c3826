"""The bundled retention rules, each against the contract and for what it promises."""

import pytest
from nvr.plugins import age, minimum, size, space
from nvr.plugins.age import AgeSettings
from nvr.plugins.minimum import MinimumSettings
from nvr.plugins.size import SizeSettings

from nvr.base.errors import SettingsError
from nvr.base.model import VolumeId
from nvr.hooks import build
from nvr.hookspecs import NoSettings
from nvr.testing.footage import (
    DAY_US,
    GATE,
    HOUR_US,
    MB,
    NOW_US,
    YARD,
    Footage,
    a_year,
    disk,
)
from nvr.testing.retention_contract import RetentionContract


class TestAgeKeepsTheContract(RetentionContract):
    plugin = age
    table = "days = 30"


class TestSizeKeepsTheContract(RetentionContract):
    plugin = size
    table = "gigabytes_per_camera = 1"


class TestSpaceKeepsTheContract(RetentionContract):
    plugin = space


class TestMinimumKeepsTheContract(RetentionContract):
    plugin = minimum
    table = "days = 30"


def test_age_takes_what_ended_before_the_days_began() -> None:
    footage = Footage()
    made = footage.add(GATE, 4, start_us=NOW_US - 2 * DAY_US - 2 * HOUR_US)

    told = age.expired_segments(footage.view(), AgeSettings(days=2), NOW_US)

    assert [it.segment for it in told] == made[:2]


def test_age_without_days_takes_nothing() -> None:
    assert not list(age.expired_segments(a_year().view(), AgeSettings(), NOW_US))


def test_age_takes_the_oldest_camera_first() -> None:
    footage = Footage()
    footage.add(GATE, 1, start_us=NOW_US - 10 * DAY_US)
    footage.add(YARD, 1, start_us=NOW_US - 20 * DAY_US)

    told = list(age.expired_segments(footage.view(), AgeSettings(days=2), NOW_US))

    assert [it.segment.camera_id for it in told] == [YARD, GATE]
    assert told[0].reason == "older than 2 days"


def test_age_for_one_camera_only_by_its_id() -> None:
    rule = AgeSettings(cameras={GATE: 300})

    told = list(age.expired_segments(a_year().view(), rule, NOW_US))

    assert {it.segment.camera_id for it in told} == {GATE}
    assert len(told) == 65 * 4


def test_size_takes_just_as_much_as_is_over() -> None:
    footage = Footage()
    made = footage.add(GATE, 10, start_us=NOW_US - DAY_US)
    footage.add(YARD, 3, start_us=NOW_US - DAY_US)
    rule = SizeSettings(gigabytes_per_camera=0.075)

    told = list(size.expired_segments(footage.view(), rule, NOW_US))

    assert [it.segment for it in told] == made[:3]
    assert told[0].reason == "the camera has more than 0.075 GB"


def test_size_counts_all_volumes_of_a_camera() -> None:
    footage = Footage()
    other = VolumeId("other")
    footage.add(GATE, 5, start_us=NOW_US - 2 * DAY_US)
    footage.add(GATE, 5, start_us=NOW_US - DAY_US, volume_id=other)
    rule = SizeSettings(cameras={"gate": 0.08})

    told = list(size.expired_segments(footage.view(), rule, NOW_US))

    assert len(told) == 2


def test_space_takes_nothing_while_there_is_room() -> None:
    view = a_year().view(disk(free_bytes=110 * MB))

    assert not list(space.expired_segments(view, NoSettings(), NOW_US))


def test_space_makes_room_for_a_while_ahead() -> None:
    footage = Footage()
    made = footage.add(GATE, 30, start_us=NOW_US - 9 * DAY_US)
    view = footage.view(disk(free_bytes=95 * MB))

    told = list(space.expired_segments(view, NoSettings(), NOW_US))

    assert [it.segment for it in told] == made[:3]
    assert all(it.is_pressing for it in told)


def test_space_counts_what_is_going_already() -> None:
    view = a_year().view(disk(free_bytes=95 * MB, doomed_bytes=25 * MB))

    assert not list(space.expired_segments(view, NoSettings(), NOW_US))


def test_minimum_protects_what_is_younger() -> None:
    footage = Footage()
    made = footage.add(GATE, 4, start_us=NOW_US - 2 * DAY_US - 2 * HOUR_US)

    told = minimum.protected_segments(
        footage.view(), made, MinimumSettings(days=2), NOW_US
    )

    assert [it.segment for it in told] == made[2:]


@pytest.mark.parametrize(("on_full", "kept"), [("stop", 4), ("delete", 0)])
def test_minimum_gives_in_on_a_critical_volume_only_if_told(
    on_full: str, kept: int
) -> None:
    footage = Footage()
    made = footage.add(GATE, 4, start_us=NOW_US - DAY_US)
    view = footage.view(disk(free_bytes=20 * MB))
    rule = MinimumSettings(days=2, on_full=on_full)  # type: ignore[arg-type]

    told = list(minimum.protected_segments(view, made, rule, NOW_US))

    assert len(told) == kept


@pytest.mark.parametrize(
    ("name", "plugin", "table", "complaint"),
    [
        ("age", age, {"days": 0}, "`plugins.age.days`"),
        ("age", age, {"days": -3}, "`plugins.age.days`"),
        ("age", age, {"day": 3}, "did you mean `days`"),
        ("age", age, {"cameras": {"gate": "a week"}}, "`plugins.age.cameras.gate`"),
        ("size", size, {"gigabytes": 3}, "did you mean `gigabytes_per_camera`"),
        ("minimum", minimum, {"on_full": "panic"}, "`plugins.minimum.on_full`"),
        ("space", space, {"reserve": 3}, "unknown setting `plugins.space.reserve`"),
    ],
)
def test_a_wrong_setting_is_named(
    name: str, plugin: object, table: dict[str, object], complaint: str
) -> None:
    with pytest.raises(SettingsError, match=complaint):
        build({name: plugin}, {name: table})
