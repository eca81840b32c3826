"""One configured volume as the keeper sees it: there or not, answering or not."""

import asyncio
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from nvr.base.errors import NvrError, VolumeFailed
from nvr.base.settings import VolumeSettings
from nvr.keep.alarms import Alarms
from nvr.keep.lane import Lane
from nvr.keep.removal import Removal
from nvr.keep.survey import VolumeSpace
from nvr.store.volume import Volume, volume_error

T = TypeVar("T")

SPACE_SECONDS = 10.0
"""How long a disk may take to say how much room it has."""


class Disk:
    """Asks one volume. Questions and removals have lanes of their own."""

    def __init__(self, settings: VolumeSettings) -> None:
        self.path = settings.path
        self.name = str(settings.path)
        self.removal: asyncio.Task[Removal] | None = None
        self._reserve_bytes = settings.reserve_bytes
        self._volume: Volume | None = None  # belongs to the lane of questions
        self._questions = Lane(f"ask {self.name}")
        self._removals = Lane(f"clear {self.name}")

    async def space(self) -> VolumeSpace:
        """How much room there is now. Raises `VolumeError` when that is unknown."""
        return await self.ask(self._space, SPACE_SECONDS)

    async def ask(self, question: Callable[[Volume], T], seconds: float) -> T:
        """The answer of a function that reads from the volume."""
        return await self._run(
            self._questions, lambda: question(self._attached()), seconds
        )

    async def remove(
        self, work: Callable[[Volume], Removal], seconds: float
    ) -> Removal:
        """The result of a function that removes files from the volume."""

        def run() -> Removal:
            with closing(Volume.attach(self.path)) as volume:
                return work(volume)

        return await self._run(self._removals, run, seconds)

    async def _run(self, lane: Lane, work: Callable[[], T], seconds: float) -> T:
        try:
            return await lane.run(work, seconds)
        except TimeoutError as error:
            raise VolumeFailed(f"{self.name}: {error}", self.name) from error
        except OSError as error:
            raise volume_error(error, self.path) from error

    def _space(self, volume: Volume) -> VolumeSpace:
        return VolumeSpace(volume.id, self.name, volume.space(), self._reserve_bytes)

    def _attached(self) -> Volume:
        """The volume that is mounted there now, which may be another than before."""
        if self._volume is not None and not _is_at(self._volume, self.path):
            self._volume.close()
            self._volume = None
        if self._volume is None:
            self._volume = Volume.attach(self.path)
        return self._volume


def tell_disk(alarms: Alarms, about: str, disk: Disk, answer: object) -> None:
    """An alarm if the answer is an error of the volume or the catalogue; else none."""
    if isinstance(answer, BaseException) and not isinstance(answer, NvrError):
        raise answer
    alarms.set(
        f"{about} {disk.name}",
        f"{disk.name} cannot be kept clear: {answer}"
        if isinstance(answer, NvrError)
        else "",
    )


def _is_at(volume: Volume, path: Path) -> bool:
    fd = volume.open_folder()
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False
    finally:
        os.close(fd)
