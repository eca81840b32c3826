"""The keeper's process: what may go, goes; what must stay, stays."""

import argparse

from nvr.base.clock import SystemClock
from nvr.base.settings import Settings
from nvr.hooks import load_plugins
from nvr.keep.keeper import run_keeper
from nvr.serve.common import open_catalogue


async def run(settings: Settings, arguments: argparse.Namespace) -> None:
    """Keep house until cancelled."""
    clock = SystemClock()
    catalogue = open_catalogue(settings, clock)
    try:
        await run_keeper(settings, catalogue, load_plugins(settings), clock)
    finally:
        catalogue.close()
