"""The pages as a person uses them: the whole application in a real browser."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from nvr.web.app import make_app
from playwright.async_api import Page, expect
from pytest_aiohttp.plugin import AiohttpServer

from nvr.base.clock import SystemClock
from nvr.base.model import Camera
from nvr.base.settings import build
from nvr.hooks import load_plugins
from nvr.store import schema
from nvr.store.catalogue import Catalogue
from nvr.store.vault import Vault

HOUR_US = 3_600_000_000
PASSWORD = "a short sentence"


@dataclass
class Site:
    """A running application without a recorder."""

    url: str
    catalogue: Catalogue

    def link(self) -> str:
        """A one-time link for the first account."""
        secret = self.catalogue.add_link("setup", lifetime_us=HOUR_US)
        return f"{self.url}/welcome/{secret}"


@pytest.fixture
async def site(tmp_path: Path, aiohttp_server: AiohttpServer) -> Site:
    table = {
        "server": {"name": "Situation room", "data_dir": "data"},
        "web": {"time_zone": "Asia/Jakarta"},
    }
    settings = build(table, tmp_path)
    settings.server.data_dir.mkdir()
    schema.upgrade(settings.database_url)
    vault = Vault.open_file(settings.server.data_dir / "secret.key")
    clock = SystemClock()
    catalogue = Catalogue(settings.database_url, clock=clock, vault=vault)
    app = make_app(
        settings=settings,
        catalogue=catalogue,
        clock=clock,
        plugins=load_plugins(settings),
        hasher=PasswordHasher(time_cost=1, memory_cost=64, parallelism=1),
    )
    server = await aiohttp_server(app)
    return Site(str(server.make_url("")).rstrip("/"), catalogue)


@pytest.fixture
async def signed_in(site: Site, page: Page) -> Page:
    """The wall, just after the first account was made."""
    await page.goto(site.link())
    await page.fill("[name=name]", "sari")
    await page.fill("[name=password]", PASSWORD)
    await page.fill("[name=again]", PASSWORD)
    await page.click("[type=submit]")
    await page.wait_for_url(f"{site.url}/")
    return page


def add_camera(site: Site, name: str = "Gate") -> Camera:
    return site.catalogue.add_camera(name=name, url="rtsp://192.0.2.7/1")


async def test_the_link_makes_the_first_account_and_shows_the_empty_wall(
    site: Site, signed_in: Page
) -> None:
    await expect(signed_in.locator(".wall-empty h2")).to_have_text("No cameras yet")
    assert [user.name for user in site.catalogue.users()] == ["sari"]


async def test_two_passwords_that_differ_are_not_sent(site: Site, page: Page) -> None:
    await page.goto(site.link())
    await page.fill("[name=name]", "sari")
    await page.fill("[name=password]", PASSWORD)
    await page.fill("[name=again]", PASSWORD + "!")
    await page.click("[type=submit]")

    await expect(page.locator(".form-error")).to_contain_text("not the same")
    assert site.catalogue.users() == []


async def test_signing_in_leads_back_to_the_page_that_was_asked_for(
    site: Site, signed_in: Page
) -> None:
    camera = add_camera(site)
    await signed_in.click("[data-menu]")
    await signed_in.click("[data-sign-out]")
    await signed_in.wait_for_url(f"{site.url}/sign-in")

    await signed_in.goto(f"{site.url}/cameras/{camera.id}")
    await signed_in.fill("[name=name]", "sari")
    await signed_in.fill("[name=password]", "wrong password")
    await signed_in.click("[type=submit]")
    await expect(signed_in.locator(".form-error")).to_contain_text("not right")
    await signed_in.fill("[name=password]", PASSWORD)
    await signed_in.click("[type=submit]")

    await signed_in.wait_for_url(f"{site.url}/cameras/{camera.id}")


async def test_a_foreign_next_page_is_not_followed(site: Site, signed_in: Page) -> None:
    await signed_in.context.clear_cookies()
    await signed_in.goto(f"{site.url}/sign-in?next=//example.org/trap")
    await signed_in.fill("[name=name]", "sari")
    await signed_in.fill("[name=password]", PASSWORD)
    await signed_in.click("[type=submit]")

    await signed_in.wait_for_url(f"{site.url}/")


async def test_a_camera_that_nobody_records_says_so(
    site: Site, signed_in: Page
) -> None:
    add_camera(site)
    await signed_in.goto(site.url)

    tile = signed_in.locator(".tile")
    await expect(tile).to_contain_text("it is not being recorded")
    await expect(tile.locator(".state")).to_have_text("Not recorded")
    await expect(signed_in.locator("[data-kind=lost]")).to_have_text(
        "1 without connection"
    )


async def test_digits_maximise_and_escape_goes_back(
    site: Site, signed_in: Page
) -> None:
    for number in range(3):
        add_camera(site, f"Camera {number}")
    await signed_in.goto(site.url)

    await signed_in.keyboard.press("2")
    await expect(signed_in.locator(".tile.is-large")).to_contain_text("Camera 1")
    await signed_in.keyboard.press("Escape")
    await expect(signed_in.locator(".tile.is-large")).to_have_count(0)
    await signed_in.keyboard.press("ArrowLeft")
    await expect(signed_in.locator(".tile").nth(0)).to_be_focused()
    await signed_in.keyboard.press("o")

    await signed_in.wait_for_url("**/cameras/*")
    await expect(signed_in.locator("h1")).to_have_text("Camera 0")


async def test_a_wall_of_many_cameras_has_pages(site: Site, signed_in: Page) -> None:
    for number in range(6):
        add_camera(site, f"Camera {number}")
    await signed_in.goto(site.url)

    await signed_in.click("[data-layout='4']")
    await expect(signed_in.locator(".tile:visible")).to_have_count(4)
    await signed_in.keyboard.press("PageDown")

    await expect(signed_in.locator(".tile:visible")).to_have_count(2)
    await expect(signed_in.locator(".where")).to_have_text("2 of 2")


async def test_an_address_that_is_refused_is_explained_before_saving(
    signed_in: Page, site: Site
) -> None:
    await signed_in.goto(f"{site.url}/cameras/new")
    await signed_in.fill("#url", "rtsp://admin:s%40fe@127.0.0.1/live")
    await signed_in.click("[data-test]")

    await expect(signed_in.locator("#username")).to_have_value("admin")
    await expect(signed_in.locator("#password")).to_have_value("s@fe")
    await expect(signed_in.locator(".probe-note.is-bad")).not_to_be_empty()
    assert site.catalogue.cameras() == []


async def test_a_camera_is_added_changed_switched_off_and_removed(
    signed_in: Page, site: Site
) -> None:
    await signed_in.goto(f"{site.url}/cameras/new")
    await signed_in.fill("#name", "Gate")
    await signed_in.fill("#url", "rtsp://192.0.2.7/1")
    await signed_in.fill("#username", "admin")
    await signed_in.fill("#password", "secret")
    await signed_in.click("#camera-form [type=submit]")
    await signed_in.wait_for_url("**/cameras")
    (camera,) = site.catalogue.cameras()

    await signed_in.goto(f"{site.url}/cameras/{camera.id}/edit")
    await signed_in.fill("#name", "Gate, north")
    await signed_in.click("#camera-form [type=submit]")
    await signed_in.wait_for_url("**/cameras")
    await expect(signed_in.locator("[data-row]")).to_contain_text("Gate, north")

    await signed_in.goto(f"{site.url}/cameras/{camera.id}/edit")
    await signed_in.click("[data-switch]")
    await expect(signed_in.locator("[data-switch]")).to_contain_text("Switch on")
    assert not site.catalogue.camera(camera.id).is_enabled

    await signed_in.click("[data-dialog=remove]")
    await signed_in.click("#remove [type=submit]")
    await signed_in.wait_for_url("**/cameras")
    assert site.catalogue.cameras() == []


async def test_a_token_is_shown_once_and_revoked(signed_in: Page, site: Site) -> None:
    await signed_in.goto(f"{site.url}/settings/tokens")
    await signed_in.click("[data-dialog=new-token]")
    await signed_in.fill("#token-name", "cad-112")
    await signed_in.click("#new-token [type=submit]")
    secret = signed_in.locator(".secret code")
    await expect(secret).not_to_be_empty()
    told = await secret.inner_text()
    found = site.catalogue.find_token(told)
    assert found is not None and found.name == "cad-112"

    await signed_in.click("[data-reload]")
    await expect(signed_in.locator(".secret")).to_be_hidden()
    assert told not in await signed_in.content()
    await signed_in.click("[data-path]")
    await signed_in.click("#confirm [type=submit]")
    await expect(signed_in.locator(".empty")).to_be_visible()
    assert site.catalogue.find_token(told) is None


async def test_the_language_and_the_theme_are_kept(signed_in: Page, site: Site) -> None:
    await signed_in.click("[data-menu]")
    await signed_in.click("[data-theme-choice=light]")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert await signed_in.evaluate(ground) == "rgb(239, 241, 242)"
    await signed_in.click("[data-language=id]")

    await expect(signed_in.locator(".wall-empty h2")).to_have_text("Belum ada kamera")
    assert await signed_in.evaluate(ground) == "rgb(239, 241, 242)"


async def test_the_camera_page_says_why_there_is_no_picture(
    signed_in: Page, site: Site
) -> None:
    camera = add_camera(site)
    await signed_in.goto(f"{site.url}/cameras/{camera.id}")

    await expect(signed_in.locator(".stage-message")).to_contain_text(
        "it is not being recorded"
    )
    await signed_in.keyboard.press("d")
    await expect(signed_in.locator("#clip .clip-summary")).to_contain_text(
        "no footage in this interval"
    )
    await expect(signed_in.locator("[data-download]")).to_have_attribute(
        "aria-disabled", "true"
    )
    await signed_in.keyboard.press("Escape")
    await signed_in.keyboard.press("?")
    await expect(signed_in.locator("#keys")).to_contain_text("Back to live")


@pytest.mark.parametrize("width", [360, 768, 1280, 2560])
async def test_no_page_is_wider_than_its_screen(
    signed_in: Page, site: Site, width: int
) -> None:
    camera = add_camera(site, "A camera with quite a long name at the northern gate")
    await signed_in.set_viewport_size({"width": width, "height": 740})
    pages = ["/", "/cameras", "/cameras/new", f"/cameras/{camera.id}", "/settings"]
    pages += [f"/cameras/{camera.id}/edit", "/settings/storage", "/settings/users"]

    for path in pages:
        await signed_in.goto(site.url + path)
        wide = await signed_in.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, path
