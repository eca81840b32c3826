"""Watching: the right recorder is found, lost and found again; leaving is clean."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import Any

from nvr.base import wire
from nvr.base.model import CameraId, Role
from nvr.play import live
from nvr.play.live import LiveMessage, watch
from nvr.play.status import status, whole
from tests.fakes import FakeClock

DOOR = CameraId("0b8f9a52-0000-4000-8000-000000000001")

Message = tuple[dict[str, Any], bytes]


class Recorder:
    """A Unix socket that answers like a recorder with one camera."""

    def __init__(self, path: Path, camera: str, *messages: Message) -> None:
        self._path = path
        self._camera = camera
        self._messages = messages
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.left = asyncio.Event()

    async def __aenter__(self) -> "Recorder":
        self._server = await asyncio.start_unix_server(self._serve, str(self._path))
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._open:
            writer.close()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._open.add(writer)
        question, _ = await wire.read_message(reader)
        for message in self._answers(question):
            writer.write(wire.pack(*message))
        await reader.read()
        self.left.set()
        self._open.discard(writer)
        writer.close()

    def _answers(self, question: dict[str, Any]) -> tuple[Message, ...]:
        if question["op"] == "status":
            row = {"id": self._camera, "role": "main", "state": "recording"}
            process = {"pid": 1, "cpu_seconds": 2.5, "rss_bytes": 3}
            return (({"type": "status", "cameras": [row], "recorder": process}, b""),)
        if question["camera"] != self._camera:
            return (({"type": "unknown"}, b""),)
        return self._messages


INIT: Message = ({"type": "init", "mime": "video/mp4"}, b"ftypmoov")
FRAGMENT: Message = ({"type": "fragment", "is_key": True}, b"moofmdat")


async def test_the_recorder_that_has_the_camera_is_found(tmp_path: Path) -> None:
    other = Recorder(tmp_path / "recorder-0.sock", "another")
    right = Recorder(tmp_path / "recorder-1.sock", DOOR, INIT, FRAGMENT)

    async with other, right, aclosing(watch(tmp_path, DOOR, Role.MAIN)) as messages:
        first = await anext(messages)
        second = await anext(messages)

    assert first == LiveMessage(*INIT)
    assert second.type == "fragment"
    assert second.body == b"moofmdat"


async def test_leaving_closes_the_connection(tmp_path: Path) -> None:
    async with Recorder(tmp_path / "recorder-0.sock", DOOR, INIT) as recorder:
        async with aclosing(watch(tmp_path, DOOR, Role.MAIN)) as messages:
            await anext(messages)

        await asyncio.wait_for(recorder.left.wait(), 5)


async def test_a_recorder_that_restarts_is_offline_and_then_init(
    tmp_path: Path,
) -> None:
    clock, path = FakeClock(), tmp_path / "recorder-0.sock"
    async with aclosing(watch(tmp_path, DOOR, Role.MAIN, clock=clock)) as messages:
        async with Recorder(path, DOOR, INIT):
            seen = [await anext(messages)]
        seen.append(await anext(messages))
        path.unlink(missing_ok=True)
        async with Recorder(path, DOOR, INIT):
            seen.append(await moving(clock, lambda: anext(messages)))

    assert [m.type for m in seen] == ["init", "offline", "init"]
    assert "not running" in seen[1].header["detail"]


async def test_offline_is_said_once_while_no_recorder_comes(tmp_path: Path) -> None:
    clock = FakeClock()
    async with aclosing(watch(tmp_path, DOOR, Role.MAIN, clock=clock)) as messages:
        assert (await anext(messages)).type == "offline"
        waiting = asyncio.ensure_future(anext(messages))
        for _ in range(20):
            clock.advance_us(1_000_000)
            await asyncio.sleep(0)

        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def test_a_camera_that_is_being_connected_is_waited_for(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(live, "ANSWER_SECONDS", 0.05)
    has_picture = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await has_picture.wait()
        writer.write(wire.pack(*INIT))
        await reader.read()
        writer.close()

    server = await asyncio.start_unix_server(slow, str(tmp_path / "recorder-0.sock"))
    async with server, aclosing(watch(tmp_path, DOOR, Role.MAIN)) as messages:
        first = await anext(messages)
        has_picture.set()
        second = await anext(messages)

    assert (first.type, second) == ("offline", LiveMessage(*INIT))
    assert "being connected" in first.header["detail"]


async def test_a_dead_socket_does_not_hide_a_living_recorder(tmp_path: Path) -> None:
    async with Recorder(tmp_path / "recorder-0.sock", DOOR):
        pass
    right = Recorder(tmp_path / "recorder-1.sock", DOOR, INIT)

    async with right, aclosing(watch(tmp_path, DOOR, Role.MAIN)) as messages:
        assert (await anext(messages)).type == "init"


async def test_nonsense_from_a_recorder_is_a_lost_connection(tmp_path: Path) -> None:
    async def babble(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(wire.pack(*INIT) + b"\xff" * 64)

    server = await asyncio.start_unix_server(babble, str(tmp_path / "recorder-0.sock"))
    async with server, aclosing(watch(tmp_path, DOOR, Role.MAIN)) as messages:
        seen = [(await anext(messages)).type for _ in range(2)]

    assert seen == ["init", "offline"]


async def test_status_joins_all_recorders_and_leaves_out_silent_ones(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(live, "ANSWER_SECONDS", 0.2)

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_unix_server(mute, str(tmp_path / "recorder-9.sock"))
    one = Recorder(tmp_path / "recorder-0.sock", "b")
    two = Recorder(tmp_path / "recorder-1.sock", "a")
    async with silent, one, two:
        cameras = await status(tmp_path)
        everything = await whole(tmp_path)

    assert [(c.id, c.state) for c in cameras] == [
        ("a", "recording"),
        ("b", "recording"),
    ]
    assert len(everything.recorders) == 2


async def moving(
    clock: FakeClock, make: Callable[[], Coroutine[Any, Any, LiveMessage]]
) -> LiveMessage:
    waiting = asyncio.ensure_future(make())
    while not waiting.done():
        clock.advance_us(100_000)
        await asyncio.sleep(0.005)
    return await waiting
