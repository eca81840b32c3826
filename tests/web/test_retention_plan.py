"""The plan over HTTP and on its page: what the next turn of the keeper does."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from nvr.web.app import make_app
from nvr.web.openapi import document
from nvr.web.policy import declared

from tests.keep.archive import DAY_US, MB, Archive
from tests.keep.conftest import pretend
from tests.web.whole_site import API, QUICK, Site

TABLES: dict[str, dict[str, Any]] = {"age": {"days": 30}}
PLAN = f"{API}/retention/plan"


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    pretend(monkeypatch, 10**12)
    made = Archive(tmp_path / "node")
    for name in ("gate", "<yard>"):
        made.record(
            made.camera(name), 40, start_us=made.now_us - 40 * DAY_US, every_us=DAY_US
        )
    yield made
    made.close()


@pytest.fixture
async def site(archive: Archive) -> AsyncIterator[Site]:
    settings = archive.settings(TABLES)
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    app = make_app(
        settings=settings,
        catalogue=archive.catalogue,
        clock=archive.clock,
        plugins=archive.plugins(TABLES),
        hasher=QUICK,
    )
    async with TestClient(TestServer(app)) as client:
        made = Site(app, client, archive.catalogue, archive.clock, settings)
        made.add_people()
        yield made


async def test_the_plan_is_what_the_next_turn_dooms(
    site: Site, archive: Archive
) -> None:
    answer = await site.ask("GET", PLAN, by="ada")
    told = await answer.json()
    await archive.keeper(TABLES).turn()

    assert answer.status == 200
    rows = told["deletions"]
    assert {id for row in rows for id in row["segment_ids"]} == archive.doomed
    assert [(row["camera"], row["segments"]) for row in rows] == [
        ("<yard>", 10),
        ("gate", 10),
    ]
    assert told["total"]["size_bytes"] == 20 * MB
    assert "waits for a day" in told["brakes"][0]


async def test_asking_changes_nothing(site: Site, archive: Archive) -> None:
    before = archive.kept

    for _ in range(2):
        await site.ask("GET", PLAN, by="ada")

    assert archive.kept == before
    assert archive.doomed == set()


async def test_only_administrators_see_it(site: Site) -> None:
    assert (await site.ask("GET", PLAN, by="vic")).status == 403
    assert (await site.ask("GET", PLAN)).status == 401


async def test_it_is_described(site: Site) -> None:
    told = document(declared(site.app))["paths"][PLAN]["get"]

    wanted = told["responses"]["200"]["content"]["application/json"]["schema"]
    answer = await (await site.ask("GET", PLAN, by="ada")).json()
    assert set(wanted["required"]) == set(answer)
    row = wanted["properties"]["deletions"]["items"]
    assert set(row["required"]) == set(answer["deletions"][0])


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("What the next run deletes", "Files: 20", "24 h", "1440")),
        ("id", ("Yang dihapus", "Berkas: 20", "24 j", "1440")),
    ],
)
async def test_the_page_shows_it_by_camera_and_reason(
    site: Site, language: str, words: tuple[str, ...]
) -> None:
    answer = await site.ask(
        "GET", "/settings/storage", by="ada", headers={"Accept-Language": language}
    )
    page = (await answer.text()).split('id="plan"')[1]

    assert answer.status == 200
    assert "older than 30 days" in page
    assert "&lt;yard&gt;" in page
    assert "<yard>" not in page
    for word in words[:-1]:
        assert word in page, word
    assert words[-1] not in page


async def test_the_page_waits_for_no_slow_plan(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nvr.web.pages_settings._PLAN_SECONDS", 0.0)

    answer = await site.ask("GET", "/settings/storage", by="ada")

    assert answer.status == 200
    assert "still being worked out" in await answer.text()
