"""Live pictures and the state of cameras, from the recorders' Unix sockets.

The recorders own the cameras; this is how every other process watches. A client that
is slow, hangs or dies costs a recorder nothing: the socket fills, and the recorder
skips that reader's pictures.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any, NamedTuple

from nvr.base import wire
from nvr.base.clock import Clock, SystemClock
from nvr.base.model import CameraId, GapCause, Role
from nvr.base.socket_path import reachable

ANSWER_SECONDS = 2.0
"""A recorder answers between two sweeps; one that does not is hung or just ending."""
RETRY_SECONDS = 0.5
_BUFFER_BYTES = 1 << 20

_log = logging.getLogger(__name__)


class LiveMessage(NamedTuple):
    """One message of a recorder: `init`, `fragment`, `skipped` or `offline`.

    `header` is the message's JSON object with its `type`; `body` the bytes of an
    init segment or of a fragment, empty otherwise.
    """

    header: dict[str, Any]
    body: bytes

    @property
    def type(self) -> str:
        return str(self.header.get("type", ""))


_Message = tuple[dict[str, Any], bytes]


class _Connection(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class _Found(NamedTuple):
    """A recorder that has the camera, and its first message, which may be to come."""

    connection: _Connection
    first: asyncio.Task[_Message]


async def watch(
    run_dir: Path, camera_id: CameraId, role: Role, *, clock: Clock | None = None
) -> AsyncGenerator[LiveMessage, None]:
    """Messages of one stream for as long as the consumer asks for them.

    When no recorder has the camera, or the one that had it is gone, one `offline`
    message says so, and the search goes on; `init` follows when it is back. Use
    `contextlib.aclosing`, so that leaving closes the connection at once.
    """
    clock = clock or SystemClock()
    was_offline = False
    while True:
        async with aclosing(_session(run_dir, camera_id, role)) as session:
            async for message in session:
                was_offline = message.type == "offline"
                yield message
        if not was_offline:
            was_offline = True
            yield _offline("the recorder of this camera is not running at the moment")
        await clock.sleep(RETRY_SECONDS)


def sockets(run_dir: Path) -> list[Path]:
    """The sockets of the recorders that were started; some may be dead."""
    return sorted(run_dir.glob("recorder-*.sock"))


async def ask(path: Path, question: dict[str, Any]) -> LiveMessage | None:
    """One question and its answer; None when the recorder does not answer in time."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            connection = await _open(path)
            try:
                return LiveMessage(*await _first(connection, question))
            finally:
                connection.writer.close()
    except (OSError, EOFError, ValueError, TimeoutError) as error:
        _log.debug("recorder at %s does not answer: %r", path, error)
        return None


async def _session(
    run_dir: Path, camera_id: CameraId, role: Role
) -> AsyncGenerator[LiveMessage, None]:
    """Messages of one connection; ends when it does, or when nobody has the camera."""
    question = {"op": "watch", "camera": camera_id, "role": role.value}
    found = await _find(sockets(run_dir), question)
    if found is None:
        return
    connection, first = found
    try:
        if not first.done():
            yield _offline("the camera is being connected")
        yield LiveMessage(*await first)
        while True:
            yield LiveMessage(*await wire.read_message(connection.reader))
    except (OSError, EOFError, ValueError) as error:
        _log.info("camera %s: live connection ended: %s", camera_id, error)
    finally:
        await _abandon([first])
        connection.writer.close()


async def _find(paths: list[Path], question: dict[str, Any]) -> _Found | None:
    """The first recorder that does not answer `unknown`, all asked at once."""
    asked = [asyncio.create_task(_try(path, question)) for path in paths]
    try:
        for done in asyncio.as_completed(asked):
            if (found := await done) is not None:
                return found
        return None
    finally:
        await _abandon([task for task in asked if not task.done()])


async def _try(path: Path, question: dict[str, Any]) -> _Found | None:
    """Ask one recorder. One that has the camera may have nothing to say of it yet."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            connection = await _open(path)
    except (OSError, TimeoutError) as error:
        _log.debug("recorder at %s cannot be reached: %r", path, error)
        return None
    first = asyncio.create_task(_first(connection, question))
    is_kept = False
    try:
        await asyncio.wait([first], timeout=ANSWER_SECONDS)
        is_kept = not first.done() or (
            first.exception() is None and first.result()[0].get("type") != "unknown"
        )
        return _Found(connection, first) if is_kept else None
    finally:
        if not is_kept:
            await _abandon([first])
            connection.writer.close()


async def _abandon(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _open(path: Path) -> _Connection:
    with reachable(path) as name:
        return _Connection(
            *await asyncio.open_unix_connection(name, limit=_BUFFER_BYTES)
        )


async def _first(connection: _Connection, question: dict[str, Any]) -> _Message:
    connection.writer.write(wire.pack(question))
    await connection.writer.drain()
    return await wire.read_message(connection.reader)


def _offline(detail: str) -> LiveMessage:
    cause = GapCause.STARTING.value
    return LiveMessage({"type": "offline", "cause": cause, "detail": detail}, b"")
