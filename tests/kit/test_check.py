"""A conformance run says of broken plugins what is wrong and why."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from nvr.cli import main
from nvr.kit.check import check
from nvr.kit.findings import Report

HEAD = """
import os
import sys
import threading
from nvr.base.retention import Opinion
from nvr.hookspecs import SuggestedAddress, hookimpl
from pydantic import BaseModel, Field
"""
MISSPELT = """
@hookimpl
def expired_segment(view, now_us):
    return []
"""
WRONG_PARAMETER = """
@hookimpl
def expired_segments(view, the_time):
    return []
"""
LOOSE_SETTINGS = """
class Loose(BaseModel):
    days: int
    enabled: bool = Field(default=True, description="Whether it is on.")

@hookimpl
def plugin_settings():
    return Loose

@hookimpl
def expired_segments():
    return []
"""
WRONG_TYPE = """
@hookimpl
def expired_segments(view):
    return [segment.id for segment in view.segments()]
"""
HANGING = """
@hookimpl
def expired_segments(view):
    threading.Event().wait()
"""
HANGING_AT_IMPORT = "threading.Event().wait()\n"
LEAVING = """
@hookimpl
def protected_segments(candidates):
    print("good bye", file=sys.stderr)
    os._exit(3)
"""
REACHING = """
from nvr.store.catalogue import Catalogue

@hookimpl
def expired_segments():
    return []
"""
REACHING_LATE = """
@hookimpl
def expired_segments():
    from nvr.web.app import make_app
    return []
"""
RAISING = """
@hookimpl
def protected_segments(view, candidates):
    return [Opinion(it, view.cameras["lobby"]) for it in candidates]
"""
CHANGING = """
asked = []

@hookimpl
def expired_segments(view):
    asked.append(1)
    if len(asked) % 2:
        yield from (Opinion(it, "old") for it in view.segments())
"""
GREEDY = """
@hookimpl
def expired_segments(view):
    return [Opinion(it, "old") for it in list(view.segments())]
"""
SILENT = """
@hookimpl
def expired_segments(view):
    for segment in view.segments():
        yield Opinion(segment, "")
"""
ENDLESS = """
@hookimpl
def expired_segments(view):
    for segment in view.segments():
        while True:
            yield Opinion(segment, "again")
"""
ELSEWHERE = """
@hookimpl
def suggest_addresses(host):
    return [SuggestedAddress("acme", "Acme", "http://admin:admin@10.0.0.1/")]
"""
UNMARKED = """
def expired_segments(view):
    return []
"""
NEEDY = "import a_library_that_nobody_has\n"


def package(folder: Path, body: str, *, entry: str = "broken = broken") -> Path:
    made = folder / "broken"
    made.mkdir()
    (made / "broken.py").write_text(HEAD + body)
    (made / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\n'
        'build-backend = "setuptools.build_meta"\n'
    )
    (made / "setup.cfg").write_text(
        "[metadata]\nname = broken\nversion = 1\n[options]\npy_modules = broken\n"
        f"[options.entry_points]\nnvr.plugins =\n    {entry}\n"
    )
    return made


def wheel(folder: Path, body: str, *, entry: str = "broken = broken") -> Path:
    """A wheel without the time it takes to build one."""
    made = folder / "broken-1-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("broken.py", HEAD + body)
        about = "Metadata-Version: 2.1\nName: broken\nVersion: 1\n"
        archive.writestr("broken-1.dist-info/METADATA", about)
        archive.writestr(
            "broken-1.dist-info/entry_points.txt", f"[nvr.plugins]\n{entry}\n"
        )
    return made


def tried(folder: Path, body: str, entry: str = "broken = broken") -> Report:
    return check(
        str(wheel(folder, body, entry=entry)), call_seconds=1, patience_seconds=30
    )


@pytest.mark.parametrize(
    ("body", "step", "words"),
    [
        (MISSPELT, "hooks", "did you mean expired_segments?"),
        (WRONG_PARAMETER, "hooks", "the_time"),
        (UNMARKED, "hooks", "takes part in no hook; mark its functions"),
        (LOOSE_SETTINGS, "settings", "Loose is not frozen"),
        (LOOSE_SETTINGS, "settings", "would be ignored in silence"),
        (LOOSE_SETTINGS, "settings", "Loose.days has no default"),
        (LOOSE_SETTINGS, "settings", "Loose.days has no description"),
        (LOOSE_SETTINGS, "settings", "`enabled` belongs to the server"),
        (WRONG_TYPE, "calls", "must give Opinion values"),
        (HANGING, "calls", "did not return within 1 s; the keeper would leave"),
        (LEAVING, "calls", "with status 3; in the server, that would stop others"),
        (LEAVING, "calls", "it said last: good bye"),
        (RAISING, "calls", "fails with KeyError: 'lobby' (broken.py:"),
        (CHANGING, "calls", "another story when asked again"),
        (GREEDY, "calls", "be a generator"),
        (SILENT, "calls", "gives no reason"),
        (ENDLESS, "calls", "no end of answers"),
        (ELSEWHERE, "calls", "is not an RTSP address"),
        (ELSEWHERE, "calls", "holds credentials"),
        (ELSEWHERE, "calls", "does not lead to 192.0.2.7"),
        (REACHING, "reach", "it imports nvr.store: these are the server's own"),
        (REACHING_LATE, "reach", "nvr.web"),
        (NEEDY, "import", "No module named 'a_library_that_nobody_has'"),
        (NEEDY, "import", "install it into this environment first"),
    ],
)
def test_what_is_wrong_is_said_with_the_reason(
    tmp_path: Path, body: str, step: str, words: str
) -> None:
    report = tried(tmp_path, body)

    assert any(it.step == step and words in it.text for it in report.findings), report
    assert step not in report.passed


def test_one_that_hangs_at_import_is_killed(tmp_path: Path) -> None:
    made = wheel(tmp_path, HANGING_AT_IMPORT)

    report = check(str(made), patience_seconds=6)

    assert [it.step for it in report.findings] == ["import"]
    assert "was not over after 6 s and was killed" in report.findings[0].text


def test_a_package_folder_is_built_and_tried(tmp_path: Path) -> None:
    made = package(tmp_path, MISSPELT)
    before = set(made.rglob("*"))

    report = check(str(made))

    assert [it.step for it in report.findings] == ["hooks"]
    assert set(made.rglob("*")) == before


def test_a_package_without_an_entry_point_is_told_how_to_name_one(
    tmp_path: Path,
) -> None:
    made = package(tmp_path, RAISING)
    setup = made / "setup.cfg"
    setup.write_text(setup.read_text().split("[options.entry_points]")[0])

    report = check(str(made))

    assert [it.step for it in report.findings] == ["entry point"]
    assert '[project.entry-points."nvr.plugins"]' in report.findings[0].text


def test_an_entry_point_that_leads_nowhere_is_said(tmp_path: Path) -> None:
    report = tried(tmp_path, RAISING, entry="broken = brokn")

    assert [it.step for it in report.findings] == ["import"]
    assert "No module named 'brokn'" in report.findings[0].text


def test_the_name_of_a_bundled_plugin_is_taken(tmp_path: Path) -> None:
    report = tried(tmp_path, RAISING, entry="age = broken")

    assert any("is that of a bundled plugin" in it.text for it in report.findings)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.whl", b"no wheel", "cannot be read as a wheel"),
        ("a.txt", b"", "neither a package folder nor a wheel"),
        ("a/notes.txt", b"", "is no package: it has none of pyproject.toml"),
        ("a/pyproject.toml", b"[project", "pip cannot build it"),
    ],
)
def test_what_is_no_package_is_said(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)

    report = check(str(tmp_path / name.split("/")[0]))

    assert [it.step for it in report.findings] == ["package"]
    assert words in report.findings[0].text


@pytest.mark.parametrize(
    "name", ["age", "generic", "journal", "minimum", "size", "space"]
)
def test_bundled_plugins_pass(name: str) -> None:
    assert check(name).findings == ()


def test_the_command_ends_with_1_if_anything_is_wrong(tmp_path: Path) -> None:
    made = wheel(tmp_path, MISSPELT)

    done = CliRunner().invoke(main, ["plugin", "check", str(made)])

    assert done.exit_code == 1
    assert "wrong  plugin broken: " in done.output
    assert "well   it can be imported" in done.output


def test_an_unknown_name_is_told_those_that_are_known() -> None:
    done = CliRunner().invoke(main, ["plugin", "check", "agee"])

    assert done.exit_code == 1
    assert "called 'agee'. Installed: age, generic" in " ".join(done.output.split())


def test_what_a_plugin_prints_does_not_disturb(tmp_path: Path) -> None:
    made = wheel(tmp_path, 'print("[1, 2")\nos.write(1, b"noise")\n' + RAISING)

    assert [it.step for it in check(str(made)).findings] == ["calls"]


def test_the_sources_for_authors_need_no_pytest() -> None:
    program = """
import sys
import nvr.kit.trial, nvr.testing.clock, nvr.testing.vendor_contract
import nvr.testing.retention_contract
print("pytest" in sys.modules)
"""

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"
