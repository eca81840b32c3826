"""`nvr bench record`: what recording costs, beside what one would otherwise run.

Both sides record the same cameras over TCP, in turns, on the same machine and disk,
for the same time after all cameras are connected. CPU is user and system time of the
whole process tree. Then the cameras fall silent with their sessions standing, so that
nothing is on its way any more, and hang up; the side ends, and every picture that was
sent is looked for in its files: a cheap recorder that loses frames wins nothing.
"""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from nvr.base.clock import Clock, SystemClock
from nvr.base.model import SECOND_US
from nvr.bench.cameras import Cameras
from nvr.bench.child import BenchError
from nvr.bench.contestant import Contestant, Ours, contestant
from nvr.bench.process_tree import Cost, cost_of, machine_busy_ms

WARM_UP_SECONDS = 6
"""ffmpeg studies a stream for up to 5 s before it writes; nobody pays for a start."""
SETTLE_SECONDS = 2
"""For what is on its way when the cameras fall silent."""
CONNECT_SECONDS = 90
_MB = 1_000_000

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """`folder` is where both write; a temporary one when it is None."""

    cameras: int = 50
    seconds: int = 30
    rounds: int = 2
    against: Sequence[str] = ("ffmpeg",)
    folder: Path | None = None
    warm_up_seconds: float = WARM_UP_SECONDS


@dataclass(frozen=True, slots=True)
class Turn:
    """One side's turn. Frames are those of the whole session, from connect to end."""

    name: str
    cpu_ms_per_camera_second: float
    machine_ms_per_camera_second: float
    rss_mb_per_camera: float
    pss_mb_per_camera: float
    frames_sent: int
    frames_recorded: int


async def bench_record(options: Options, progress: Progress) -> dict[str, Any]:
    """Measure and return the result as one object, ready for JSON."""
    for name in options.against:
        if shutil.which(name) is None:
            raise BenchError(
                f"{name} is not installed, so there is nothing to compare with; "
                f"install it (Debian: apt install {name}) or leave out --against {name}"
            )
    clock = SystemClock()
    turns: list[Turn] = []
    with tempfile.TemporaryDirectory(prefix="nvr-bench-", dir=options.folder) as base:
        async with Cameras(options.cameras, Path(base), progress) as cameras:
            for number in range(1, options.rounds + 1):
                for name in (Ours.name, *options.against):
                    progress(f"round {number} of {options.rounds}: {name}")
                    folder = Path(base) / f"{name}-{number}"
                    folder.mkdir()
                    turn = _Turn(cameras, contestant(name), options, clock)
                    turns.append(await turn.take(folder))
                    progress(_sentence(turns[-1]))
                    shutil.rmtree(folder)
    return summary(options, turns)


class _Turn:
    def __init__(
        self, cameras: Cameras, side: Contestant, options: Options, clock: Clock
    ) -> None:
        self._cameras = cameras
        self._side = side
        self._options = options
        self._clock = clock

    async def take(self, folder: Path) -> Turn:
        """Record, measure, fall silent, hang up, end, count."""
        try:
            await self._side.start(self._cameras.urls, folder)
            await self._wait_for_all()
            await self._clock.sleep(self._options.warm_up_seconds)
            before, busy_before, began_us = self._look()
            await self._clock.sleep(self._options.seconds)
            after, busy_after, ended_us = self._look()
            await self._cameras.hold()
            sent = sum(s["frames_sent"] for s in await self._cameras.sessions())
            await self._clock.sleep(SETTLE_SECONDS)
            self._side.demand_alive()
        finally:
            await self._cameras.hang_up()
            await self._side.stop()
            await self._cameras.go_on()
        camera_seconds = (ended_us - began_us) / SECOND_US * self._options.cameras
        return Turn(
            self._side.name,
            (after.cpu_ms - before.cpu_ms) / camera_seconds,
            (busy_after - busy_before) / camera_seconds,
            after.rss_bytes / _MB / self._options.cameras,
            after.pss_bytes / _MB / self._options.cameras,
            sent,
            await self._side.frames_recorded(),
        )

    def _look(self) -> tuple[Cost, float, int]:
        """What the side cost so far, and the rest of the machine but the cameras."""
        cameras = cost_of([self._cameras.pid])
        now_us = self._clock.now().mono_us
        return (
            cost_of(self._side.roots()),
            machine_busy_ms() - cameras.cpu_ms,
            now_us,
        )

    async def _wait_for_all(self) -> None:
        for _ in range(CONNECT_SECONDS * 2):
            self._side.demand_alive()
            playing = [s for s in await self._cameras.sessions() if s["frames_sent"]]
            if len(playing) == self._options.cameras:
                return
            await self._clock.sleep(0.5)
        raise BenchError(
            f"only {len(playing)} of {self._options.cameras} cameras were recorded by "
            f"{self._side.name} after {CONNECT_SECONDS} s; try fewer cameras"
        )


def summary(options: Options, turns: Sequence[Turn]) -> dict[str, Any]:
    """Medians over the rounds, frames added up, and each side's cost over ours."""
    sides = {name: _side(name, turns) for name in (Ours.name, *options.against)}
    ours = sides.pop(Ours.name)
    own_cost = ours["cpu_ms_per_camera_second"]
    return {
        "cameras": options.cameras,
        "seconds": options.seconds,
        "rounds": options.rounds,
        "ours": ours,
        "peers": sides,
        "ratio": {
            name: round(own_cost / side["cpu_ms_per_camera_second"], 4)
            for name, side in sides.items()
            if side["cpu_ms_per_camera_second"] > 0
        },
    }


def _side(name: str, turns: Sequence[Turn]) -> dict[str, Any]:
    own = [turn for turn in turns if turn.name == name]
    costs = [turn.cpu_ms_per_camera_second for turn in own]
    return {
        "cpu_ms_per_camera_second": round(median(costs), 3),
        "cpu_ms_spread": [round(min(costs), 3), round(max(costs), 3)],
        "machine_ms_per_camera_second": round(
            median(turn.machine_ms_per_camera_second for turn in own), 3
        ),
        "rss_mb_per_camera": round(median(t.rss_mb_per_camera for t in own), 2),
        "pss_mb_per_camera": round(median(t.pss_mb_per_camera for t in own), 2),
        "frames_sent": sum(turn.frames_sent for turn in own),
        "frames_recorded": sum(turn.frames_recorded for turn in own),
    }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    head = ("", "CPU ms", "(from - to)", "machine ms", "RSS MB", "PSS MB", "frames")
    rows = [head]
    for name, side in {"ours": result["ours"], **result["peers"]}.items():
        low, high = side["cpu_ms_spread"]
        rows.append(
            (
                name,
                f"{side['cpu_ms_per_camera_second']:.2f}",
                f"{low:.2f} - {high:.2f}",
                f"{side['machine_ms_per_camera_second']:.2f}",
                f"{side['rss_mb_per_camera']:.1f}",
                f"{side['pss_mb_per_camera']:.1f}",
                f"{side['frames_recorded']} of {side['frames_sent']}",
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    lines.append("")
    lines.append(
        f"{result['cameras']} cameras, 1080p25 H.264 at 4 Mbit/s over TCP, "
        f"{result['seconds']} s in each of {result['rounds']} rounds."
    )
    lines.append(
        "CPU: user and system time of the process tree for each camera and second; "
        "machine: all that the machine did but the cameras."
    )
    for name, ratio in result["ratio"].items():
        lines.append(f"Ours costs {ratio:.2f} of {name}.")
    return "\n".join(lines)


def _sentence(turn: Turn) -> str:
    return (
        f"  {turn.cpu_ms_per_camera_second:.2f} ms per camera-second, "
        f"{turn.rss_mb_per_camera:.1f} MB per camera, "
        f"{turn.frames_recorded} of {turn.frames_sent} frames"
    )
