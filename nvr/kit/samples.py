"""Calling a plugin's hooks with samples, and what is wrong with the answers."""

import traceback
from collections.abc import Iterator
from typing import Any

from nvr.base.retention import Deletion, FootageView, Opinion
from nvr.hook_calls import Plugin, call
from nvr.hook_deadline import TooLate
from nvr.hookspecs import SuggestedAddress
from nvr.testing.footage import GATE, MB, NOW_US, Footage, a_year, disk

LONGEST_REASON = 80
MOST_ANSWERS = 10_000
_PAGES_FOR_ONE = 5


def call_all(plugin: Plugin, seconds: float) -> list[str]:
    """One sentence for each thing that is wrong, none twice."""
    found: dict[str, None] = {}
    for hook, samples in (
        ("suggest_addresses", _suggest),
        ("expired_segments", _expired),
        ("protected_segments", _protected),
        ("segments_deleted", _deleted),
    ):
        if hook not in plugin.hooks:
            continue
        try:
            for text in samples(plugin, seconds):
                found[f"{hook}: {text}"] = None
        except TooLate as error:
            found[f"{hook} {error}; the keeper would leave the plugin out"] = None
        # Whatever a stranger's hook does, it is a finding.
        except (Exception, SystemExit) as error:
            found[f"{hook} {_raised(error)}"] = None
    return list(found)


def _raised(error: BaseException) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"fails with {type(error).__name__}: {error} "
        f"({place.filename.rpartition('/')[2]}:{place.lineno})"
    )


def _suggest(plugin: Plugin, seconds: float) -> Iterator[str]:
    for host in ("192.0.2.7", "cam.example", "2001:db8::7"):
        for port, channel in ((0, 1), (8554, 3)):
            asked = {"host": host, "port": port, "channel": channel}
            told = call(
                plugin, "suggest_addresses", SuggestedAddress, asked, None, seconds
            )
            for it in told:
                if not it.url.startswith(("rtsp://", "rtsps://")):
                    yield f"{it.url!r} is not an RTSP address"
                if host not in it.url:
                    yield f"{it.url!r} does not lead to {host}, which was asked for"
                if "@" in it.url.split("/")[2 if "//" in it.url else 0]:
                    yield f"{it.url!r} holds credentials; the person adds them"


def _views() -> Iterator[tuple[str, FootageView]]:
    yield "no footage", Footage().view(disk())
    yield "a year of footage", a_year().view(disk())
    yield "a year on a short disk", a_year().view(disk(free_bytes=20 * MB))
    yield "a year on a full disk", a_year().view(disk(free_bytes=0))
    yield "a year on unknown disks", a_year().view()


def _expired(plugin: Plugin, seconds: float) -> Iterator[str]:
    for words, view in _views():
        asked = {"view": view, "now_us": NOW_US}
        told = _opinions(plugin, "expired_segments", asked, seconds)
        yield from _about(told, set(view.segments()), words)
        if told != _opinions(plugin, "expired_segments", asked, seconds):
            yield (
                "tells another story when asked again about the same view; people look "
                "at the plan before they trust it"
            )
    yield from _thrift(plugin, seconds)


def _thrift(plugin: Plugin, seconds: float) -> Iterator[str]:
    footage = a_year()
    asked = {"view": footage.view(disk()), "now_us": NOW_US}
    told = call(plugin, "expired_segments", Opinion, asked, 1, seconds)
    if told and footage.pages_read > _PAGES_FOR_ONE:
        yield (
            f"reads {footage.pages_read} portions of footage to name one segment; be a "
            "generator and yield as you go, archives have millions"
        )


def _protected(plugin: Plugin, seconds: float) -> Iterator[str]:
    for words, view in _views():
        candidates = tuple(view.segments())[:500]
        asked = {"view": view, "candidates": candidates, "now_us": NOW_US}
        told = _opinions(plugin, "protected_segments", asked, seconds)
        yield from _about(told, set(candidates), words)


def _deleted(plugin: Plugin, seconds: float) -> Iterator[str]:
    segments = Footage().add(GATE, 3, start_us=NOW_US)
    deletions = tuple(Deletion(it, "age: older than 3 days", NOW_US) for it in segments)
    call(plugin, "segments_deleted", None, {"deletions": deletions}, None, seconds)
    yield from ()


def _opinions(
    plugin: Plugin, hook: str, asked: dict[str, Any], seconds: float
) -> list[Opinion]:
    return call(plugin, hook, Opinion, asked, MOST_ANSWERS, seconds)


def _about(told: list[Opinion], shown: set[Any], words: str) -> Iterator[str]:
    if len(told) >= MOST_ANSWERS:
        yield f"gives no end of answers about {words}, which has {len(shown)} segments"
        return
    for opinion in told:
        if opinion.segment not in shown:
            yield f"speaks of a segment that it was not shown ({words})"
        if not isinstance(opinion.reason, str) or not opinion.reason.strip():
            yield "gives no reason; people read it in the plan and on the tombstone"
        elif len(opinion.reason) > LONGEST_REASON or "\n" in opinion.reason:
            yield f"gives a reason that is not one line of {LONGEST_REASON} characters"
