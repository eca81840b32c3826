"""The web service: where it listens, what it refuses, how it stops."""

import asyncio
import contextlib
import json
import os
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from nvr.web.gate import Gate, Newcomers
from nvr.web.sending import send_parts
from nvr.web.server import run_web, serving

from nvr.base import settings
from nvr.base.errors import SettingsError
from nvr.base.settings import Settings
from nvr.hooks import build as build_plugins
from nvr.play.parts import FilePiece, Part, size_of
from nvr.store.catalogue import Catalogue
from tests.web.whole_site import API, PASSWORD, QUICK

NO_PLUGINS = build_plugins({})


def configured(path: Path, **web_table: Any) -> Settings:
    table = {
        "server": {"data_dir": ".", "stop_seconds": 4},
        "web": {"port": 0, **web_table},
    }
    return settings.build(table, base=path)


def certificate(path: Path) -> dict[str, str]:
    """A certificate for 127.0.0.1 that nobody has signed."""
    made = {"tls_certificate": str(path / "cert.pem"), "tls_key": str(path / "key.pem")}
    subject = ["-subj", "/CN=nvr", "-addext", "subjectAltName=IP:127.0.0.1"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command = ["openssl", "req", "-x509", "-days", "2", *key, *subject]
    files = ["-out", made["tls_certificate"], "-keyout", made["tls_key"]]
    subprocess.run([*command, *files], check=True, capture_output=True)
    return made


async def test_it_tells_where_it_listens_and_takes_it_back(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    loaded = configured(tmp_path)
    task = asyncio.create_task(run_web(loaded, catalogue, plugins=NO_PLUGINS))
    file = loaded.run_dir / "web.json"
    async with asyncio.timeout(5):
        while not file.exists():  # noqa: ASYNC110 - another program would poll too
            await asyncio.sleep(0.01)
    told = json.loads(file.read_text())

    async with aiohttp.ClientSession() as client:
        answer = await client.get(f"{told['url']}/healthz")
        assert await answer.json() == {"status": "ok"}
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task

    assert told["pid"] == os.getpid()
    assert not file.exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "nvr.example"])
async def test_beyond_this_machine_it_needs_tls(
    tmp_path: Path, catalogue: Catalogue, host: str
) -> None:
    with pytest.raises(SettingsError, match="tls_certificate"):
        async with serving(
            configured(tmp_path, host=host), catalogue, plugins=NO_PLUGINS
        ):
            pass


async def test_plain_http_must_be_asked_for(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    loaded = configured(tmp_path, host="0.0.0.0", allow_plain_http=True)

    async with serving(loaded, catalogue, plugins=NO_PLUGINS) as url:
        assert url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    "table",
    [
        {"tls_certificate": "/nowhere/cert.pem", "tls_key": "/nowhere/key.pem"},
        {"tls_certificate": "/nowhere/cert.pem"},
    ],
)
async def test_tls_that_cannot_be_used_is_a_clear_error(
    tmp_path: Path, catalogue: Catalogue, table: dict[str, str]
) -> None:
    with pytest.raises(SettingsError, match="certificate"):
        async with serving(
            configured(tmp_path, **table), catalogue, plugins=NO_PLUGINS
        ):
            pass


async def test_a_port_that_is_taken_is_a_clear_error(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with serving(configured(tmp_path), catalogue, plugins=NO_PLUGINS) as url:
        port = int(url.rpartition(":")[2])

        with pytest.raises(SettingsError, match=r"another `host` or `port`"):
            async with serving(
                configured(tmp_path, port=port), catalogue, plugins=NO_PLUGINS
            ):
                pass


async def test_with_tls_the_cookie_is_for_this_host_alone(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    catalogue.add_user(name="ada", password_hash=QUICK.hash(PASSWORD), is_admin=True)
    loaded = configured(tmp_path, **certificate(tmp_path))
    trust = ssl.create_default_context(cafile=str(loaded.web.tls_certificate))

    async with (
        serving(loaded, catalogue, plugins=NO_PLUGINS, hasher=QUICK) as url,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as client,
    ):
        answer = await client.post(
            f"{url}{API}/session",
            json={"name": "ada", "password": PASSWORD},
            headers={"Origin": url},
        )
        downgraded = await client.post(
            f"{url}{API}/session",
            json={"name": "ada", "password": PASSWORD},
            headers={"Origin": url.replace("https", "http")},
        )

    cookie = answer.headers["Set-Cookie"]
    assert url.startswith("https://")
    assert cookie.startswith("__Host-nvr=")
    assert "Secure" in cookie
    assert downgraded.status == 403


async def test_files_are_sent_through_tls_as_well(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(os.urandom(9 << 20))

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        parts: list[Part] = [b"head", FilePiece(path, 5, (9 << 20) - 5)]
        response.content_length = sum(map(size_of, parts))
        await response.prepare(request)
        await send_parts(request, response, parts)
        return response

    made = certificate(tmp_path)
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(made["tls_certificate"], made["tls_key"])
    trust = ssl.create_default_context(cafile=made["tls_certificate"])
    app = web.Application()
    app.router.add_get("/", handler)
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=ours)
    async with aiohttp.ClientSession() as client:
        answer = await client.get(server.make_url("/"), ssl=trust)
        body = await answer.read()
        again = await client.get(server.make_url("/"), ssl=trust)
        same = await again.read()
    await server.close()

    assert body == same == b"head" + path.read_bytes()[5:]


async def test_it_stops_soon_although_somebody_watches(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    catalogue.add_user(name="ada", password_hash="", is_admin=True)
    token = catalogue.add_token("wall")
    camera = catalogue.add_camera(name="Gate", url="rtsp://10.0.0.1/")
    loaded = configured(tmp_path)
    headers = {"Authorization": f"Bearer {token}"}

    async with aiohttp.ClientSession(headers=headers) as client:
        async with serving(loaded, catalogue, plugins=NO_PLUGINS) as url:
            socket = await client.ws_connect(f"{url}{API}/cameras/{camera.id}/live")
            assert (await socket.receive_json())["type"] == "offline"
            began = time.monotonic()

        assert time.monotonic() - began < 2
        closed = await socket.receive()
        assert closed.data == aiohttp.WSCloseCode.GOING_AWAY


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00",
        b"FOO / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nsecret-canary\r\n\r\n",
        b"GET http://[canary HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nCanary: " + b"canary" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"Canary: 1\r\n" * 500 + b"\r\n",
    ],
)
async def test_what_is_not_http_is_not_repeated(
    raw: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with gated() as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(raw)
        answer = await reader.read()
        writer.close()

    assert b" 400 Bad Request" in answer
    assert b"aiohttp" not in answer and b"anary" not in answer
    assert "anary" not in caplog.text


async def test_too_many_connections_are_refused() -> None:
    async with gated(most_connections=2) as (host, port):
        kept = [await asyncio.open_connection(host, port) for _ in range(2)]
        await asyncio.sleep(0.02)

        reader, writer = await asyncio.open_connection(host, port)
        refused = await reader.read()

        assert refused.startswith(b"HTTP/1.1 503")
        for _, other in [*kept, (reader, writer)]:
            other.close()


async def test_who_says_nothing_is_hung_up_on() -> None:
    async with gated(first_request_seconds=0.1) as (host, port):
        slow_reader, slow = await asyncio.open_connection(host, port)
        slow.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        reader, quick = await asyncio.open_connection(host, port)
        quick.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.read(15)).startswith(b"HTTP/1.1 200")

        async with asyncio.timeout(2):
            assert await slow_reader.read() == b""

        await asyncio.sleep(0.1)
        quick.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await reader.read(15)
        for writer in (slow, quick):
            writer.close()


@contextlib.asynccontextmanager
async def gated(**limits: Any) -> Any:
    """A server behind a gate; gives its host and port."""

    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    newcomers = Newcomers()
    app = web.Application(middlewares=[newcomers.middleware()])
    app.router.add_get("/", hello)
    runner = web.AppRunner(app)
    await runner.setup()
    assert runner.server is not None
    gate = Gate(runner.server, newcomers, **limits)
    server = await asyncio.get_running_loop().create_server(gate, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()
    finally:
        server.close()
        await runner.cleanup()
