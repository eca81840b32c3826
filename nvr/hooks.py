"""Loading plugins: whatever is wrong with one is an error at start with its name."""

import difflib
from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy
from pydantic import BaseModel

from nvr import hookspecs
from nvr.base.errors import PluginError, SettingsError
from nvr.base.settings import Settings, check
from nvr.hook_calls import DEADLINE_SECONDS, Plugin, PluginRow, Plugins
from nvr.hookspecs import NoSettings

GROUP = "nvr.plugins"
OUR_DISTRIBUTION = "nvr"


def load_plugins(settings: Settings) -> Plugins:
    """All installed plugins that are not switched off.

    Raises `PluginError` or `SettingsError` with the name of what is wrong.
    """
    found = _by_name(entry_points(group=GROUP))
    tables = {name: dict(table) for name, table in settings.plugins.items()}
    _demand_known(tables, found)
    # An absent plugin must not be imported: it may be off because it cannot be.
    off = [name for name, table in tables.items() if not _is_enabled(name, table)]
    objects = {name: _import(entry) for name, entry in found.items() if name not in off}
    origins = {name: _origin(entry) for name, entry in found.items()}
    return build(objects, tables, origins)


def build(
    objects: Mapping[str, object],
    tables: Mapping[str, Mapping[str, Any]] | None = None,
    origins: Mapping[str, tuple[str, str]] | None = None,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> Plugins:
    """Plugins from objects that are at hand, for tests and for `load_plugins`.

    `origins` has distribution and version by name; names without an object are off.
    """
    tables, origins = tables or {}, origins or {}
    registry = pluggy.PluginManager("nvr")
    registry.add_hookspecs(hookspecs)
    for name, plugin in objects.items():
        _register(registry, name, plugin)
    loaded = [
        _loaded(registry, name, tables.get(name, {}), origins.get(name, ("", "")))
        for name in sorted(objects)
    ]
    off = [
        PluginRow(name, *origins[name], "off", ())
        for name in sorted(origins)
        if name not in objects
    ]
    return Plugins(loaded, off, deadline_seconds=deadline_seconds)


def _by_name(entries: Iterable[EntryPoint]) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for entry in entries:
        other = found.setdefault(entry.name, entry)
        if other.value != entry.value or _origin(other) != _origin(entry):
            names = sorted({_origin(other)[0], _origin(entry)[0]})
            raise PluginError(
                f"two plugins are called {entry.name!r} (in {' and '.join(names)}); "
                "uninstall one of them"
            )
    return found


def _origin(entry: EntryPoint) -> tuple[str, str]:
    distribution = entry.dist
    return (distribution.name, distribution.version) if distribution else ("", "")


def _demand_known(tables: Iterable[str], found: Iterable[str]) -> None:
    known = sorted(found)
    for name in tables:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = (
                f"did you mean [plugins.{close[0]}]?" if close else "is it installed?"
            )
            raise SettingsError(
                f"[plugins.{name}]: there is no such plugin - {hint} "
                f"Installed: {', '.join(known)}"
            )


def _is_enabled(name: str, table: dict[str, Any]) -> bool:
    is_enabled = table.pop("enabled", True)
    if not isinstance(is_enabled, bool):
        raise SettingsError(f"`plugins.{name}.enabled` must be true or false")
    return is_enabled


def _import(entry: EntryPoint) -> object:
    try:
        return entry.load()
    # A stranger's module may raise anything while it is imported.
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"plugin {entry.name} ({entry.value}) cannot be imported: "
            f"{type(error).__name__}: {error}; to start without it, write "
            f"`enabled = false` below [plugins.{entry.name}]"
        ) from error


def _register(registry: pluggy.PluginManager, name: str, plugin: object) -> None:
    try:
        registry.register(plugin, name)
        registry.check_pending()
    # ValueError: one module under two names.
    except (pluggy.PluginValidationError, ValueError) as error:
        raise PluginError(
            f"plugin {name}: {str(error).splitlines()[-1]}{_hook_hint(registry, name)}"
        ) from error


def _hook_hint(registry: pluggy.PluginManager, name: str) -> str:
    known = [hook for hook in vars(registry.hook) if not hook.startswith("_")]
    specified = [hook for hook in known if getattr(registry.hook, hook).has_spec()]
    for hook in known:
        close = difflib.get_close_matches(hook, specified, 1)
        if hook not in specified and close:
            return f" - did you mean {close[0]}?"
    return ""


def _loaded(
    registry: pluggy.PluginManager,
    name: str,
    table: Mapping[str, Any],
    origin: tuple[str, str],
) -> Plugin:
    plugin = registry.get_plugin(name)
    hooks = {
        caller.name: implementation
        for caller in registry.get_hookcallers(plugin) or ()
        for implementation in caller.get_hookimpls()
        if implementation.plugin is plugin
    }
    if not hooks:
        raise PluginError(
            f"plugin {name} takes part in no hook; mark its functions with @hookimpl"
        )
    for hook, implementation in hooks.items():
        if implementation.wrapper or implementation.hookwrapper:
            raise PluginError(f"plugin {name}: {hook} must not be a wrapper")
    ordered = {hook: hooks[hook] for hook in vars(hookspecs) if hook in hooks}
    return Plugin(name, *origin, ordered, _settings(name, ordered, dict(table)))


def _settings(
    name: str, hooks: Mapping[str, pluggy.HookImpl], table: dict[str, Any]
) -> BaseModel:
    model: Any = NoSettings
    if "plugin_settings" in hooks:
        model = hooks["plugin_settings"].function()
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise PluginError(
                f"plugin {name}: plugin_settings must return a pydantic model class"
            )
    # Even if the plugin's model would silently ignore a key, a typing error counts.
    if model.model_config.get("extra") != "forbid":
        model = type(model.__name__, (model,), {"model_config": {"extra": "forbid"}})
    checked: BaseModel = check(model, table, prefix=f"plugins.{name}.")
    return checked
