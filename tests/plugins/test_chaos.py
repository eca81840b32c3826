"""A plugin that does everything wrong holds nobody up and costs nobody an opinion."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any

import pytest
from nvr.plugins import age

from nvr.base.clock import SystemClock
from nvr.base.model import Segment
from nvr.base.retention import FootageView, Opinion
from nvr.hook_calls import Plugins
from nvr.hooks import build
from nvr.hookspecs import hookimpl
from nvr.testing.footage import GATE, NOW_US, Footage
from tests.keep.archive import BUNDLED, DAY_US, Archive, ids
from tests.keep.conftest import archive

__all__ = ["archive"]

DEADLINE_SECONDS = 0.5
FOOTAGE = Footage()
OLD = FOOTAGE.add(GATE, 1, start_us=NOW_US - 9 * DAY_US)[0]
VIEW = FOOTAGE.view()


def plugin(**hooks: Any) -> ModuleType:
    made = ModuleType("plugin")
    for name, hook in hooks.items():
        setattr(made, name, hookimpl(hook))
    return made


def blocked(*_: object) -> None:
    threading.Event().wait()


def raises() -> None:
    raise RuntimeError("no idea")


def blocks() -> None:
    blocked()


def spins() -> None:
    end_us = SystemClock().now().mono_us + 3_000_000
    while SystemClock().now().mono_us < end_us:
        pass


def nonsense() -> object:
    return {"everything": "must go"}


def yields_endlessly(view: FootageView) -> Iterator[Opinion]:
    segments = list(view.segments())
    while True:
        for segment in segments:
            yield Opinion(segment, "again")


def yields_and_blocks(view: FootageView) -> Iterator[Opinion]:
    for segment in view.segments():
        yield Opinion(segment, "one and then")
        blocked()


def never_yields(view: FootageView) -> Iterator[Opinion]:
    while blocked():
        yield from ()


CHAOS: dict[str, Callable[..., object]] = {
    it.__name__: it
    for it in (raises, blocks, spins, nonsense, yields_and_blocks, never_yields)
}


def beside_others(**hooks: Any) -> Plugins:
    return build(
        {**BUNDLED, "chaos": plugin(**hooks)},
        {"age": {"days": 7}},
        deadline_seconds=DEADLINE_SECONDS,
    )


@pytest.mark.parametrize("hook", CHAOS)
async def test_the_keeper_keeps_house_beside_it(archive: Archive, hook: str) -> None:
    made = archive.record(
        archive.camera("gate"), 12, start_us=archive.now_us - 12 * DAY_US,
        every_us=DAY_US,
    )  # fmt: skip
    keeper = archive.keeper(plugins=beside_others(expired_segments=CHAOS[hook]))

    started_us = SystemClock().now().mono_us
    await keeper.turn()
    took_us = SystemClock().now().mono_us - started_us

    assert archive.doomed == ids(made[:5])
    assert any("without chaos" in alarm for alarm in keeper.alarms.current)
    assert took_us < 2_500_000


def test_one_that_yields_endlessly_gets_its_limit_and_no_more() -> None:
    plugins = beside_others(expired_segments=yields_endlessly)

    told = {it.plugin: it for it in plugins.expired_segments(VIEW, NOW_US, 50)}

    assert len(told["chaos"].opinions) == 50
    assert told["chaos"].is_cut_off
    assert told["age"].opinions[0].segment == OLD


def test_one_that_hangs_is_left_out_at_once(caplog: pytest.LogCaptureFixture) -> None:
    calls = []

    def hook() -> None:
        calls.append(1)
        blocked()

    plugins = beside_others(expired_segments=hook)

    for _ in range(3):
        list(plugins.expired_segments(VIEW, NOW_US, 50))

    assert len(calls) == 1
    (row,) = (it for it in plugins.listing() if it.name == "chaos")
    assert row.state == "left out: it failed"
    assert "chaos is left out: expired_segments did not return within" in caplog.text


async def test_what_a_hanging_protector_was_asked_about_stays(
    archive: Archive,
) -> None:
    archive.record(archive.camera("gate"), 3, start_us=archive.now_us - 9 * DAY_US)
    keeper = archive.keeper(plugins=beside_others(protected_segments=blocks))

    for _ in range(2):
        await keeper.turn()
        archive.clock.advance_us(60_000_000)

    assert archive.doomed == set()


def test_a_notice_that_hangs_keeps_nobody_from_hearing() -> None:
    heard: list[object] = []
    plugins = build(
        {
            "a": plugin(segments_deleted=blocks),
            "b": plugin(segments_deleted=lambda deletions: heard.append(deletions)),
        },
        deadline_seconds=DEADLINE_SECONDS,
    )

    plugins.segments_deleted([])

    assert heard == [()]


def test_waiting_for_footage_is_not_held_against_a_plugin() -> None:
    def slowly(*question: object) -> Iterator[Sequence[Segment]]:
        for _ in range(3):
            threading.Event().wait(DEADLINE_SECONDS * 0.7)
            yield [OLD]

    view = FootageView(cameras={}, usages=VIEW.usages, volumes=(), pages=slowly)
    plugins = build(
        {"age": age}, {"age": {"days": 7}}, deadline_seconds=DEADLINE_SECONDS
    )

    (answer,) = plugins.expired_segments(view, NOW_US, 50)

    assert not answer.has_failed
    assert len(answer.opinions) == 3


def test_asking_on_after_the_time_is_over_raises() -> None:
    over, errors, done = threading.Event(), [], threading.Event()

    def hook(view: FootageView) -> list[Opinion]:
        over.wait()
        try:
            list(view.segments())
        except Exception as error:
            errors.append(type(error).__name__)
        done.set()
        return []

    plugins = beside_others(expired_segments=hook)

    list(plugins.expired_segments(VIEW, NOW_US, 50))
    over.set()

    assert done.wait(5)
    assert errors == ["TooLate"]


def test_a_time_out_of_its_own_is_an_ordinary_failure() -> None:
    def hook() -> None:
        raise TimeoutError("its own network")

    plugins = beside_others(expired_segments=hook)

    told = {it.plugin: it for it in plugins.expired_segments(VIEW, NOW_US, 50)}

    assert told["chaos"].has_failed
    assert {it.state for it in plugins.listing()} == {"on"}


def test_an_abandoned_thread_does_not_keep_the_process_alive() -> None:
    program = """
import threading
from types import ModuleType
from nvr.hooks import build
from nvr.hookspecs import hookimpl

chaos = ModuleType("chaos")
chaos.segments_deleted = hookimpl(lambda: threading.Event().wait())
build({"chaos": chaos}, deadline_seconds=0.1).segments_deleted([])
print("left")
"""

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=20
    )

    assert done.stdout == "left\n"
    assert done.returncode == 0, done.stderr
