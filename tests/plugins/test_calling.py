"""Calling plugins: what goes wrong in one is kept from the others."""

import os
from types import ModuleType
from typing import Any

import pytest

from nvr.base.retention import Deletion, Opinion
from nvr.hooks import build
from nvr.hookspecs import SuggestedAddress, hookimpl
from nvr.testing.footage import GATE, NOW_US, Footage

SEGMENT = Footage().add(GATE, 1, start_us=NOW_US)[0]
VIEW = Footage().view()


def plugin(**hooks: Any) -> ModuleType:
    made = ModuleType("plugin")
    for name, hook in hooks.items():
        setattr(made, name, hookimpl(hook))
    return made


def raising(error: BaseException) -> Any:
    def hook() -> None:
        raise error

    return hook


def test_hook_suggest_addresses_joins_what_all_plugins_say() -> None:
    plugins = build(
        {
            "one": plugin(
                suggest_addresses=lambda host: [
                    SuggestedAddress("b", "Brand", f"rtsp://{host}/b")
                ]
            ),
            "two": plugin(
                suggest_addresses=lambda host, port, channel: [
                    SuggestedAddress("a", "acme", f"rtsp://{host}:{port}/{channel}")
                ]
            ),
        }
    )

    told = plugins.suggest_addresses("10.0.0.5", 8554, 2)

    assert [it.url for it in told] == ["rtsp://10.0.0.5:8554/2", "rtsp://10.0.0.5/b"]


def test_hook_expired_segments_is_asked_for_no_more_than_wanted() -> None:
    taken = []

    def endless() -> Any:
        while True:
            taken.append(1)
            yield Opinion(SEGMENT, "old")

    plugins = build({"endless": plugin(expired_segments=endless)})

    (answer,) = plugins.expired_segments(VIEW, NOW_US, limit=10)

    assert len(answer.opinions) == 10
    assert answer.is_cut_off
    assert len(taken) == 11


def test_hook_protected_segments_gets_the_candidates() -> None:
    plugins = build(
        {
            "all": plugin(
                protected_segments=lambda candidates: [
                    Opinion(it, "mine") for it in candidates
                ]
            )
        }
    )

    (answer,) = plugins.protected_segments(VIEW, [SEGMENT], NOW_US)

    assert answer.opinions == (Opinion(SEGMENT, "mine"),)


def test_hook_segments_deleted_reaches_everybody_though_one_raises(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: list[Deletion] = []
    plugins = build(
        {
            "a": plugin(segments_deleted=raising(RuntimeError("no"))),
            "b": plugin(segments_deleted=lambda deletions: heard.extend(deletions)),
        }
    )

    plugins.segments_deleted([Deletion(SEGMENT, "age", NOW_US)])

    assert [it.segment for it in heard] == [SEGMENT]
    assert "plugin a failed in segments_deleted" in caplog.text
    assert "RuntimeError: no" in caplog.text


def test_hook_plugin_settings_are_the_plugins_own() -> None:
    seen = []
    plugins = build(
        {"a": plugin(segments_deleted=lambda settings: seen.append(settings))}
    )

    plugins.segments_deleted([])

    assert type(seen[0]).__name__ == "NoSettings"


@pytest.mark.parametrize(
    "hook",
    [
        raising(RuntimeError("broken")),
        raising(SystemExit(1)),
        lambda: ["not an opinion"],
        lambda: 5,
        lambda: (Opinion(SEGMENT, "fine") if n else 1 / n for n in (1, 1, 0)),  # type: ignore[truthy-bool]
        lambda now_us: now_us.no_such_thing,
    ],
)
def test_whatever_a_plugin_does_it_only_fails(hook: Any) -> None:
    plugins = build(
        {
            "bad": plugin(expired_segments=hook),
            "good": plugin(expired_segments=lambda: [Opinion(SEGMENT, "old")]),
        }
    )

    bad, good = plugins.expired_segments(VIEW, NOW_US, limit=10)

    assert bad.has_failed
    assert bad.opinions == ()
    assert len(good.opinions) == 1


def test_a_coroutine_is_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    async def hook() -> list[Opinion]:
        return []

    plugins = build({"bad": plugin(expired_segments=hook)})

    (answer,) = plugins.expired_segments(VIEW, NOW_US, limit=10)

    assert answer.has_failed
    assert "plain functions" in caplog.text


def test_three_failures_in_a_row_leave_a_plugin_out() -> None:
    calls = []

    def hook() -> None:
        calls.append(os.getpid())
        raise RuntimeError("again")

    plugins = build({"bad": plugin(segments_deleted=hook)})

    for _ in range(5):
        plugins.segments_deleted([])

    assert len(calls) == 3
    assert plugins.listing()[0].state == "left out: it failed"


def test_two_failures_and_a_success_do_not() -> None:
    calls = []

    def hook() -> None:
        calls.append(1)
        if len(calls) % 3:
            raise RuntimeError("again")

    plugins = build({"shaky": plugin(segments_deleted=hook)})

    for _ in range(9):
        plugins.segments_deleted([])

    assert len(calls) == 9
    assert plugins.listing()[0].state == "on"


def test_the_mark_of_the_rules_changes_with_their_settings_only() -> None:
    from nvr.plugins import age, journal

    both = {"age": age, "journal": journal}
    mark = build(both, {"age": {"days": 3}}).retention_mark()

    assert build(both, {"age": {"days": 3}}).retention_mark() == mark
    assert build(both, {"age": {"days": 4}}).retention_mark() != mark
    told = {"age": {"days": 3}, "journal": {"files": 5}}
    assert build(both, told).retention_mark() == mark
