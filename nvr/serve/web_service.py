"""The web process: API and pages."""

import argparse
import contextlib

from nvr.base.clock import SystemClock
from nvr.base.settings import Settings
from nvr.hooks import load_plugins
from nvr.serve.common import open_catalogue
from nvr.web.server import run_web


async def run(settings: Settings, arguments: argparse.Namespace) -> None:
    """Answer requests until cancelled."""
    clock = SystemClock()
    with contextlib.closing(open_catalogue(settings, clock)) as catalogue:
        await run_web(settings, catalogue, clock=clock, plugins=load_plugins(settings))
