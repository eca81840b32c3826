"""The rules of the house, read from the syntax trees: who may import what, where each
foreign library lives, who syncs, who knows the time, and what a document must say."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests import settings_reference

ROOT = Path(__file__).parents[1]
TREES = {"nvr": "nvr", "nvr.web": "web", "nvr.plugins": "plugins"}
TREES["nvr.migrations"] = "migrations"

# Which of our rooms a room may import. A module directly in `nvr/` is its own room.
BELOW: dict[str, set[str]] = {
    "base": set(),
    "hookspecs": {"base"},
    "hook_deadline": {"base"},
    "hook_calls": {"base", "hookspecs", "hook_deadline"},
    "hooks": {"base", "hookspecs", "hook_calls"},
    "media": {"base"},
    "codec": {"base", "media"},
    "store": {"base", "media"},
    "ingest": {"base", "media", "codec", "hooks"},
    "record": {"base", "media", "store", "ingest", "hooks"},
    "keep": {"base", "media", "store", "hooks", "hook_calls"},
    "play": {"base", "media", "codec", "store"},
    "simulate": {"base", "media", "codec"},
    "serve": {
        *("base", "hooks", "hook_calls", "media", "codec", "store", "ingest"),
        *("record", "keep", "play", "simulate", "web"),
    },
    "bench": {
        *("base", "hooks", "media", "codec", "store", "ingest", "record", "keep"),
        *("play", "simulate", "serve"),
    },
    "web": {
        *("base", "hooks", "hook_calls", "hookspecs", "media", "codec", "store"),
        *("ingest", "record", "keep", "play"),
    },
    "plugins": {"hookspecs", "base", "media", "codec"},
    "migrations": {"store"},
    # For those who write plugins.
    "testing": {"base", "hookspecs", "hook_calls", "hooks"},
    "kit": {"base", "hookspecs", "hook_calls", "hook_deadline", "hooks", "testing"},
}
EVERYTHING = set(BELOW)
BELOW["cli"] = EVERYTHING
BELOW["__main__"] = {"cli"}

# One home for each foreign library.
HOMES = {
    "av": {"codec"},
    "numpy": {"codec"},
    "sqlalchemy": {"store", "migrations"},
    "alembic": {"store", "migrations"},
    "cryptography": {"store"},
    "aiohttp": {"web"},
    "jinja2": {"web"},
    "markupsafe": {"web"},
    "argon2": {"web"},
    "pluggy": {"hookspecs", "hook_calls", "hooks"},
    # Values from outside: the configuration, plugins' tables, bodies of requests.
    "pydantic": {
        *("base", "hookspecs", "hook_calls", "hooks", "plugins", "web", "kit"),
    },
    "click": {"cli"},
    "rich": {"cli"},
}
NARROWER = {
    "cryptography": {"nvr.store.vault"},
    "alembic": {"nvr.store.schema"},
}

# The retry loop of a camera, the call of a plugin, the edge of a request; and where an
# error is carried to whoever waits for it.
CATCH_ALL = {
    "nvr.record.stream_loop",
    "nvr.hook_calls",
    "nvr.hook_deadline",
    "nvr.hooks",
    "nvr.web.edge",
    "nvr.ingest.sweep",
    "nvr.keep.lane",
    # A plugin under trial: whatever it raises is what is wrong with it.
    "nvr.kit.samples",
    "nvr.kit.settings_model",
    "nvr.kit.trial",
}
EMPTY_WORDS = {"manager", "helper", "helpers", "util", "utils"}


@dataclass(frozen=True)
class Module:
    """One of our source files."""

    name: str
    path: Path

    @property
    def room(self) -> str:
        return self.name.split(".")[1] if "." in self.name else "nvr"

    @property
    def tree(self) -> ast.Module:
        return _parse(self.path)

    def imports(self) -> Iterator[tuple[int, str]]:
        """Full names of what it imports, with the line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.path}:{node.lineno}: relative import"
                for alias in node.names:
                    yield node.lineno, f"{node.module}.{alias.name}"

    def calls(self) -> Iterator[tuple[int, str]]:
        """Dotted names of what is called or passed on, with the line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute | ast.Name):
                yield node.lineno, ast.unparse(node)


@cache
def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def modules() -> list[Module]:
    found = []
    for package, folder in TREES.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            name = ".".join((package, *parts)).removesuffix(".__init__")
            found.append(Module(name, path))
    return found


def no(complaints: Iterator[str]) -> None:
    told = "\n".join(complaints)
    assert not told, f"\n{told}"


def place(module: Module, line: int) -> str:
    return f"{module.path.relative_to(ROOT)}:{line}"


# -- imports ------------------------------------------------------------------------


def test_every_room_is_in_the_table() -> None:
    rooms = {module.room for module in modules()} - {"nvr"}

    assert rooms <= set(BELOW)


def test_imports_only_go_down() -> None:
    def complaints() -> Iterator[str]:
        for module in modules():
            allowed = BELOW.get(module.room, set()) | {module.room}
            for line, name in module.imports():
                parts = name.split(".")
                if parts[0] == "nvr" and parts[1] not in allowed:
                    yield f"{place(module, line)}: {module.room} imports {name}"

    no(complaints())


def test_the_table_has_no_way_up() -> None:
    def reach(room: str, seen: frozenset[str]) -> None:
        assert room not in seen, f"{room} can be reached from itself"
        for below in BELOW[room]:
            reach(below, seen | {room})

    for room in BELOW:
        reach(room, frozenset())


def test_each_foreign_library_has_one_home() -> None:
    def complaints() -> Iterator[str]:
        for module in modules():
            for line, name in module.imports():
                library = name.split(".")[0]
                if library == "nvr" or library in sys.stdlib_module_names:
                    continue
                homes = HOMES.get(library, set())
                narrow = NARROWER.get(library, {module.name})
                is_home = module.room in homes and (
                    module.name in narrow or module.room == "migrations"
                )
                if not is_home:
                    yield f"{place(module, line)}: {library} does not live here"

    no(complaints())


def test_packages_hold_a_docstring_and_nothing_else() -> None:
    def complaints() -> Iterator[str]:
        for module in modules():
            body = module.tree.body
            if module.path.name == "__init__.py" and not (
                len(body) == 1 and ast.get_docstring(module.tree)
            ):
                yield f"{module.path.relative_to(ROOT)}: more or less than a docstring"

    no(complaints())


# -- habits -------------------------------------------------------------------------


def test_every_module_says_what_it_is_for() -> None:
    def complaints() -> Iterator[str]:
        for module in modules():
            if not ast.get_docstring(module.tree):
                yield f"{module.path.relative_to(ROOT)}: no docstring"

    no(complaints())


def test_only_the_store_syncs() -> None:
    def complaints() -> Iterator[str]:
        for module in modules():
            for line, name in module.calls():
                is_sync = name.split(".")[-1] in {
                    "fsync",
                    "fdatasync",
                    "sync",
                    "syncfs",
                }
                if is_sync and name.startswith("os.") and module.room != "store":
                    yield f"{place(module, line)}: {name}"

    no(complaints())


def test_only_one_module_unlinks_footage() -> None:
    """Others remove sockets, caches and half-made files, by name; none a segment."""

    def complaints() -> Iterator[str]:
        for module in modules():
            names = {name for _, name in module.imports()}
            if "nvr.store.volume.segment_name" not in names:
                continue
            for line, name in module.calls():
                is_unlinking = name in {"os.unlink", "os.remove"}
                if is_unlinking and module.name != "nvr.store.unlinking":
                    yield f"{place(module, line)}: {name}"

    no(complaints())


def test_only_the_clock_knows_the_time() -> None:
    """Benchmarks measure with it; nobody else may read or wait for time by himself."""
    forbidden = re.compile(
        r"(time\.(time|time_ns|monotonic|monotonic_ns|sleep)|asyncio\.sleep"
        r"|datetime\.(now|utcnow|today)|date\.today)"
    )

    def complaints() -> Iterator[str]:
        for module in modules():
            if module.name == "nvr.base.clock":
                continue
            for line, name in module.calls():
                # `asyncio.sleep(0)` lets others run and waits for nothing.
                if forbidden.fullmatch(name) and not _is_sleep_0(module, line, name):
                    yield f"{place(module, line)}: {name}"

    no(complaints())


def _is_sleep_0(module: Module, line: int, name: str) -> bool:
    return name == "asyncio.sleep" and any(
        isinstance(node, ast.Call)
        and node.lineno == line
        and ast.unparse(node) == "asyncio.sleep(0)"
        for node in ast.walk(module.tree)
    )


def test_catching_everything_is_for_three_places() -> None:
    """A handler that raises again, or keeps the error for who waits, hides nothing."""

    def complaints() -> Iterator[str]:
        for module in modules():
            for node in ast.walk(module.tree):
                if not isinstance(node, ast.ExceptHandler):
                    continue
                caught = ast.unparse(node.type) if node.type else "BaseException"
                catches_all = re.search(r"\b(Base)?Exception\b", caught)
                raises = any(
                    isinstance(inner, ast.Raise) and inner.exc is None
                    for inner in ast.walk(node)
                )
                if catches_all and not raises and module.name not in CATCH_ALL:
                    yield f"{place(module, node.lineno)}: except {caught}"

    no(complaints())


def test_no_name_is_an_empty_word() -> None:
    def complaints() -> Iterator[str]:
        for module in modules():
            for line, name in _names(module):
                words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")
                if EMPTY_WORDS & set(words):
                    yield f"{place(module, line)}: {name}"

    no(complaints())


def _names(module: Module) -> Iterator[tuple[int, str]]:
    yield 1, module.path.stem
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name


def test_nothing_is_left_for_later() -> None:
    def complaints() -> Iterator[str]:
        for module in modules():
            for number, line in enumerate(_source(module).splitlines(), 1):
                if re.search(r"\b(TODO|FIXME|XXX)\b|\bNotImplementedError\b", line):
                    yield f"{place(module, number)}: {line.strip()}"

    no(complaints())


# -- routes -------------------------------------------------------------------------


def test_a_route_is_added_with_its_policy_or_not_at_all() -> None:
    adders = {"add_get", "add_head", "add_post", "add_put", "add_patch", "add_delete"}
    adders |= {"add_options", "add_view", "add_route", "add_routes", "add_static"}
    adders |= {"add_resource", "add_subapp", "register_resource"}

    def complaints() -> Iterator[str]:
        for module in modules():
            if module.name == "nvr.web.policy":
                continue
            for line, name in module.calls():
                if name.split(".")[-1] in adders and "." in name:
                    yield f"{place(module, line)}: {name}; use nvr.web.policy.Routes"

    no(complaints())


def test_an_application_does_not_start_without_policies() -> None:
    def complaints() -> Iterator[str]:
        for module in modules():
            called = {name for _, name in module.calls()}
            makes_one = re.search(r"\bweb\.Application\(", _source(module))
            if makes_one and "demand_policies" not in called:
                yield f"{module.path.relative_to(ROOT)}: demands no policies"

    no(complaints())


def _source(module: Module) -> str:
    return module.path.read_text(encoding="utf-8")


# -- documents ----------------------------------------------------------------------


def test_the_settings_document_is_what_the_models_say() -> None:
    told = settings_reference.DOCUMENT.read_text(encoding="utf-8")

    assert told == settings_reference.reference(), (
        "run `python -m tests.settings_reference`"
    )


@pytest.mark.parametrize("document", sorted((ROOT / "docs").rglob("*.md")))
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")

    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text):
        assert (document.parent / target).exists(), target


def test_files_named_in_documents_are_there() -> None:
    def complaints() -> Iterator[str]:
        documents = [*(ROOT / "docs").rglob("*.md"), ROOT / "plugins/README.md"]
        for document in documents:
            text = document.read_text(encoding="utf-8")
            for name in re.findall(r"`((?:nvr|docs|tests|plugins)/[\w./]+)`", text):
                if not (ROOT / name).exists():
                    yield f"{document.relative_to(ROOT)}: {name}"

    no(complaints())
