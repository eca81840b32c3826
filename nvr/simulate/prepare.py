"""Have loops ready: from the cache, or made side by side in worker processes."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from nvr.base.errors import NvrError
from nvr.codec.loop import VideoSpec
from nvr.simulate import cache

Progress = Callable[["Making"], None]


@dataclass(frozen=True, slots=True)
class Making:
    """How far the making of loops is, counted in pictures."""

    done: int
    total: int
    loops: int  # that had to be made

    @property
    def share(self) -> float:
        return self.done / self.total if self.total else 1.0


class EncodingFailed(NvrError):
    """A worker could not make its loop."""


async def prepare(
    specs: Iterable[cache.Spec],
    folder: Path,
    *,
    progress: Progress | None = None,
    workers: int = 0,
) -> dict[cache.Spec, cache.Loop]:
    """All loops, each spec once. `workers` 0: as many as there are cores."""
    wanted = list(dict.fromkeys(specs))
    ready = {spec: cache.load(cache.path_of(folder, spec)) for spec in wanted}
    missing = [spec for spec in wanted if ready[spec] is None]
    # Longest first, so that the cores finish together.
    missing.sort(key=_weight, reverse=True)
    steps = {spec: 0 for spec in missing}
    total = sum(_steps(spec) for spec in missing)
    turn = asyncio.Semaphore(workers or os.cpu_count() or 1)

    def tell(spec: cache.Spec, done: int) -> None:
        steps[spec] = done
        if progress is not None:
            progress(Making(sum(steps.values()), total, len(missing)))

    try:
        async with asyncio.TaskGroup() as group:
            for spec in missing:
                group.create_task(_make(spec, folder, turn, tell))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return {spec: loop or _made(folder, spec) for spec, loop in ready.items()}


def _made(folder: Path, spec: cache.Spec) -> cache.Loop:
    loop = cache.load(cache.path_of(folder, spec))
    if loop is None:
        raise EncodingFailed(f"a loop made just now is gone from {folder}")
    return loop


async def _make(
    spec: cache.Spec,
    folder: Path,
    turn: asyncio.Semaphore,
    tell: Callable[[cache.Spec, int], None],
) -> None:
    async with turn:
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "nvr.simulate.encode_worker",
            str(folder),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            await _follow(worker, spec, tell)
        finally:
            if worker.returncode is None:
                worker.kill()
                await worker.wait()
    tell(spec, _steps(spec))


async def _follow(
    worker: asyncio.subprocess.Process,
    spec: cache.Spec,
    tell: Callable[[cache.Spec, int], None],
) -> None:
    assert worker.stdin and worker.stdout and worker.stderr
    worker.stdin.write(json.dumps(asdict(spec)).encode() + b"\n")
    worker.stdin.close()
    complaint = asyncio.create_task(worker.stderr.read())
    async for line in worker.stdout:
        tell(spec, int(line.split()[0]))
    if await worker.wait() != 0:
        last = (await complaint).decode(errors="replace").strip().splitlines()[-1:]
        name = spec.title if isinstance(spec, VideoSpec) else spec.codec.value
        raise EncodingFailed(f"cannot make the loop of {name}: {''.join(last)}")
    await complaint


def _steps(spec: cache.Spec) -> int:
    return spec.frames if isinstance(spec, VideoSpec) else 1


def _weight(spec: cache.Spec) -> int:
    if not isinstance(spec, VideoSpec):
        return 0
    return spec.frames * spec.width * spec.height
