"""Pictures out of recorded access units, decoded in a process that can be killed.

The calling process never maps libav and never waits for a picture longer than the
deadline, whatever the bytes do to the decoder.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nvr.base import wire
from nvr.base.errors import MediaError, NvrError
from nvr.base.model import Codec

DEADLINE_SECONDS = 5.0
START_SECONDS = 20.0
"""Starting the process maps 100 MB of libraries; on a cold, busy disk that is slow."""
QUEUE_LENGTH = 64
_PASSED_ON = frozenset(("PATH", "LD_LIBRARY_PATH", "PYTHONPATH"))

_log = logging.getLogger(__name__)


class StillBusy(NvrError):
    """More pictures are waiting than can be made soon."""

    can_retry = True


@dataclass(frozen=True, slots=True)
class StillRequest:
    """Units from a key frame on, in decoding order, with their presentation times.

    The picture delivered is the last one at or before `wanted`; `width` may only
    make it smaller, None keeps the size it was recorded in.
    """

    codec: Codec
    parameter_sets: Sequence[bytes]
    units: Sequence[bytes]
    times: Sequence[int]
    wanted: int
    width: int | None = None

    def packed(self) -> bytes:
        return wire.pack(
            {
                "codec": self.codec.value,
                "parameter_bytes": [len(p) for p in self.parameter_sets],
                "unit_bytes": [len(u) for u in self.units],
                "times": list(self.times),
                "wanted": self.wanted,
                "width": self.width,
            },
            b"".join((*self.parameter_sets, *self.units)),
        )


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG and its size."""

    jpeg: bytes
    width: int
    height: int


class StillDecoder:
    """One worker process and the queue in front of it.

    `make` raises `StillBusy` at once when the queue is full and `MediaError` when the
    bytes cannot be decoded, the decoder died of them or took too long; the process is
    then replaced at the next request. Use `async with`; leaving kills the process.
    """

    def __init__(
        self,
        *,
        deadline_seconds: float = DEADLINE_SECONDS,
        queue_length: int = QUEUE_LENGTH,
    ) -> None:
        self._deadline_seconds = deadline_seconds
        self._queue_length = queue_length
        self._waiting = 0
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> "StillDecoder":
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._end()

    async def make(self, request: StillRequest) -> Picture:
        """One picture, in the order of asking."""
        if self._waiting >= self._queue_length:
            raise StillBusy(
                f"{self._waiting} pictures are already waiting to be decoded; "
                "ask again in a few seconds"
            )
        self._waiting += 1
        try:
            async with self._turn:
                return await self._ask(request.packed())
        finally:
            self._waiting -= 1

    async def _ask(self, request: bytes) -> Picture:
        try:
            process = await self._running()
            async with asyncio.timeout(self._deadline_seconds):
                header, body = await _exchange(process, request)
        except TimeoutError:
            await self._end()
            _log.warning("still worker killed: no picture within the deadline")
            raise MediaError(
                f"decoding the picture took over {self._deadline_seconds:g} s"
            ) from None
        except (EOFError, OSError, ValueError) as error:
            await self._end()
            _log.warning("still worker died while decoding a picture")
            raise MediaError("the decoder died of the recorded data") from error
        except BaseException:
            # Cancelled in the middle: the answer would be taken for the next one's.
            await self._end()
            raise
        if header.get("type") != "still":
            raise MediaError(str(header.get("detail", "no picture was made")))
        return Picture(body, header["width"], header["height"])

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        await self._end()
        async with asyncio.timeout(START_SECONDS):
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "nvr.codec.still_worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={name: os.environ[name] for name in _PASSED_ON & os.environ.keys()},
            )
            assert self._process.stdout is not None
            await wire.read_message(self._process.stdout)
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        # The pipes' transports close with the process; waiting reaps it.
        await process.wait()


async def _exchange(
    process: asyncio.subprocess.Process, request: bytes
) -> tuple[dict[str, Any], bytes]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(request)
    await process.stdin.drain()
    return await wire.read_message(process.stdout)
