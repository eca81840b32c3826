"""The recorder's Unix socket: live pictures and the state of every stream.

Only processes of the same user can open it (the folder is 0700). One request per
connection: `watch` is answered with messages until the viewer goes, `status` with one.
"""

import asyncio
import contextlib
import logging
import os
import resource
from pathlib import Path
from typing import Any

from nvr.base.model import CameraId, Role
from nvr.base.socket_path import reachable
from nvr.base.wire import pack, read_message
from nvr.record.recorder import Recorder
from nvr.record.status import StatusBoard

log = logging.getLogger(__name__)

STALLED_SECONDS = 20.0
"""A viewer that takes nothing for so long is gone."""


class Tap:
    """`async with Tap(...)`: serves the socket meanwhile."""

    def __init__(self, recorder: Recorder, board: StatusBoard, path: Path) -> None:
        self._recorder = recorder
        self._board = board
        self._path = path
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Tap":
        self._path.unlink(missing_ok=True)
        with reachable(self._path) as path:
            self._server = await asyncio.start_unix_server(self._accept, path=path)
        self._path.chmod(0o600)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    async def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None, "a connection is served in a task"
        self._connections.add(task)
        try:
            with contextlib.suppress(EOFError, ValueError, OSError, TimeoutError):
                await self._serve(reader, writer)
        finally:
            self._connections.discard(task)
            writer.close()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        request, _ = await read_message(reader)
        if request.get("op") == "status":
            writer.write(pack(self._status()))
            await writer.drain()
        elif request.get("op") == "watch":
            await self._watch(request, reader, writer)

    async def _watch(
        self,
        request: dict[str, Any],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        camera_id = CameraId(str(request.get("camera")))
        role = Role(request.get("role", "main"))
        stream = self._recorder.stream(camera_id, role)
        if stream is None:
            writer.write(pack({"type": "unknown"}))
            await writer.drain()
            return
        left = asyncio.create_task(reader.read(1), name="viewer leaves")
        viewer = await stream.fanout.join(stream.recording)
        try:
            while not left.done():
                message = asyncio.ensure_future(viewer.next_message())
                await asyncio.wait([message, left], return_when=asyncio.FIRST_COMPLETED)
                if not message.done():
                    message.cancel()
                    return
                writer.write(message.result())
                async with asyncio.timeout(STALLED_SECONDS):
                    await writer.drain()
        finally:
            left.cancel()
            stream.fanout.leave(viewer)

    def _status(self) -> dict[str, Any]:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "type": "status",
            "cameras": self._board.rows(),
            "recorder": {
                "pid": os.getpid(),
                "cpu_seconds": usage.ru_utime + usage.ru_stime,
                "rss_bytes": _resident_bytes(),
            },
        }


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()
