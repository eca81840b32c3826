"""A plugin's package made importable in a folder of its own, wherever it came from."""

import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from nvr.base.errors import PluginError

BUILD_SECONDS = 300.0
_PROJECT = ("pyproject.toml", "setup.cfg", "setup.py")
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "venv", "build", "dist", "*.egg-info", "__pycache__"
)


def unpack(path: Path, work: Path) -> Path:
    """The folder, below `work`, where the package at `path` lies as if installed.

    A package folder is built first, from a copy, so nothing is left in it. Raises
    `PluginError` with what is wrong.
    """
    target = work / "installed"
    if path.is_dir():
        _build(path, work, target)
    elif path.suffix == ".whl":
        _unzip(path, target)
    else:
        raise PluginError(f"{path} is neither a package folder nor a wheel")
    return target


def _unzip(path: Path, target: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(target)
    except (zipfile.BadZipFile, OSError) as error:
        raise PluginError(f"{path} cannot be read as a wheel: {error}") from error
    if not list(target.glob("*.dist-info")):
        raise PluginError(f"{path} is no wheel: it has no *.dist-info folder")


def _build(path: Path, work: Path, target: Path) -> None:
    if not any((path / name).is_file() for name in _PROJECT):
        raise PluginError(
            f"{path} is no package: it has none of {', '.join(_PROJECT)}; "
            "`nvr plugin new` makes one"
        )
    copy = work / "source"
    shutil.copytree(path, copy, ignore=_LEFT_OUT, symlinks=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    command += ["--disable-pip-version-check", "--no-compile", "--target", str(target)]
    if _has_setuptools():
        command.append("--no-build-isolation")
    try:
        done = subprocess.run(
            [*command, str(copy)],
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PluginError(f"pip did not build it in {BUILD_SECONDS:g} s") from None
    if done.returncode:
        told = (done.stderr or done.stdout).strip().splitlines()[-12:]
        raise PluginError("pip cannot build it:\n  " + "\n  ".join(told))


def _has_setuptools() -> bool:
    """With it at hand nothing need be fetched from anywhere to build most packages."""
    try:
        return int(version("setuptools").split(".")[0]) >= 77
    except PackageNotFoundError:
        return False
