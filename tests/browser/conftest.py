"""A real browser for the tests of the pages; without one they are skipped."""

import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-gpu",
    "--no-first-run",
    "--remote-debugging-port=0",
]
PATIENCE_SECONDS = 30


@pytest.fixture(scope="session")
def browser_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where one Chromium, started for all tests, can be driven."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    profile = tmp_path_factory.mktemp("chromium")
    command = [path, *ARGUMENTS, f"--user-data-dir={profile}", "about:blank"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **quiet) as process:  # type: ignore[call-overload]
        try:
            yield f"http://127.0.0.1:{_port(profile)}"
        finally:
            process.terminate()


def _port(profile: Path) -> int:
    """The port that Chromium chose; it writes it down when it listens."""
    note = profile / "DevToolsActivePort"
    for _ in range(PATIENCE_SECONDS * 10):
        if note.exists() and note.read_text():
            return int(note.read_text().split()[0])
        time.sleep(0.1)
    pytest.fail("Chromium did not start")


@pytest.fixture
async def browser(browser_address: str) -> AsyncIterator[Browser]:
    """The browser, for one test."""
    async with async_playwright() as playwright:
        yield await playwright.chromium.connect_over_cdp(browser_address)


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
