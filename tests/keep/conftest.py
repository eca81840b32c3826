"""An archive on the machine's own disk, and one on a disk as small as a test wants."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nvr.store.volume import Space, Volume
from tests.keep.archive import Archive


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    """Room is never short: what the machine's own disk has left is nobody's matter."""
    pretend(monkeypatch, 10**12)
    made = Archive(tmp_path / "node")
    yield made
    made.close()


@pytest.fixture
def disk_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Archive]]:
    """An archive on disks that pretend to have so many bytes in all."""
    made: list[Archive] = []

    def make(total_bytes: int, **options: object) -> Archive:
        pretend(monkeypatch, total_bytes)
        made.append(Archive(tmp_path / "node", **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for archive in made:
        archive.close()


def pretend(monkeypatch: pytest.MonkeyPatch, total_bytes: int) -> None:
    """Every volume is a disk of this size that holds nothing but its files."""

    def space(volume: Volume) -> Space:
        used = sum(p.stat().st_size for p in volume.path.glob("*/*/*"))
        return Space(total_bytes, total_bytes - used, 1 << 40)

    monkeypatch.setattr(Volume, "space", space)


@pytest.fixture
def real_small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MiB, where the test may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("needs the right to mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
