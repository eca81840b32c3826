"""What the documents for plugin authors show works, word for word."""

import ast
import re
from pathlib import Path
from types import ModuleType

import pytest

from nvr.hooks import build
from nvr.hookspecs import hookimpl
from nvr.keep.plan import plan
from nvr.testing.retention_contract import RetentionContract
from tests.keep.archive import DAY_US, HOUR_US, Archive
from tests.plugins import opening_hours

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/plugins.md").read_text()
REFERENCE = (ROOT / "plugins/README.md").read_text()
HOOKSPECS = ast.parse((ROOT / "nvr/hookspecs.py").read_text())


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def signatures() -> dict[str, str]:
    """Each hook's signature as its heading must have it."""
    found = {}
    for node in HOOKSPECS.body:
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            assert node.returns is not None
            arguments, returns = ast.unparse(node.args), ast.unparse(node.returns)
            found[node.name] = f"{node.name}({arguments}) -> {returns}"
    return found


class TestTheExampleKeepsTheContract(RetentionContract):
    plugin = opening_hours
    table = "days = 30"


def test_the_guide_shows_the_example_as_it_is_tested() -> None:
    assert Path(opening_hours.__file__).read_text() in blocks(GUIDE, "python")


def test_the_example_is_short() -> None:
    lines = Path(opening_hours.__file__).read_text().splitlines()
    code = [line for line in lines if line and not line.startswith(("import", "from"))]

    assert len(code) <= 30


def test_the_example_does_what_the_guide_says(archive: Archive) -> None:
    gate = archive.camera("gate")
    midnight_us = (archive.now_us // DAY_US - 9) * DAY_US
    made = archive.record(gate, 24, start_us=midnight_us, every_us=HOUR_US)
    plugins = build({"opening_hours": opening_hours})

    told = plan(archive.settings(), archive.catalogue, plugins, archive.clock)

    kept = {it.id for it in made} - {it.segment.id for it in told.decision.sentences}
    assert kept == {it.id for it in made[8:18]}


@pytest.mark.parametrize("hook", signatures())
def test_every_hook_has_its_section_with_the_exact_signature(hook: str) -> None:
    assert f"\n### `{signatures()[hook]}`\n" in REFERENCE


def test_the_sections_stand_in_the_order_of_the_hooks() -> None:
    told = re.findall(r"^### `(\w+)\(", REFERENCE, re.MULTILINE)

    assert told == list(signatures())


@pytest.mark.parametrize("hook", signatures())
def test_every_section_has_an_example_that_loads(hook: str) -> None:
    section = REFERENCE.split(f"\n### `{hook}(", 1)[1].split("\n### ", 1)[0]
    (example,) = blocks(section, "python")

    module = ModuleType("example")
    exec(compile(example, "plugins/README.md", "exec"), vars(module))

    (row,) = build({"example": module}).listing()
    assert hook in row.hooks


def test_every_bundled_plugin_is_listed() -> None:
    for path in (ROOT / "plugins").glob("[!_]*.py"):
        assert f"| `{path.stem}` |" in REFERENCE


def test_every_hook_has_a_test_of_its_own() -> None:
    told = (ROOT / "tests/plugins/test_calling.py").read_text()

    for hook in signatures():
        assert f"def test_hook_{hook}_" in told, hook


def test_the_marker_is_where_the_documents_say() -> None:
    assert hookimpl.project_name == "nvr"
