"""Long answers: whole, by sendfile or by TLS, and cut when they must be."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from nvr.web.admission import Admission
from nvr.web.sending import FootageGone, send_parts
from nvr.web.vigil import EVERY_SECONDS, Vigil

from nvr.base.model import SECOND_US
from nvr.play.parts import FilePiece, Part, size_of
from nvr.store.catalogue import Catalogue
from tests.fakes import FakeClock

LARGE = 300 << 20
"""More than the sockets of both sides keep."""


@contextlib.asynccontextmanager
async def sender(
    parts: list[Part], around: contextlib.AbstractContextManager[None] | None = None
) -> AsyncIterator[tuple["TestClient[web.Request, web.Application]", list[Exception]]]:
    """A server whose only answer is these parts, and what went wrong in it."""
    failures: list[Exception] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = sum(map(size_of, parts))
        await response.prepare(request)
        try:
            await send_parts(request, response, parts)
        except Exception as error:
            failures.append(error)
            assert request.transport is None or not request.transport.abort()
        return response

    app = web.Application()
    app.router.add_get("/", handler)
    async with TestClient(TestServer(app)) as client:
        yield client, failures


async def test_bytes_and_files_arrive_in_order(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(os.urandom(9 << 20))
    content = path.read_bytes()
    parts: list[Part] = [
        b"head",
        FilePiece(path, 3, 8 << 20),
        b"between",
        FilePiece(path, 0, 1),
    ]

    async with sender(parts) as (client, _):
        body = await (await client.get("/")).read()

    assert body == b"head" + content[3 : 3 + (8 << 20)] + b"between" + content[:1]


async def test_a_file_that_is_gone_breaks_the_connection(tmp_path: Path) -> None:
    parts: list[Part] = [b"head", FilePiece(tmp_path / "gone", 0, 10)]

    async with sender(parts) as (client, failures):
        with pytest.raises(aiohttp.ClientError):
            await (await client.get("/")).read()

    assert isinstance(failures[0], FootageGone)


@pytest.mark.parametrize("kind", ["link", "folder", "short"])
async def test_only_whole_files_are_sent(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    if kind == "folder":
        path.mkdir()
    elif kind == "short":
        path.write_bytes(b"short")
    else:
        (tmp_path / "secret").write_bytes(b"x" * 10)
        path.symlink_to(tmp_path / "secret")

    async with sender([FilePiece(path, 0, 10)]) as (client, failures):
        with pytest.raises(aiohttp.ClientError):
            await (await client.get("/")).read()

    assert isinstance(failures[0], FootageGone)


async def test_a_client_that_leaves_frees_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    os.truncate(path, LARGE)

    async with sender([FilePiece(path, 0, LARGE)]) as (client, failures):
        response = await client.get("/")
        await response.content.read(10)
        assert is_open(path)
        response.close()
        for _ in range(100):
            if failures:
                break
            await asyncio.sleep(0.02)

        assert isinstance(failures[0], ConnectionError | RuntimeError)
        assert not is_open(path)


async def test_whoever_may_not_stay_is_cut_off_in_the_middle(
    catalogue: Catalogue, clock: FakeClock
) -> None:
    admission = Admission(catalogue)
    user = catalogue.add_user(name="vic", password_hash="")
    catalogue.add_user(name="ada", password_hash="", is_admin=True)
    kept, lost = (catalogue.add_token(n, user_id=user.id) for n in ("kept", "lost"))
    cut: list[str] = []

    async with Vigil(admission=admission, clock=clock) as vigil:
        with contextlib.ExitStack() as stack:
            for name, secret in (("kept", kept), ("lost", lost)):
                visitor = admission.by_token(secret, "::1")
                assert visitor is not None
                stack.enter_context(vigil.over(visitor, lambda n=name: cut.append(n)))
            await pass_time(clock)
            assert cut == []

            number = next(t.id for t in catalogue.tokens() if t.name == "lost")
            catalogue.revoke_token(number)
            await pass_time(clock)
            assert cut == ["lost"]

            catalogue.change_user(user.id, is_enabled=False)
            await pass_time(clock)
            assert cut == ["lost", "kept"]


async def pass_time(clock: FakeClock) -> None:
    """Let the vigil look once."""
    await asyncio.sleep(0.02)
    clock.advance_us(round(EVERY_SECONDS * SECOND_US))
    await asyncio.sleep(0.05)


def is_open(path: Path) -> bool:
    links = [link.resolve() for link in Path("/proc/self/fd").iterdir()]
    return path.resolve() in links
