"""Errors, headers and limits: what everybody gets, and what nobody does."""

import json

import pytest
from nvr.web.bodies import MOST_BYTES

from nvr.base.errors import CatalogueError
from nvr.store.catalogue import Catalogue
from tests.web.whole_site import API, Site, problem

CAMERAS = f"{API}/cameras"


@pytest.mark.parametrize("path", ["/healthz", "/sign-in", f"{API}/cameras", "/nothing"])
async def test_every_answer_has_the_headers_that_protect(site: Site, path: str) -> None:
    response = await site.ask("GET", path)

    headers = response.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "private, no-store"
    assert "aiohttp" not in headers["Server"].lower()


async def test_an_error_for_a_browser_is_a_page(site: Site) -> None:
    await site.sign_in("vic")

    absent = await site.ask("GET", "/nothing/here")
    forbidden = await site.ask("GET", "/settings")

    assert (absent.status, absent.content_type) == (404, "text/html")
    assert (forbidden.status, forbidden.content_type) == (403, "text/html")


async def test_a_stranger_is_led_back_after_signing_in(site: Site) -> None:
    response = await site.ask("GET", "/cameras?x=1")

    assert response.status == 303
    assert response.headers["Location"] == "/sign-in?next=%2Fcameras%3Fx%3D1"


async def test_a_failure_tells_nothing_but_where_to_look(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(self: Catalogue) -> None:
        raise RuntimeError("SELECT secret FROM /srv/path")

    monkeypatch.setattr(Catalogue, "cameras", fail)

    response = await site.ask("GET", CAMERAS, by="vic")

    found = await problem(response)
    text = json.dumps(found)
    assert response.status == 500
    assert not any(word in text for word in ("SELECT", "srv", "RuntimeError", ".py"))
    assert found["reference"] in caplog.text
    assert "SELECT secret" in caplog.text


async def test_a_catalogue_that_is_away_is_a_matter_of_time(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Catalogue) -> None:
        raise CatalogueError("(psycopg) connection to 10.0.0.5 refused")

    monkeypatch.setattr(Catalogue, "cameras", fail)

    response = await site.ask("GET", CAMERAS, by="vic")

    assert response.status == 503
    assert "Retry-After" in response.headers
    assert "psycopg" not in await response.text()


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"name=x", "application/x-www-form-urlencoded", 415),
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b'{"name": NaN}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
        (b'"' + b"x" * MOST_BYTES + b'"', "application/json", 413),
    ],
)
async def test_a_body_that_cannot_be_used_is_refused(
    site: Site, body: bytes, content_type: str, status: int
) -> None:
    response = await site.ask(
        "POST", CAMERAS, by="ada", data=body, headers={"Content-Type": content_type}
    )

    assert response.status == status
    await problem(response)


async def test_a_compressed_body_is_not_unpacked(site: Site) -> None:
    response = await site.ask(
        "POST", CAMERAS, by="ada", json={}, headers={"Content-Encoding": "gzip"}
    )

    assert response.status == 415


async def test_another_method_is_told_what_there_is(site: Site) -> None:
    response = await site.ask("PUT", CAMERAS, by="ada")

    assert response.status == 405
    assert set(response.headers["Allow"].split(",")) == {"GET", "HEAD", "POST"}


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/x/..%2f..%2fapp.py",
        "/static/x/%2e%2e/%2e%2e/app.py",
        "/static/x//etc/passwd",
        "/static/x/css/../../app.py",
    ],
)
async def test_static_files_are_those_we_know(site: Site, path: str) -> None:
    from yarl import URL

    url = URL(site.origin + path, encoded=True)
    response = await site.client.session.get(url)

    assert response.status == 404
