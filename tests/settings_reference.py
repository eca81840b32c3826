"""Makes `docs/settings.md` from the models: `python -m tests.settings_reference`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from nvr.base.settings import Settings
from nvr.hooks import OUR_DISTRIBUTION, load_plugins

DOCUMENT = Path(__file__).parents[1] / "docs/settings.md"

_HEAD = """\
# Settings

Made from the models by `python -m tests.settings_reference`; do not edit.

The server reads one TOML file, once, at start. Every setting has a default that works,
so an empty file is a valid one; without `[[volumes]]`, footage goes into the folder
`footage` in `data_dir`. An unknown key is an error with a hint.
"""

_PLUGINS_HEAD = """\
## Plugins

`[plugins.NAME]` is the table of the plugin NAME. Every plugin, bundled or not, can be
switched off with `enabled = false` in its table (default: `true`).
"""

_TYPES = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
}


def reference() -> str:
    """The whole document."""
    parts = [_HEAD]
    for name, field in Settings.model_fields.items():
        model, is_list = _section(field.annotation)
        if model is not None:
            title = f"[[{name}]]" if is_list else f"[{name}]"
            parts += [_chapter(f"## `{title}`", model), _table(model)]
    parts.append(_PLUGINS_HEAD)
    plugins = load_plugins(Settings())
    for row in plugins.listing():
        if row.distribution == OUR_DISTRIBUTION:
            model = type(plugins.settings_of(row.name))
            has_own = bool(model.model_fields)
            text = _chapter(f"### `[plugins.{row.name}]`", model if has_own else None)
            parts += [text, _table(model) if has_own else "No settings of its own.\n"]
    return "\n".join(parts)


def _section(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    for inner in get_args(annotation):
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return inner, True
    return None, False


def _chapter(heading: str, model: type[BaseModel] | None) -> str:
    if model is None:
        return f"{heading}\n"
    text = (model.__doc__ or "").strip()
    # "`[server]`: the node itself." - the heading says the first part already.
    text = text.partition("`: ")[2] or text
    return f"{heading}\n\n{text[0].upper()}{text[1:]}\n"


def _table(model: type[BaseModel]) -> str:
    lines = ["| key | what it may be | default | what it does |", "| - | - | - | - |"]
    for name, field in model.model_fields.items():
        cells = (f"`{name}`", _kind(field), _default(field), field.description or "")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _kind(field: FieldInfo) -> str:
    return ", ".join((_type(field.annotation), *_bounds(field.metadata)))


def _type(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in inner)
    if origin in (Union, UnionType):
        return " or ".join(
            dict.fromkeys(_type(it) for it in inner if it is not NoneType)
        )
    if origin is tuple:
        return f"list of {_type(inner[0])}s"
    if origin is dict:
        return f"table; each value: {_type(inner[1])}"
    if hasattr(annotation, "__metadata__"):
        return ", ".join(
            (_type(annotation.__origin__), *_bounds(annotation.__metadata__))
        )
    return _TYPES.get(annotation, "network")


def _bounds(metadata: Any) -> Iterator[str]:
    signs = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    for each in metadata:
        for constraint in getattr(each, "metadata", None) or [each]:
            for name, sign in signs.items():
                value = getattr(constraint, name, None)
                if value is not None:
                    yield f"{sign} {value}"
            if (length := getattr(constraint, "min_length", None)) is not None:
                yield f"at least {length} long"
            if (length := getattr(constraint, "max_length", None)) is not None:
                yield f"at most {length} long"


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "empty"
    value = field.default
    if value is PydanticUndefined:
        return "must be given"
    if value is None:
        return "none"
    if value in ("", ()):
        return "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if not isinstance(value, str | Path) else f'`"{value}"`'


if __name__ == "__main__":
    DOCUMENT.write_text(reference())
    sys.exit(0)
