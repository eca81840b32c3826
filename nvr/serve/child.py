"""The process of one service: `python -m nvr.serve.child NAME …`.

A service imports only what it needs (a recorder no codec and no web server), stops on
SIGTERM or when the supervisor's end of the lifeline closes, and ends with status 1 on
any error, after logging it.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from importlib import import_module
from pathlib import Path

from nvr.base import logs
from nvr.base.errors import NvrError
from nvr.base.settings import Settings, load

log = logging.getLogger(__name__)

SERVICES = ("recorder", "web", "keeper", "simulator")
Run = Callable[[Settings, argparse.Namespace], Coroutine[None, None, None]]


def main() -> int:
    """Run the service named on the command line."""
    arguments = _arguments()
    try:
        settings = load(arguments.config)
        logs.set_up(settings.log)
        service = import_module(f"nvr.serve.{arguments.service}_service")
        asyncio.run(_until_told(service.run(settings, arguments), arguments.lifeline))
    except NvrError as error:
        log.error("%s cannot run: %s", arguments.service, error)
        return 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nvr.serve.child")
    parser.add_argument("service", choices=SERVICES)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--lifeline", type=int, default=-1)
    parser.add_argument("--index", type=int, default=0)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--plan", type=Path, default=None)
    return parser.parse_args()


async def _until_told(service: Coroutine[None, None, None], lifeline: int) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(service)
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    loop.add_signal_handler(signal.SIGINT, task.cancel)
    if lifeline >= 0:
        os.set_blocking(lifeline, False)
        os.set_inheritable(lifeline, False)
        loop.add_reader(lifeline, _supervisor_gone, loop, lifeline, task)
    try:
        await task
    except asyncio.CancelledError:
        log.debug("stopped")


def _supervisor_gone(
    loop: asyncio.AbstractEventLoop, lifeline: int, task: "asyncio.Task[None]"
) -> None:
    loop.remove_reader(lifeline)
    log.error("the supervisor is gone; stopping")
    task.cancel()


if __name__ == "__main__":
    sys.exit(main())
