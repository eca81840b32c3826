"""Live over a WebSocket, from a recorder's real socket to a real client."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from nvr.web.viewer_queue import ViewerQueue
from yarl import URL

from nvr.base import wire
from nvr.base.model import SECOND_US, Camera
from nvr.play.live import LiveMessage
from tests.web.whole_site import API, Site, problem


class Recorder:
    """A Unix socket that has one camera and says what the test says."""

    def __init__(self, site: Site, camera: Camera) -> None:
        self._path = site.settings.run_dir / "recorder-0.sock"
        self._camera = camera.id
        self._viewers: list[asyncio.StreamWriter] = []
        self.watched = asyncio.Event()
        self.left = asyncio.Event()

    async def __aenter__(self) -> "Recorder":
        self._server = await asyncio.start_unix_server(self._serve, str(self._path))
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for writer in self._viewers:
            writer.close()

    async def say(self, header: dict[str, object], body: bytes = b"") -> None:
        for writer in self._viewers:
            writer.write(wire.pack(header, body))
            await writer.drain()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        question, _ = await wire.read_message(reader)
        if question["op"] == "status":
            row = {"id": self._camera, "role": "main", "state": "recording"}
            row |= {"since_us": 1_800_000_000_000_000, "volume": None}
            process = {"pid": 7, "cpu_seconds": 1.5, "rss_bytes": 9}
            answer = {"type": "status", "cameras": [row], "recorder": process}
            writer.write(wire.pack(answer))
            writer.close()
            return
        writer.write(wire.pack({"type": "init", "mime": "video/mp4"}, b"ftypmoov"))
        self._viewers.append(writer)
        self.watched.set()
        await reader.read()
        self.left.set()


@pytest.fixture
def camera(site: Site) -> Camera:
    return site.catalogue.add_camera(name="Gate", url="rtsp://10.0.0.1/main")


@pytest.fixture
async def recorder(site: Site, camera: Camera) -> AsyncIterator[Recorder]:
    async with Recorder(site, camera) as made:
        yield made


async def connected(
    site: Site, camera: Camera, **headers: str
) -> aiohttp.ClientWebSocketResponse:
    sent = {"Authorization": f"Bearer {site.tokens['vic']}", **headers}
    return await site.client.ws_connect(f"{API}/cameras/{camera.id}/live", headers=sent)


async def test_a_viewer_gets_headers_and_bytes_in_turn(
    site: Site, camera: Camera, recorder: Recorder
) -> None:
    socket = await connected(site, camera)

    assert (await socket.receive_json())["type"] == "init"
    assert await socket.receive_bytes() == b"ftypmoov"
    await recorder.say({"type": "fragment", "is_key": True, "wall_us": 5}, b"moofmdat")
    assert (await socket.receive_json())["wall_us"] == 5
    assert await socket.receive_bytes() == b"moofmdat"
    await recorder.say({"type": "offline", "cause": "lost", "detail": "cable"})
    assert (await socket.receive_json())["cause"] == "lost"


async def test_a_viewer_that_leaves_is_not_served_any_more(
    site: Site, camera: Camera, recorder: Recorder
) -> None:
    socket = await connected(site, camera)
    await recorder.watched.wait()

    await socket.close()

    async with asyncio.timeout(2):
        await recorder.left.wait()


@pytest.mark.parametrize("how", ["signed out", "banned", "token revoked"])
async def test_a_viewer_is_sent_away_when_access_ends(
    site: Site, camera: Camera, recorder: Recorder, how: str
) -> None:
    await site.sign_in("vic")
    is_token = how == "token revoked"
    headers = {"Authorization": f"Bearer {site.tokens['vic']}"} if is_token else {}
    socket = await site.client.ws_connect(
        f"{API}/cameras/{camera.id}/live", headers={"Origin": site.origin, **headers}
    )
    await recorder.watched.wait()

    if how == "signed out":
        await site.ask("DELETE", f"{API}/session")
    elif how == "banned":
        site.catalogue.change_user(site.users["vic"].id, is_enabled=False)
    else:
        number = next(t.id for t in site.catalogue.tokens() if t.name == "of vic")
        site.catalogue.revoke_token(number)
    site.clock.advance_us(5 * SECOND_US)

    async with asyncio.timeout(2):
        while (message := await socket.receive()).type != aiohttp.WSMsgType.CLOSE:
            assert message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY)
    assert message.data == aiohttp.WSCloseCode.POLICY_VIOLATION


async def test_a_viewer_that_takes_nothing_is_sent_away_too(
    site: Site, camera: Camera, recorder: Recorder
) -> None:
    url = URL(site.origin)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(
        f"GET {API}/cameras/{camera.id}/live HTTP/1.1\r\nHost: {url.authority}\r\n"
        f"Authorization: Bearer {site.tokens['vic']}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    await recorder.watched.wait()
    for _ in range(40):
        await recorder.say({"type": "fragment", "is_key": True}, b"x" * 1_000_000)

    site.catalogue.change_user(site.users["vic"].id, is_enabled=False)
    site.clock.advance_us(5 * SECOND_US)

    async with asyncio.timeout(4):
        await recorder.left.wait()
        with contextlib.suppress(ConnectionError):
            while await reader.read(1 << 20):
                pass
    writer.close()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
async def test_a_page_of_another_site_sees_nothing(
    site: Site, camera: Camera, recorder: Recorder, origin: str
) -> None:
    await site.sign_in("vic")

    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await site.client.ws_connect(
            f"{API}/cameras/{camera.id}/live", headers={"Origin": origin}
        )

    assert refused.value.status == 403


async def test_a_viewer_that_talks_is_closed(
    site: Site, camera: Camera, recorder: Recorder
) -> None:
    socket = await connected(site, camera)
    await recorder.watched.wait()

    await socket.send_bytes(b"x" * 100_000)

    async with asyncio.timeout(2):
        await recorder.left.wait()


async def test_what_cannot_be_watched_is_said_before(
    site: Site, camera: Camera
) -> None:
    plain = await site.ask("GET", f"{API}/cameras/{camera.id}/live", by="vic")
    no_sub = await site.ask("GET", f"{API}/cameras/{camera.id}/live?role=sub", by="vic")
    nobody = await site.ask("GET", f"{API}/cameras/x/live", by="vic")

    assert (plain.status, no_sub.status, nobody.status) == (426, 404, 404)
    assert (await problem(plain))["type"].endswith("websocket")


async def test_the_status_is_of_all_recorders(
    site: Site, camera: Camera, recorder: Recorder
) -> None:
    answer = await (await site.ask("GET", f"{API}/status", by="vic")).json()

    assert answer["cameras"][0]["name"] == "Gate"
    assert answer["cameras"][0]["state"] == "recording"
    assert answer["cameras"][0]["since"] == "2027-01-15T08:00:00Z"
    assert answer["recorders"] == [{"pid": 7, "cpu_seconds": 1.5, "rss_bytes": 9}]
    assert answer["now"] == "2027-01-15T08:00:00Z"


def fragment(size: int, *, is_key: bool = False) -> LiveMessage:
    return LiveMessage({"type": "fragment", "is_key": is_key}, b"x" * size)


async def taken(queue: ViewerQueue) -> list[str]:
    names = []
    try:
        async with asyncio.timeout(0.01):
            while True:
                message = await queue.get()
                names.append(json.dumps(message.header.get("units", message.type)))
    except TimeoutError:
        return names


async def test_a_late_viewer_loses_its_own_pictures_up_to_a_key() -> None:
    queue = ViewerQueue(most_bytes=100)
    queue.put(LiveMessage({"type": "init"}, b""))
    for size in (40, 40, 40, 10):
        queue.put(fragment(size))
    queue.put(LiveMessage({"type": "offline"}, b""))
    queue.put(fragment(50, is_key=True))

    assert await taken(queue) == ['"init"', '"offline"', "4", '"fragment"']


async def test_a_new_format_makes_what_was_waiting_void() -> None:
    queue = ViewerQueue(most_bytes=100)
    queue.put(fragment(40, is_key=True))
    queue.put(LiveMessage({"type": "init"}, b"new"))
    queue.put(fragment(90, is_key=True))

    assert await taken(queue) == ['"init"', '"fragment"']


async def test_a_picture_larger_than_the_queue_is_skipped() -> None:
    queue = ViewerQueue(most_bytes=100)
    queue.put(fragment(500, is_key=True))
    queue.put(fragment(5))
    queue.put(fragment(5, is_key=True))

    assert await taken(queue) == ["2", '"fragment"']
