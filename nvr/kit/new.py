"""A new plugin: a package of one module, with tests that pass at the first try."""

import keyword
import re
from collections.abc import Iterator
from enum import StrEnum
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from string import Template

from nvr.base.errors import PluginError
from nvr.hooks import GROUP

_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")


class Kind(StrEnum):
    """What a plugin can be for, as far as there are hooks for it."""

    RETENTION = "retention"
    VENDOR = "vendor"


_SUMMARIES = {
    Kind.RETENTION: "A retention rule for nvr.",
    Kind.VENDOR: "Stream addresses of a maker's cameras for nvr.",
}


def make_package(name: str, kind: Kind, parent: Path) -> list[Path]:
    """Write the folder `name` into `parent` and tell its files.

    Raises `PluginError` if the name will not do or the folder is there already.
    """
    _demand_good(name)
    folder = parent / name
    try:
        folder.mkdir(parents=True)
        return list(_written(folder, name, kind))
    except FileExistsError:
        raise PluginError(
            f"{folder} is there already; nothing was changed in it"
        ) from None
    except OSError as error:
        raise PluginError(f"{folder} cannot be written: {error.strerror}") from error


def _demand_good(name: str) -> None:
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise PluginError(
            f"{name!r} will not do as a name: use 2 to 40 small letters, digits and "
            "underscores, a letter first"
        )
    if name in {entry.name for entry in entry_points(group=GROUP)}:
        raise PluginError(
            f"there is a plugin called {name!r} already; see `plugin list`"
        )


def _written(folder: Path, name: str, kind: Kind) -> Iterator[Path]:
    words = {
        "name": name,
        "module": f"nvr_{name}",
        "distribution": f"nvr-{name.replace('_', '-')}",
        "class_name": "".join(part.title() for part in name.split("_")) + "Settings",
        "title": name.replace("_", " ").strip().title(),
        "vendor": name.replace("_", "-").strip("-"),
        "summary": _SUMMARIES[kind],
    }
    patterns = files("nvr.kit") / "patterns"
    for source, target in (
        (patterns / "common" / "pyproject.toml.tmpl", "pyproject.toml"),
        (patterns / kind / "README.md.tmpl", "README.md"),
        (patterns / kind / "module.py.tmpl", f"{words['module']}.py"),
        (patterns / kind / "test_module.py.tmpl", f"tests/test_{name}.py"),
    ):
        path = folder / target
        path.parent.mkdir(exist_ok=True)
        text = Template(source.read_text(encoding="utf-8")).substitute(words)
        path.write_text(text, encoding="utf-8")
        yield path
