"""A real browser for the tests of the pages; without one they are skipped."""

import shutil
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, Page, async_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-gpu",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[str]:
    """The path of the installed Chromium."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    yield path


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """A browser that nobody sees."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=ARGUMENTS
        )
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page of a desktop in the dark; an error in a script fails the test."""
    context = await browser.new_context(
        viewport={"width": 1280, "height": 800}, color_scheme="dark", locale="en-GB"
    )
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    await context.close()
    assert not errors
