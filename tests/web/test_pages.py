"""Every page over a real catalogue, in both languages."""

import re
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient

from tests.web.site import Site, make_site

Client = TestClient[web.Request, web.Application]
PAGES = [
    "/",
    "/cameras",
    "/cameras/new",
    "/settings",
    "/settings/storage",
    "/settings/users",
    "/settings/tokens",
    "/settings/about",
    "/sign-in",
    "/welcome/abc",
]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return make_site(tmp_path)


@pytest.fixture
async def client(site: Site, aiohttp_client: AiohttpClient) -> Client:
    return await aiohttp_client(site.app)


async def text(client: Client, path: str, **headers: str) -> str:
    answer = await client.get(path, headers=headers)
    assert answer.status == 200, path
    return await answer.text()


@pytest.mark.parametrize("language", ["en", "id"])
async def test_every_page_is_rendered_without_inline_code(
    site: Site,
    client: Client,
    language: str,
) -> None:
    camera = site.catalogue.add_camera(
        name="Gate <b>& yard</b>", url="rtsp://10.0.0.7/1", sub_url="rtsp://10.0.0.7/2"
    )
    site.catalogue.add_token("cad")
    own = [f"/cameras/{camera.id}", f"/cameras/{camera.id}/edit"]

    for path in PAGES + own:
        page = await text(client, path, **{"Accept-Language": language})

        assert f'<html lang="{language}"' in page
        assert 'data-zone="Asia/Jakarta"' in page
        assert "<b>& yard" not in page
        assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:", page), path
        for attributes, body in re.findall(r"<script([^>]*)>(.*?)</script>", page):
            assert 'type="application/json"' in attributes or not body, path


async def test_pages_forbid_foreign_and_inline_code(client: Client) -> None:
    answer = await client.get("/sign-in")

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http:" not in policy
    assert answer.headers["Cache-Control"] == "private, no-store"


async def test_everything_a_page_asks_for_is_there(client: Client) -> None:
    for path in PAGES:
        page = await text(client, path)
        for address in set(re.findall(r'(?:src|href)="(/static/[^"#]+)', page)):
            answer = await client.get(address)
            assert answer.status == 200, address
            assert "immutable" in answer.headers["Cache-Control"]


async def test_scripts_import_only_what_is_there() -> None:
    scripts = Path(__file__).parents[2] / "web" / "static" / "js"
    for script in scripts.glob("*.js"):
        for name in re.findall(r'from "\./([^"]+)"', script.read_text()):
            assert (scripts / name).is_file(), f"{script.name} imports {name}"


async def test_the_empty_wall_invites_to_add_a_camera(client: Client) -> None:
    page = await text(client, "/")

    assert "No cameras yet" in page
    assert 'href="/cameras/new"' in page


async def test_the_password_of_a_camera_is_on_no_page(
    site: Site,
    client: Client,
) -> None:
    camera = site.catalogue.add_camera(
        name="Gate", url="rtsp://10.0.0.7/1", username="admin", password="hunter2secret"
    )

    for path in (
        "/",
        "/cameras",
        f"/cameras/{camera.id}",
        f"/cameras/{camera.id}/edit",
    ):
        assert "hunter2secret" not in await text(client, path)


async def test_an_unknown_camera_is_a_page_that_says_so(client: Client) -> None:
    answer = await client.get("/cameras/00000000-0000-4000-8000-000000000000")

    assert answer.status == 404
    assert "Nothing here" in await answer.text()


async def test_the_theme_is_the_readers_choice_before_anything_is_drawn(
    client: Client,
) -> None:
    for theme, media in (
        ("dark", "not all"),
        ("light", "all"),
        ("nonsense", "(prefers-color-scheme: light)"),
    ):
        page = await text(client, "/", Cookie=f"theme={theme}")
        assert f'id="light" media="{media}"' in page


async def test_the_storage_page_names_a_volume_that_cannot_be_read(
    client: Client,
) -> None:
    page = await text(client, "/settings/storage")

    assert "This volume cannot be read" in page
    assert "Nothing has been recorded yet" in page


async def test_the_storage_page_shows_the_rules_of_retention(
    client: Client,
) -> None:
    page = await text(client, "/settings/storage")

    row = re.search(r"<strong>age</strong>.*?<td[^>]*>days</td><td[^>]*>(\d+)<", page)
    assert row and row[1] == "14"


async def test_an_old_address_of_a_script_still_works_but_is_not_kept(
    client: Client,
) -> None:
    answer = await client.get("/static/0123456789ab/js/wall.js")

    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Content-Type"].startswith("text/javascript")


@pytest.mark.parametrize("name", ["../pages.py", "js/../../pages.py", "js/none.js", ""])
async def test_nothing_but_static_files_is_served(client: Client, name: str) -> None:
    answer = await client.get(f"/static/0123456789ab/{name}")

    assert answer.status == 404
