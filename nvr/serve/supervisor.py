"""Starts the services, restarts what dies, stops everything in bounded time.

The supervisor does nothing else: it holds the locks of the volumes, so that no second
server can write to them while any service of this one still lives, and the write end
of a pipe whose closing tells the services that it is gone.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from nvr.base.clock import Clock
from nvr.base.model import SECOND_US

log = logging.getLogger(__name__)

FIRST_RESTART_SECONDS = 0.2
LONGEST_RESTART_SECONDS = 10.0
STEADY_US = 30 * SECOND_US
"""A service that lived this long is restarted at once."""


@dataclass(frozen=True, slots=True)
class Service:
    """One process: its name and the arguments of `python -m nvr.serve.child`."""

    name: str
    arguments: Sequence[str]


@dataclass(slots=True)
class Supervisor:
    """`async with supervisor.running()`: the services run meanwhile."""

    services: Sequence[Service]
    clock: Clock
    stop_seconds: int
    held_descriptors: Sequence[int] = ()
    processes: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        lifeline, grip = os.pipe()
        tasks = [
            asyncio.create_task(self._keep(service, lifeline), name=service.name)
            for service in self.services
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._stop_all()
            os.close(grip)
            os.close(lifeline)

    async def _keep(self, service: Service, lifeline: int) -> None:
        """Start one service and start it again whenever it ends."""
        pause = FIRST_RESTART_SECONDS
        while True:
            started_us = self.clock.now().mono_us
            process = await self._start(service, lifeline)
            code = await process.wait()
            lived_us = self.clock.now().mono_us - started_us
            pause = FIRST_RESTART_SECONDS if lived_us >= STEADY_US else pause
            log.error("%s ended (%s); restarting", service.name, _how(code))
            await self.clock.sleep(pause)
            pause = min(pause * 2, LONGEST_RESTART_SECONDS)

    async def _start(
        self, service: Service, lifeline: int
    ) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "nvr.serve.child",
            "--lifeline",
            str(lifeline),
            *service.arguments,
            stdin=asyncio.subprocess.DEVNULL,
            pass_fds=(lifeline, *self.held_descriptors),
            start_new_session=True,  # Ctrl-C is ours alone
        )
        self.processes[service.name] = process
        log.debug("%s started as process %d", service.name, process.pid)
        return process

    async def _stop_all(self) -> None:
        alive = {n: p for n, p in self.processes.items() if p.returncode is None}
        for process in alive.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        waits = [asyncio.ensure_future(p.wait()) for p in alive.values()]
        if waits:
            await asyncio.wait(waits, timeout=self.stop_seconds)
        for name, process in alive.items():
            if process.returncode is None:
                log.error("%s did not stop in %d s", name, self.stop_seconds)
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
        await asyncio.gather(*waits)


def _how(code: int) -> str:
    if code >= 0:
        return f"exit status {code}"
    with contextlib.suppress(ValueError):
        return f"signal {signal.Signals(-code).name}"
    return f"signal {-code}"
