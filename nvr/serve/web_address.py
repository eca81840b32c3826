"""Where the web service of a running server listens, for whoever started it."""

import json

from nvr.base.clock import Clock
from nvr.base.errors import NvrError
from nvr.base.settings import Settings

PATIENCE_SECONDS = 60


async def web_address(settings: Settings, clock: Clock) -> str:
    """The base URL, as soon as the web service answers. Raises `NvrError`."""
    for _ in range(PATIENCE_SECONDS * 10):
        url = running_address(settings)
        if url is not None:
            return url
        await clock.sleep(0.1)
    raise NvrError(
        f"the web service did not start within {PATIENCE_SECONDS} s; see the log above"
    )


def running_address(settings: Settings) -> str | None:
    """The base URL as the web service wrote it; None while it does not run."""
    try:
        text = (settings.run_dir / "web.json").read_text()
        return str(json.loads(text)["url"])
    except (FileNotFoundError, ValueError, KeyError):
        return None
