"""Programs that record cameras, started in the same way for a fair comparison."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from nvr.base import settings
from nvr.base.clock import SystemClock
from nvr.base.errors import MediaError
from nvr.bench.child import Child
from nvr.codec.count import count_pictures
from nvr.media.mp4_read import read_index
from nvr.serve.common import open_catalogue
from nvr.serve.server import prepare

_CONFIGURATION = """\
[server]
data_dir = "."
name = "bench"

[cameras]
allowed_networks = ["127.0.0.0/8"]

[log]
level = "warning"
"""


class Contestant(Protocol):
    """One program under test. `start` in an empty folder, `stop`, then count."""

    name: str

    async def start(self, urls: Sequence[str], folder: Path) -> None:
        """Begin to record every camera into the folder."""
        ...

    def roots(self) -> list[int]:
        """Processes that, with their descendants, are all of it."""
        ...

    def demand_alive(self) -> None:
        """Raises `BenchError` if a part of it ended by itself."""
        ...

    async def stop(self) -> None:
        """End it as its users would, so that its files are whole."""
        ...

    async def frames_recorded(self) -> int:
        """Pictures in its files."""
        ...


class Ours:
    """`nvr serve --only recorder` on defaults: hashing, syncing, catalogue and all."""

    name = "ours"

    async def start(self, urls: Sequence[str], folder: Path) -> None:
        config = folder / "nvr.toml"
        config.write_text(_CONFIGURATION)
        self._settings = settings.load(config)
        await asyncio.to_thread(self._add_cameras, urls)
        command = [sys.executable, "-m", "nvr", "serve", "--config", str(config)]
        self._child = await Child.start(
            [*command, "--only", "recorder"], folder / "ours.log"
        )

    def roots(self) -> list[int]:
        return [self._child.pid]

    def demand_alive(self) -> None:
        self._child.demand_alive()

    async def stop(self) -> None:
        await self._child.stop()

    async def frames_recorded(self) -> int:
        volumes = [volume.path for volume in self._settings.volumes]
        files = [file for path in volumes for file in path.rglob("*.mp4")]
        return await asyncio.to_thread(lambda: sum(map(_pictures_in, files)))

    def _add_cameras(self, urls: Sequence[str]) -> None:
        prepare(self._settings)
        catalogue = open_catalogue(self._settings, SystemClock())
        for number, url in enumerate(urls, 1):
            catalogue.add_camera(name=f"Camera {number}", url=url)
        catalogue.close()


class Ffmpeg:
    """One `ffmpeg -c copy` for each camera, into files of a minute.

    Fragmented MP4 without a final index: the form in which a crash costs ffmpeg one
    GOP and not the file, which is what ours is held to as well. Nothing is hashed or
    synced.
    """

    name = "ffmpeg"

    async def start(self, urls: Sequence[str], folder: Path) -> None:
        self._folder = folder
        self._children: list[Child] = []
        for number, url in enumerate(urls, 1):
            own = folder / f"camera-{number}"
            own.mkdir()
            command = ["ffmpeg", "-nostdin", "-v", "error", "-rtsp_transport", "tcp"]
            command += ["-i", url, "-c", "copy", "-f", "segment"]
            command += ["-segment_time", "60", "-segment_format", "mp4"]
            command += ["-segment_format_options", "movflags=frag_keyframe+empty_moov"]
            command += ["out-%d.mp4"]
            log = folder / f"ffmpeg-{number}.log"
            self._children.append(await Child.start(command, log, folder=own))

    def roots(self) -> list[int]:
        return [child.pid for child in self._children]

    def demand_alive(self) -> None:
        for child in self._children:
            child.demand_alive()

    async def stop(self) -> None:
        # It ends, and writes its last fragment, because its camera hung up; a signal
        # while it waits for a silent camera would not reach it.
        await asyncio.gather(*(child.ended(10) for child in self._children))
        await asyncio.gather(*(child.stop() for child in self._children))

    async def frames_recorded(self) -> int:
        files = list(self._folder.rglob("out-*.mp4"))
        return await asyncio.to_thread(lambda: sum(map(count_pictures, files)))


def contestant(name: str) -> Contestant:
    """A new one by its name."""
    return Ours() if name == Ours.name else Ffmpeg()


def _pictures_in(path: Path) -> int:
    with path.open("rb") as file:

        def read(offset: int, length: int) -> bytes:
            file.seek(offset)
            return file.read(length)

        try:
            index = read_index(read, path.stat().st_size)
        except MediaError:
            return 0
    return len(index.video.sizes) if index.video else 0
