"""A new package's own tests pass at the first try, where nothing else is."""

import shutil
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from nvr.base.errors import PluginError
from nvr.cli import main
from nvr.kit.check import check
from nvr.kit.new import Kind, make_package
from tests.test_wheel import empty_environment, install, run, wheel

__all__ = ["wheel"]


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the server's wheel, which borrows libraries and no more."""
    folder = tmp_path_factory.mktemp("clean") / "venv"
    python = empty_environment(folder)
    install(python, wheel, "--no-deps", "--no-index")
    (packages,) = folder.glob("lib/python3*/site-packages")
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "borrowed.pth").write_text("\n".join(borrowed) + "\n")
    return python


@pytest.mark.parametrize("kind", Kind)
def test_its_tests_pass_and_the_server_finds_it_once_installed(
    python: Path, tmp_path: Path, kind: Kind
) -> None:
    nvr, name = str(python.with_name("nvr")), f"night_{kind}"

    run([nvr, "plugin", "new", name, "--kind", kind], cwd=tmp_path)
    tests = run([str(python), "-m", "pytest", "-q"], cwd=tmp_path / name)
    install(python, tmp_path / name, "--no-deps", "--no-build-isolation")
    listed = run([nvr, "plugin", "list"], cwd=tmp_path)
    checked = run([nvr, "plugin", "check", name], cwd=python.parent)

    assert " passed" in tests
    assert f" {name} " in listed
    assert checked.count("well") == 6
    assert "wrong" not in checked


@pytest.mark.parametrize("kind", Kind)
def test_its_folder_passes_the_check_and_stays_as_it_was(
    tmp_path: Path, kind: Kind
) -> None:
    made = make_package("example", kind, tmp_path)

    report = check(str(tmp_path / "example"))

    assert report.findings == ()
    assert report.plugins == ("example",)
    assert len(report.passed) == 6
    assert {p for p in tmp_path.rglob("*") if p.is_file()} == set(made)


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    make_package("example", Kind.RETENTION, tmp_path)
    module = tmp_path / "example" / "nvr_example.py"
    module.write_text("mine")

    with pytest.raises(PluginError, match="there already"):
        make_package("example", Kind.VENDOR, tmp_path)

    assert module.read_text() == "mine"


@pytest.mark.parametrize("name", ["", "x", "Acme", "a-b", "../a", "1a", "class", "a b"])
def test_a_name_must_be_one(tmp_path: Path, name: str) -> None:
    with pytest.raises(PluginError, match="will not do as a name"):
        make_package(name, Kind.RETENTION, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_is_refused_by_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    done = CliRunner().invoke(main, ["plugin", "new", "age", "--kind", "retention"])

    assert done.exit_code == 1
    assert "a plugin called 'age' already" in done.output


@pytest.mark.parametrize("kind", Kind)
def test_long_names_are_written_out_well(tmp_path: Path, kind: Kind) -> None:
    make_package("north_harbour_2", kind, tmp_path)
    module = tmp_path / "north_harbour_2" / "nvr_north_harbour_2.py"

    assert "class NorthHarbour2Settings(BaseModel" in module.read_text()
    assert "$" not in module.read_text()
    shutil.rmtree(tmp_path / "north_harbour_2")
