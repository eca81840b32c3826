"""Starting and ending the programs under test, with what they said kept in a file."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from nvr.base.errors import NvrError

_STOP_SECONDS = 30


class BenchError(NvrError):
    """The comparison cannot be made; says why and what to do."""


class Child:
    """One program in a process group of its own."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.pid = process.pid
        self._process = process
        self._log = log

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        log: Path,
        *,
        folder: Path | None = None,
        has_output: bool = False,
    ) -> "Child":
        """Raises `BenchError` when the program is not there."""
        try:
            with log.open("ab") as file:
                process = await asyncio.create_subprocess_exec(
                    *command,
                    cwd=folder,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.PIPE if has_output else file,
                    stderr=file,
                    start_new_session=True,
                )
        except FileNotFoundError:
            raise BenchError(
                f"{command[0]!r} is not installed; install it or leave it out"
            ) from None
        return cls(process, log)

    async def line(self) -> str:
        """The next line of its output. Raises `BenchError` at the end."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise BenchError(f"the program ended: {self.last_words()}")
        return line.decode().strip()

    def demand_alive(self) -> None:
        """Raises `BenchError` if it ended by itself."""
        if self._process.returncode is not None:
            raise BenchError(
                f"a program under test ended with status {self._process.returncode}: "
                f"{self.last_words()}"
            )

    def last_words(self) -> str:
        """The end of what it said."""
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return " / ".join(lines[-3:]) or "it said nothing"

    async def ended(self, seconds: float) -> None:
        """Give it this long to end by itself."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._process.wait()

    async def stop(self) -> None:
        """Ask it to end; after half a minute, end it."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            await self._process.wait()
