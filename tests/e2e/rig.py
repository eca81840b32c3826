"""The real server in its own processes, on a folder of its own, for end-to-end tests.

async with Server(folder) as server:
    camera = await server.add_camera("Gate", url)
    clip = await server.get(f"/api/v1/cameras/{camera}/clip.mp4", start=…, end=…)
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

import aiohttp

from nvr.base import rfc3339, settings
from nvr.base.clock import SystemClock
from nvr.base.settings import Settings
from nvr.serve.common import open_catalogue
from nvr.serve.server import prepare
from nvr.store.catalogue import Catalogue

CONFIGURATION = """\
[server]
data_dir = "."
name = "test"

[web]
port = 0

[cameras]
allowed_networks = ["127.0.0.0/8"]

[recorder]
workers = 1
segment_seconds = {segment_seconds}
"""


class Server:
    """`nvr serve` as a process tree of its own."""

    def __init__(self, folder: Path, *, segment_seconds: int = 10) -> None:
        self.folder = folder
        self.config = folder / "nvr.toml"
        folder.mkdir(parents=True, exist_ok=True)
        self.config.write_text(CONFIGURATION.format(segment_seconds=segment_seconds))
        self.settings: Settings = settings.load(self.config)
        prepare(self.settings)
        self.clock = SystemClock()
        self.catalogue: Catalogue = open_catalogue(self.settings, self.clock)
        self.token = self.catalogue.add_token("tests")
        self.log = folder / "server.log"
        self._process: asyncio.subprocess.Process | None = None
        self._http: aiohttp.ClientSession | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        self.catalogue.close()

    async def start(self) -> None:
        (self.settings.run_dir / "web.json").unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "nvr",
                "serve",
                "--config",
                str(self.config),
                stdout=log,
                stderr=log,
            )
        address = self.settings.run_dir / "web.json"
        await eventually(lambda: _read_url(address), "the web service", seconds=40)
        self.url = _read_url(address)
        self._http = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {self.token}"}
        )

    async def stop(self) -> int | None:
        """As an administrator would; the exit status."""
        if self._http is not None:
            await self._http.close()
            self._http = None
        if self._process is None:
            return None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            code = await self._process.wait()
        self._process = None
        return code

    async def kill_everything(self) -> None:
        """SIGKILL for every process of the server, all at once."""
        assert self._process is not None, "not running"
        pids = [self._process.pid, *descendants(self._process.pid)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)  # nobody notices that the others are gone
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        await self._process.wait()
        self._process = None
        if self._http is not None:
            await self._http.close()
            self._http = None

    def pids(self) -> dict[str, int]:
        """Process ids of the services by name."""
        assert self._process is not None, "not running"
        found = {}
        for pid in descendants(self._process.pid):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if b"nvr.serve.child" in words:
                found[words[words.index(b"--lifeline") + 2].decode()] = pid
        return found

    async def call(
        self, method: str, path: str, **options: Any
    ) -> aiohttp.ClientResponse:
        """One request with the token; the caller reads and releases it."""
        assert self._http is not None, "not running"
        return await self._http.request(method, self.url + path, **options)

    async def json(self, method: str, path: str, **options: Any) -> Any:
        async with await self.call(method, path, **options) as response:
            text = await response.text()
            assert response.ok, f"{method} {path}: {response.status} {text}"
            return json.loads(text)

    async def add_camera(self, name: str, url: str, **more: str) -> str:
        body = {"name": name, "url": url, **more}
        return str((await self.json("POST", "/api/v1/cameras", json=body))["id"])

    async def clip(self, camera: str, start_us: int, end_us: int) -> bytes:
        query = {"start": rfc3339.text(start_us), "end": rfc3339.text(end_us)}
        path = f"/api/v1/cameras/{camera}/clip.mp4"
        async with await self.call("GET", path, params=query) as response:
            body = await response.read()
            assert response.ok, f"{response.status} {body[:500]!r}"
            return body

    async def recording(self, *cameras: str, seconds: float = 30) -> None:
        """Wait until all these cameras are being recorded."""

        async def is_so() -> bool:
            rows = (await self.json("GET", "/api/v1/status"))["cameras"]
            states = {row["id"]: row["state"] for row in rows if row["role"] == "main"}
            return all(states.get(camera) == "recording" for camera in cameras)

        await eventually(is_so, "the cameras to be recorded", seconds=seconds)


async def eventually(
    question: Callable[[], Any | Awaitable[Any]], what: str, *, seconds: float = 20
) -> Any:
    """Ask until the answer is true."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                answer = question()
                if isinstance(answer, Awaitable):
                    answer = await answer
                if answer:
                    return answer
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"waited {seconds} s for {what} in vain") from None


def descendants(pid: int) -> list[int]:
    """All processes below one, from /proc."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        parent = int(text.rpartition(")")[2].split()[1])
        children.setdefault(parent, []).append(int(stat.parent.name))
    found, todo = [], [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def _read_url(path: Path) -> str:
    try:
        return str(json.loads(path.read_text())["url"]).rstrip("/")
    except (OSError, ValueError):
        return ""
