"""The wheel has everything, and works where there is no checkout.

The short form borrows the libraries of the environment that runs the tests; the long
form installs them all into an empty one.
"""

import shutil
import site
import subprocess
import sys
import venv
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = ("nvr", "web", "plugins", "migrations")
FILES = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "NOTICE")

IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
import nvr

outside = [p for p in nvr.__path__ if not p.startswith(sys.prefix)]
assert not outside, outside
count = 0
for found in pkgutil.walk_packages(nvr.__path__, "nvr."):
    # Alembic's script runs a migration when imported; that is tried below.
    if found.name not in ("nvr.__main__", "nvr.migrations.env"):
        importlib.import_module(found.name)
        count += 1
print(count)
"""
UPGRADE = """
import sys
from nvr.store.schema import upgrade
upgrade(f"sqlite:///{sys.argv[1]}")
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy, so that nothing old in `build/` slips in."""
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for folder in SOURCES:
        leave_out = shutil.ignore_patterns("__pycache__", "node_modules")
        shutil.copytree(ROOT / folder, copy / folder, ignore=leave_out)
    for name in FILES:
        shutil.copy(ROOT / name, copy / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    if _has_setuptools_that_builds():
        command.append("--no-build-isolation")
    run([*command, "--wheel-dir", str(out), str(copy)])
    (built,) = out.glob("*.whl")
    return built


def _has_setuptools_that_builds() -> bool:
    """As `pyproject.toml` wants it; older ones need another package for wheels."""
    try:
        return int(version("setuptools").split(".")[0]) >= 77
    except PackageNotFoundError:
        return False


def run(command: list[str], cwd: Path | None = None) -> str:
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_wheel_has_every_file_that_is_not_made_elsewhere(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    wanted = {
        (name, path.relative_to(ROOT / folder))
        for name, folder in (
            ("nvr", "nvr"),
            ("nvr/web", "web"),
            ("nvr/plugins", "plugins"),
            ("nvr/migrations", "migrations"),
        )
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and not _is_for_the_checkout(path.relative_to(ROOT / folder))
    }

    missing = {f"{name}/{path}" for name, path in wanted} - packed

    assert not missing
    assert "nvr/py.typed" in packed


def _is_for_the_checkout(path: Path) -> bool:
    """Not needed by the program: tests, tools and sources of what is compiled."""
    is_tool = path.name in {"README.md", "package.json", "package-lock.json"}
    parts = {"__pycache__", "node_modules", "tests", "test"}
    return (
        is_tool or path.suffix in {".po", ".pot", ".cfg"} or bool(parts & {*path.parts})
    )


def test_the_wheel_has_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"nvr"}


def empty_environment(folder: Path) -> Path:
    venv.create(folder, with_pip=False, symlinks=True)
    return folder / "bin/python"


def install(python: Path, wheel: Path, *options: str) -> None:
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    run([*pip, "--disable-pip-version-check", *options, str(wheel)])


def try_out(python: Path, folder: Path) -> None:
    folder.mkdir()
    nvr = str(python.with_name("nvr"))

    count = run([str(python), "-c", IMPORT_EVERYTHING], cwd=folder)
    told = run([nvr, "--version"], cwd=folder)
    plugins = run([nvr, "plugin", "list"], cwd=folder)
    run([str(python), "-c", UPGRADE, str(folder / "catalogue.db")], cwd=folder)

    assert int(count) > 100
    assert told.startswith("nvr, version ")
    for name in ("age", "generic", "journal", "minimum", "size", "space"):
        assert f"\n {name} " in plugins
    assert (folder / "catalogue.db").stat().st_size > 0


def test_the_wheel_works_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    python = empty_environment(tmp_path / "venv")
    install(python, wheel, "--no-deps", "--no-index")
    (packages,) = (tmp_path / "venv").glob("lib/python3*/site-packages")
    # A plain path: editable installs there have no effect here.
    borrowed = [p for p in site.getsitepackages() if Path(p).is_dir()]
    (packages / "borrowed.pth").write_text("\n".join(borrowed) + "\n")

    try_out(python, tmp_path / "elsewhere")


@pytest.mark.rig
def test_the_wheel_works_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    python = empty_environment(tmp_path / "venv")
    install(python, wheel)

    try_out(python, tmp_path / "elsewhere")
