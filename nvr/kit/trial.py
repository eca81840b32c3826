"""The process that a plugin is tried out in. Its standard output is for our own lines.

Run as `python -m nvr.kit.trial --folder FOLDER` or `--name NAME`.
"""

import argparse
import os
import sys
import traceback
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points
from pathlib import Path
from typing import TextIO

from nvr.base.errors import PluginError
from nvr.hook_calls import Plugin
from nvr.hooks import GROUP, build
from nvr.kit.findings import to_line
from nvr.kit.samples import call_all
from nvr.kit.settings_model import complaints_about_settings

ROOMS_OUT_OF_REACH = frozenset(
    {"store", "ingest", "record", "keep", "play", "serve", "web", "migrations", "cli"}
)


class Stop(Exception):
    """Nothing further can be tried."""


class Trial:
    """Goes through the steps and writes a line for each thing that it finds."""

    def __init__(self, out: TextIO, seconds: float) -> None:
        self._out = out
        self._seconds = seconds

    def run(self, folder: str | None, name: str | None) -> None:
        try:
            for entry in self._entries(folder, name):
                self._tell("plugin", "entry point", entry.name)
                self._plugin(entry, is_new=folder is not None)
        except Stop:
            pass
        self._tell("end", "")

    def _entries(self, folder: str | None, name: str | None) -> list[EntryPoint]:
        self._tell("begin", "entry point")
        if folder is None:
            found = [it for it in entry_points(group=GROUP) if it.name == name]
            if not found:
                known = ", ".join(sorted({it.name for it in entry_points(group=GROUP)}))
                self._stop(
                    "entry point",
                    f"there is no file, folder or installed plugin called {name!r}. "
                    f"Installed: {known}",
                )
            return found
        sys.path.insert(0, folder)
        found = [it for dist in distributions(path=[folder]) for it in _ours(dist)]
        if not found:
            self._stop(
                "entry point",
                f"the package has no entry point of the group `{GROUP}`, so the server "
                "cannot find its plugin. In pyproject.toml: "
                f'[project.entry-points."{GROUP}"] and below it NAME = "MODULE"',
            )
        return found

    def _plugin(self, entry: EntryPoint, *, is_new: bool) -> None:
        if is_new and _is_bundled(entry.name):
            self._wrong(
                "entry point",
                f"the name {entry.name!r} is that of a bundled plugin: the server does "
                "not start with two of one name",
            )
        self._tell("begin", "import")
        plugin_object = self._import(entry)
        self._tell("begin", "settings")
        complaints = complaints_about_settings(plugin_object)
        for text in complaints:
            self._wrong("settings", text)
        self._tell("begin", "hooks")
        plugin = self._hooks(entry.name, plugin_object, is_told=bool(complaints))
        if plugin is not None:
            self._tell("begin", "calls")
            for text in call_all(plugin, self._seconds):
                self._wrong("calls", text)
        self._tell("begin", "reach")
        self._reach()

    def _import(self, entry: EntryPoint) -> object:
        try:
            return entry.load()
        # A stranger's module may raise anything while it is imported.
        except BaseException as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            self._wrong(
                "import",
                f"{entry.value} cannot be imported: {type(error).__name__}: {error} "
                f"({Path(place.filename).name}:{place.lineno})" + _missing(error),
            )
            raise Stop from error

    def _hooks(self, name: str, it: object, *, is_told: bool) -> Plugin | None:
        try:
            return build({name: it}).named(name)
        except PluginError as error:
            self._wrong("hooks", str(error))
        # Of its settings: a stranger's model may raise anything.
        except Exception as error:
            if not is_told:
                self._wrong("settings", f"{type(error).__name__}: {error}")
        return None

    def _reach(self) -> None:
        touched = sorted(
            {
                ".".join(module.split(".")[:2])
                for module in sys.modules
                if module.startswith("nvr.")
                and module.split(".")[1] in ROOMS_OUT_OF_REACH
            }
        )
        if touched:
            self._wrong(
                "reach",
                f"it imports {', '.join(touched)}: these are the server's own and "
                "change without notice; a plugin is given values and needs "
                "`nvr.base`, `nvr.hookspecs` and, for pictures, `nvr.codec`",
            )

    def _wrong(self, step: str, text: str) -> None:
        self._tell("wrong", step, text)

    def _stop(self, step: str, text: str) -> None:
        self._wrong(step, text)
        raise Stop

    def _tell(self, kind: str, step: str, text: str = "") -> None:
        self._out.write(to_line(kind, step, text))
        self._out.flush()


def _ours(distribution: Distribution) -> list[EntryPoint]:
    return [it for it in distribution.entry_points if it.group == GROUP]


def _is_bundled(name: str) -> bool:
    return any(
        it.name == name and it.dist is not None and it.dist.name == "nvr"
        for it in entry_points(group=GROUP)
    )


def _missing(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError):
        return "; if it is a dependency, install it into this environment first"
    return ""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder")
    parser.add_argument("--name")
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    # Whatever the plugin prints goes where it does not disturb us.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    Trial(out, options.seconds).run(options.folder, options.name)
    out.close()
    # Not waiting for threads that a plugin has left behind.
    os._exit(0)


if __name__ == "__main__":
    main()
