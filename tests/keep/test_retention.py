"""How opinions become a decision, and that a plan is what then happens."""

from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

import pytest

from nvr.base.model import Segment
from nvr.base.retention import FootageView, Opinion
from nvr.hook_calls import Plugins
from nvr.hooks import build
from nvr.hookspecs import hookimpl
from nvr.keep.keeper import Keeper
from nvr.keep.plan import Plan, plan
from tests.keep.archive import BUNDLED, DAY_US, MB, Archive, ids


def plugin(**hooks: Any) -> ModuleType:
    made = ModuleType("plugin")
    for name, hook in hooks.items():
        setattr(made, name, hookimpl(hook))
    return made


def everything(view: FootageView) -> Iterator[Opinion]:
    for segment in view.segments():
        yield Opinion(segment, "all of it")


def with_others(**others: ModuleType) -> Plugins:
    return build({**BUNDLED, **others})


def planned(archive: Archive, plugins: Plugins) -> Plan:
    return plan(archive.settings(), archive.catalogue, plugins, archive.clock)


def test_protected_beats_expired(archive: Archive) -> None:
    made = archive.record(archive.camera("gate"), 4, start_us=archive.now_us - DAY_US)

    def odd_ones(candidates: Sequence[Segment]) -> list[Opinion]:
        return [Opinion(it, "odd") for it in candidates if it.id % 2]

    plugins = with_others(
        eager=plugin(expired_segments=everything),
        careful=plugin(protected_segments=odd_ones),
    )

    decision = planned(archive, plugins).decision

    assert [it.segment.id for it in decision.sentences] == [
        it.id for it in made if not it.id % 2
    ]
    assert decision.protected == {("careful", "odd"): 2}


def test_a_segment_that_is_pulled_out_of_a_hat_is_protected_too(
    archive: Archive,
) -> None:
    made = archive.record(archive.camera("gate"), 2, start_us=archive.now_us - DAY_US)
    plugins = with_others(
        hat=plugin(expired_segments=lambda: [Opinion(it, "mine") for it in made]),
        careful=plugin(
            protected_segments=lambda candidates: [
                Opinion(candidates[0], "the first one")
            ]
        ),
    )

    decision = planned(archive, plugins).decision

    assert [it.segment.id for it in decision.sentences] == [made[1].id]


def test_each_segment_is_sentenced_once_with_a_reason(archive: Archive) -> None:
    made = archive.record(archive.camera("gate"), 3, start_us=archive.now_us - DAY_US)
    plugins = with_others(
        eager=plugin(expired_segments=everything),
        keen=plugin(expired_segments=everything),
    )

    sentences = planned(archive, plugins).decision.sentences

    assert [(it.plugin, it.reason) for it in sentences] == [("eager", "all of it")] * 3
    assert [it.segment.id for it in sentences] == [it.id for it in made]


def test_pressing_is_believed_only_where_room_is_short(archive: Archive) -> None:
    archive.record(archive.camera("gate"), 1, start_us=archive.now_us - DAY_US)

    def liar(view: FootageView) -> list[Opinion]:
        return [Opinion(it, "hurry", is_pressing=True) for it in view.segments()]

    (sentence,) = planned(
        archive, with_others(liar=plugin(expired_segments=liar))
    ).decision.sentences

    assert not sentence.is_pressing


def test_a_failing_rule_costs_only_its_own_opinions(archive: Archive) -> None:
    made = archive.record(archive.camera("gate"), 2, start_us=archive.now_us - DAY_US)

    def broken(view: FootageView) -> Iterator[Opinion]:
        yield Opinion(next(iter(view.segments())), "one and then")
        raise RuntimeError("half way")

    plugins = with_others(
        broken=plugin(expired_segments=broken),
        eager=plugin(expired_segments=everything),
    )

    decision = planned(archive, plugins).decision

    assert decision.failed == {"broken"}
    assert {it.plugin for it in decision.sentences} == {"eager"}
    assert len(decision.sentences) == len(made)


@pytest.mark.parametrize("runs", [1, 5])
def test_nothing_goes_while_a_protector_fails_even_when_it_is_left_out(
    archive: Archive, runs: int
) -> None:
    archive.record(archive.camera("gate"), 2, start_us=archive.now_us - DAY_US)

    def broken() -> list[Opinion]:
        raise RuntimeError("no idea")

    plugins = with_others(
        broken=plugin(protected_segments=broken),
        eager=plugin(expired_segments=everything),
    )

    for _ in range(runs):
        decision = planned(archive, plugins).decision
        assert decision.sentences == ()
        assert decision.failed == {"broken"}


async def test_but_a_broken_protector_does_not_stop_the_recording(
    disk_of: Any,
) -> None:
    archive: Archive = disk_of(400 * MB, reserve_bytes=80 * MB)
    made = archive.record(
        archive.camera("gate"), 390, start_us=archive.now_us - 5 * DAY_US
    )

    def broken() -> list[Opinion]:
        raise RuntimeError("no idea")

    keeper = archive.keeper(
        plugins=with_others(broken=plugin(protected_segments=broken))
    )

    await keeper.turn()

    assert archive.files() == ids(made[70:])
    assert any("without broken" in alarm for alarm in keeper.alarms.current)


async def test_the_plan_is_what_the_next_run_does(disk_of: Any) -> None:
    archive: Archive = disk_of(500 * MB, reserve_bytes=80 * MB)
    start_us = archive.now_us - 40 * DAY_US
    for name in ("gate", "yard", "door"):
        camera = archive.camera(name)
        archive.record(camera, 45, start_us=start_us, every_us=DAY_US // 2)
        archive.record(camera, 95, start_us=archive.now_us - DAY_US)
    tables = {
        "age": {"days": 30, "cameras": {"door": 35}},
        "size": {"cameras": {"yard": 0.1}},
        "minimum": {"cameras": {"gate": 38}},
    }
    plugins = archive.plugins(tables)

    told = plan(archive.settings(tables), archive.catalogue, plugins, archive.clock)
    keeper = Keeper(
        settings=archive.settings(tables),
        catalogue=archive.catalogue,
        plugins=plugins,
        clock=archive.clock,
    )
    await keeper.turn()

    assert told.brakes == ()
    assert {it.plugin for it in told.decision.sentences} == {"age", "size"}
    assert archive.doomed == ids(it.segment for it in told.decision.sentences)


def test_a_plan_says_what_holds_it_back(archive: Archive) -> None:
    archive.record(archive.camera("gate"), 2, start_us=archive.now_us)
    archive.clock.step_wall(-DAY_US)

    told = planned(archive, with_others())

    assert any("behind what was already recorded" in brake for brake in told.brakes)
