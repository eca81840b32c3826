"""Calling plugins, each by itself: what goes wrong in one is kept from the others."""

import inspect
import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice
from typing import Any

import pluggy
from pydantic import BaseModel

from nvr.base.model import Segment
from nvr.base.retention import Deletion, FootageView, Opinion
from nvr.hook_deadline import Attempt, TooLate, is_within_a_call
from nvr.hookspecs import SuggestedAddress

log = logging.getLogger(__name__)

MOST_FAILURES = 3
"""A plugin that fails so often in a row is left out until the next start."""
DEADLINE_SECONDS = 20.0
"""A hook that is at work for longer is abandoned, and its plugin left out at once: its
thread is still in there, and a second one would only hang beside it."""


@dataclass(frozen=True, slots=True)
class PluginRow:
    """A plugin as a list shows it."""

    name: str
    distribution: str
    version: str
    state: str
    hooks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One plugin's opinions. `is_cut_off`: there were more than were wanted."""

    plugin: str
    opinions: tuple[Opinion, ...] = ()
    is_cut_off: bool = False
    has_failed: bool = False


@dataclass(slots=True)
class Plugin:
    """A plugin that is in use."""

    name: str
    distribution: str
    version: str
    hooks: dict[str, pluggy.HookImpl]
    settings: BaseModel
    failures: int = 0

    @property
    def is_left_out(self) -> bool:
        return self.failures >= MOST_FAILURES


class Plugins:
    """The plugins in use, asked and told in the order of their names.

    May be used from any thread; calls wait for each other. Each runs on a thread of its
    own and for `deadline_seconds` at most, so that nobody is held up by one that hangs.
    """

    def __init__(
        self,
        loaded: Sequence[Plugin],
        off: Sequence[PluginRow] = (),
        *,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._loaded = list(loaded)
        self._off = list(off)
        self._deadline_seconds = deadline_seconds
        self._one_at_a_time = threading.Lock()

    def listing(self) -> list[PluginRow]:
        """All installed plugins by name, those that are switched off too."""
        rows = [
            PluginRow(
                it.name,
                it.distribution,
                it.version,
                "left out: it failed" if it.is_left_out else "on",
                tuple(it.hooks),
            )
            for it in self._loaded
        ]
        return sorted((*rows, *self._off), key=lambda row: row.name)

    def settings_of(self, name: str) -> BaseModel | None:
        """A plugin's settings; None: there is no such plugin in use."""
        return next((it.settings for it in self._loaded if it.name == name), None)

    def named(self, name: str) -> Plugin | None:
        """A plugin in use, for those who try it out; None: there is none."""
        return next((it for it in self._loaded if it.name == name), None)

    def suggest_addresses(
        self, host: str, port: int = 0, channel: int = 1
    ) -> list[SuggestedAddress]:
        """What all plugins suggest for a device, by label."""
        suggested: list[SuggestedAddress] = []
        for plugin in self._with("suggest_addresses"):
            made = self._call(
                plugin,
                "suggest_addresses",
                SuggestedAddress,
                host=host,
                port=port,
                channel=channel,
            )
            suggested += made or ()
        return sorted(suggested, key=lambda it: it.label.casefold())

    def expired_segments(
        self, view: FootageView, now_us: int, limit: int
    ) -> Iterator[Answer]:
        """What each plugin would delete, at most `limit` of each."""
        return self._opinions("expired_segments", limit, view=view, now_us=now_us)

    def protected_segments(
        self, view: FootageView, candidates: Sequence[Segment], now_us: int
    ) -> Iterator[Answer]:
        """What each plugin wants to keep of the candidates."""
        return self._opinions(
            "protected_segments",
            len(candidates),
            view=view,
            candidates=tuple(candidates),
            now_us=now_us,
        )

    def segments_deleted(self, deletions: Sequence[Deletion]) -> None:
        """Tell every plugin that wants to know."""
        for plugin in self._with("segments_deleted"):
            self._call(plugin, "segments_deleted", None, deletions=tuple(deletions))

    def retention_mark(self) -> str:
        """Changes whenever the settings of any plugin with an opinion do."""
        told = [
            f"{it.name} {it.settings.model_dump_json()}"
            for hook in ("expired_segments", "protected_segments")
            for it in self._with(hook)
        ]
        return sha256("\n".join(told).encode()).hexdigest()[:8]

    def _with(self, hook: str) -> list[Plugin]:
        return [it for it in self._loaded if hook in it.hooks]

    def _opinions(self, hook: str, limit: int, **arguments: Any) -> Iterator[Answer]:
        for plugin in self._with(hook):
            # One more than wanted tells whether there are more.
            told = self._call(plugin, hook, Opinion, limit=limit + 1, **arguments)
            if told is None:
                yield Answer(plugin.name, has_failed=True)
            else:
                yield Answer(plugin.name, tuple(told[:limit]), len(told) > limit)

    def _call(
        self,
        plugin: Plugin,
        hook: str,
        kind: type[Any] | None,
        limit: int | None = None,
        **arguments: Any,
    ) -> list[Any] | None:
        """What the plugin returned, each of `kind`; None if it failed."""
        with self._turn():
            if plugin.is_left_out:
                return None
            seconds = self._deadline_seconds
            try:
                told = call(plugin, hook, kind, arguments, limit, seconds)
            except TooLate as error:
                plugin.failures = MOST_FAILURES
                log.error("plugin %s is left out: %s %s", plugin.name, hook, error)
                return None
            # SystemExit too: a plugin that ends the process would end retention.
            except (Exception, SystemExit):
                log.exception("plugin %s failed in %s", plugin.name, hook)
                _count_failure(plugin)
                return None
            plugin.failures = 0
            return told

    def _turn(self) -> AbstractContextManager[object]:
        return nullcontext() if is_within_a_call() else self._one_at_a_time


def _count_failure(plugin: Plugin) -> None:
    plugin.failures += 1
    if plugin.is_left_out:
        log.error(
            "plugin %s is left out after %d failures in a row",
            plugin.name,
            plugin.failures,
        )


def call(
    plugin: Plugin,
    hook: str,
    kind: type[Any] | None,
    arguments: dict[str, Any],
    limit: int | None = None,
    seconds: float = DEADLINE_SECONDS,
) -> list[Any]:
    """What one hook returns, at most `limit` values of `kind`, within its time.

    Raises whatever the plugin raises, `TypeError` for nonsense, and `TooLate`.
    """
    attempt = Attempt(seconds)
    if "view" in arguments:
        view: FootageView = arguments["view"]
        unhurried = replace(view, pages=attempt.pages(view.pages))
        arguments = {**arguments, "view": unhurried}
    return attempt.run(
        f"plugin {plugin.name}", lambda: _run(plugin, hook, kind, limit, arguments)
    )


def _run(
    plugin: Plugin,
    hook: str,
    kind: type[Any] | None,
    limit: int | None,
    arguments: dict[str, Any],
) -> list[Any]:
    offered = {**arguments, "settings": plugin.settings}
    implementation = plugin.hooks[hook]
    wanted = {name: offered[name] for name in implementation.argnames}
    returned = implementation.function(**wanted)
    if kind is None:
        return []
    told = list(islice(_iterable(returned), limit))
    for each in told:
        if not isinstance(each, kind):
            raise TypeError(f"{hook} must give {kind.__name__} values, not {each!r}")
    return told


def _iterable(returned: Any) -> Iterable[Any]:
    if inspect.iscoroutine(returned):
        returned.close()
        raise TypeError("hooks are plain functions, not coroutines")
    return () if returned is None else iter(returned)
