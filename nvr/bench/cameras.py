"""The cameras of a comparison, in a process of their own.

`python -m nvr.bench.cameras COUNT CACHE` serves them until it is told to end. It
writes lines to standard output: `pictures SHARE` while they are made, then one JSON
object with the addresses.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self
from urllib.request import ProxyHandler, Request, build_opener

from nvr.bench.child import Child
from nvr.simulate.prepare import Making
from nvr.simulate.service import Serving, as_text, default_cache, make_options, run

_OPENER = build_opener(ProxyHandler({}))


class Cameras:
    """Runs from `__aenter__` until `__aexit__`."""

    def __init__(
        self, count: int, folder: Path, progress: Callable[[str], None]
    ) -> None:
        self.urls: list[str] = []
        self._count = count
        self._folder = folder
        self._progress = progress

    async def __aenter__(self) -> Self:
        program = [sys.executable, "-m", "nvr.bench.cameras"]
        self._child = await Child.start(
            [*program, str(self._count), str(default_cache())],
            self._folder / "cameras.log",
            has_output=True,
        )
        try:
            while (line := await self._child.line()).startswith("pictures"):
                self._progress(f"making pictures: {line.split()[1]}")
        except BaseException:
            await self._child.stop()
            raise
        told = json.loads(line)
        self.urls = [urls["main"] for urls in told["urls"].values()]
        self._control = f"http://127.0.0.1:{told['control_port']}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._child.stop()

    @property
    def pid(self) -> int:
        """Of the process, to leave its cost out."""
        return self._child.pid

    async def sessions(self) -> list[dict[str, Any]]:
        """Who is being sent what at this moment."""
        self._child.demand_alive()
        reply: list[dict[str, Any]] = await self._ask("GET", "/sessions")
        return reply

    async def hold(self) -> None:
        """Send nothing more, but keep every session."""
        body = {"fault": "stall", "seconds": 0}
        await self._ask("POST", "/cameras/*/faults", body)

    async def hang_up(self) -> None:
        """Close every session and let nobody in."""
        body = {"fault": "drop", "seconds": 600}
        await self._ask("POST", "/cameras/*/faults", body)

    async def go_on(self) -> None:
        """Be cameras again."""
        await self._ask("DELETE", "/cameras/*/faults")

    async def _ask(self, method: str, path: str, body: object = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = Request(self._control + path, data, method=method)

        def ask() -> Any:
            with _OPENER.open(request, timeout=30) as reply:
                return json.load(reply)

        return await asyncio.to_thread(ask)


def main() -> None:
    """Serve until SIGTERM."""
    count, cache = int(sys.argv[1]), Path(sys.argv[2])
    options = make_options(
        cache_dir=cache, cameras=count, port=0, control_port=0, bench=True
    )
    asyncio.run(run(options, progress=_tell, ready=_ready))


def _tell(making: Making) -> None:
    _write(f"pictures {making.share:.0%}")


def _ready(serving: Serving) -> None:
    _write(as_text(serving))


def _write(line: str) -> None:
    os.write(sys.stdout.fileno(), line.encode() + b"\n")


if __name__ == "__main__":
    main()
