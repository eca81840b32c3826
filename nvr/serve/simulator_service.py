"""The demo's cameras, as a process beside the server that records them."""

import argparse
import asyncio

from nvr.base.settings import Settings
from nvr.serve.demo_plan import Plan
from nvr.simulate.simulator import Simulator


async def run(settings: Settings, arguments: argparse.Namespace) -> None:
    """Be the cameras of `--plan` until cancelled."""
    plan = Plan.load(arguments.plan)
    cameras = plan.virtual_cameras()
    async with Simulator(
        cameras, cache_dir=plan.cache, port=plan.port, keeps_log=False
    ):
        await asyncio.Event().wait()
