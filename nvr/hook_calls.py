"""Calling plugins, each by itself: what goes wrong in one is kept from the others."""

import inspect
import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Any

import pluggy
from pydantic import BaseModel

from nvr.base.model import Segment
from nvr.base.retention import Deletion, FootageView, Opinion
from nvr.hookspecs import SuggestedAddress

log = logging.getLogger(__name__)

MOST_FAILURES = 3
"""A plugin that fails so often in a row is left out until the next start."""


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

    May be used from any thread; calls wait for each other.
    """

    def __init__(self, loaded: Sequence[Plugin], off: Sequence[PluginRow] = ()) -> None:
        self._loaded = list(loaded)
        self._off = list(off)
        self._turn = threading.RLock()

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
        with self._turn:
            if plugin.is_left_out:
                return None
            try:
                told = _run(plugin, hook, kind, limit, arguments)
            # SystemExit too: a plugin that ends the process would end retention.
            except (Exception, SystemExit):
                log.exception("plugin %s failed in %s", plugin.name, hook)
                _count_failure(plugin)
                return None
            plugin.failures = 0
            return told


def _count_failure(plugin: Plugin) -> None:
    plugin.failures += 1
    if plugin.is_left_out:
        log.error(
            "plugin %s is left out after %d failures in a row",
            plugin.name,
            plugin.failures,
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
