"""Every hook of the server, in the order of a recording's life.

A plugin is a module, or any object, named by an entry point of the group
`nvr.plugins`. It marks plain functions with `@hookimpl` that have the name of a hook
and any of its parameters. A misspelt name is an error at start. There are three
kinds, told apart by grammar:

    makers     verbs: give me something. The answers of all plugins are joined.
    opinions   nouns: what do you think of these? We decide.
    notices    past participles: this has happened. Nothing is returned.

Each plugin is called by itself. If it raises, that is logged with its name and the
others go on; after three failures in a row a plugin is left out until the next start,
and at once when a call is not over in its time.
`settings` is always the plugin's own, checked value of what `plugin_settings` named.
Hooks are called on worker threads, never in a recorder, and one at a time.

`plugins/README.md` has a section with an example for each hook.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pluggy
from pydantic import BaseModel

from nvr.base.model import Segment
from nvr.base.retention import Deletion, FootageView, Opinion

hookspec = pluggy.HookspecMarker("nvr")
hookimpl = pluggy.HookimplMarker("nvr")

Settings = Any
"""The plugin's own settings model; `NoSettings` if it names none."""


class NoSettings(BaseModel, frozen=True, extra="forbid"):
    """The settings of a plugin that has none."""


@dataclass(frozen=True, slots=True)
class SuggestedAddress:
    """Where a maker's cameras usually have their streams; without credentials."""

    vendor: str  # key for programs, such as `axis`
    label: str  # for people
    url: str
    sub_url: str = ""  # empty: no smaller stream is known


# -- the plugin itself ---------------------------------------------------------------


@hookspec
def plugin_settings() -> type[BaseModel]:  # type: ignore[empty-body]
    """The model of the table `[plugins.NAME]`.

    Called once at start, first of all. The model must be frozen, forbid unknown keys
    and have a default and a description for every field. `enabled` is no field of
    it: `enabled = false` switches any plugin off before it is imported.
    """


# -- a camera is added ---------------------------------------------------------------


@hookspec
def suggest_addresses(  # type: ignore[empty-body]
    host: str, port: int, channel: int, settings: Settings
) -> Sequence[SuggestedAddress]:
    """Maker: stream addresses that a device at `host` may have, one per vendor.

    Called when a person adds a camera, to fill the form or to try one after the
    other. `host` is a name or an address (IPv6 without brackets); `port` 0 means the
    vendor's usual one; `channel` counts from 1. Connect to nothing.
    """


# -- footage grows old ---------------------------------------------------------------


@hookspec
def expired_segments(  # type: ignore[empty-body]
    view: FootageView, settings: Settings, now_us: int
) -> Iterable[Opinion]:
    """Opinion: these segments may go, each for a reason.

    Called every minute, and every 5 seconds while a volume is short of room. Yield
    the most dispensable first; we stop asking when we have enough, so a generator is
    best. What is held or protected stays whatever you say. Without a trusted clock
    only pressing opinions count. Tell the same story each time you are asked about
    the same view: a dry run shows people what the next run will do.
    """


@hookspec
def protected_segments(  # type: ignore[empty-body]
    view: FootageView,
    candidates: Sequence[Segment],
    settings: Settings,
    now_us: int,
) -> Iterable[Opinion]:
    """Opinion: of these candidates, these must stay, each for a reason.

    Called with what others want to delete, some hundreds at a time. If you raise or
    hang, none of them is deleted, except on a volume where three quarters of the
    reserve are gone: there recording comes first.
    """


# -- footage is gone -----------------------------------------------------------------


@hookspec
def segments_deleted(deletions: Sequence[Deletion], settings: Settings) -> None:
    """Notice: these files are gone and their rows are tombstones.

    Called after the fact and at most once for each segment; if the server dies
    between the deletion and this call, it is not made up for.
    """
