import subprocess
import sys
from pathlib import Path

import pytest

from nvr.bench.child import BenchError, Child
from nvr.bench.process_tree import cost_of
from nvr.bench.record import Options, Turn, bench_record, summary, table

BURN = "import time\nwhile time.process_time() < 0.3: pass\n"


def turn(name: str, cpu_ms: float, sent: int = 100, recorded: int = 100) -> Turn:
    return Turn(name, cpu_ms, cpu_ms + 1, 1.5, 1.0, sent, recorded)


async def test_our_recorder_is_measured_and_keeps_every_frame(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    said: list[str] = []
    options = Options(
        cameras=2, seconds=2, rounds=1, against=(), folder=tmp_path, warm_up_seconds=1
    )

    result = await bench_record(options, said.append)

    assert result["ours"]["frames_recorded"] == result["ours"]["frames_sent"] > 100
    assert result["ours"]["cpu_ms_per_camera_second"] > 0
    assert result["ours"]["rss_mb_per_camera"] > 1
    assert "round 1 of 1: ours" in said
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]


async def test_a_missing_peer_is_named_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(BenchError, match="apt install ffmpeg"):
        await bench_record(Options(), lambda text: None)


def test_medians_sums_and_ratios_make_the_result():
    turns = [
        turn("ours", 1.0),
        turn("ffmpeg", 5.0, 100, 99),
        turn("ours", 1.2),
        turn("ffmpeg", 6.0),
    ]

    result = summary(Options(cameras=4, rounds=2), turns)

    assert result["ours"]["cpu_ms_per_camera_second"] == 1.1
    assert result["ours"]["cpu_ms_spread"] == [1.0, 1.2]
    assert result["peers"]["ffmpeg"]["frames_recorded"] == 199
    assert result["ratio"]["ffmpeg"] == 0.2
    assert "199 of 200" in table(result) and "0.20 of ffmpeg" in table(result)


def test_a_tree_is_charged_for_its_living_and_dead_children():
    program = (
        "import subprocess, sys\n"
        "def run(code):\n"
        "    command = [sys.executable, '-c', code]\n"
        "    return subprocess.Popen(command, stdout=subprocess.PIPE)\n"
        f"run({BURN!r}).wait()\n"
        f"alive = run({BURN!r} + 'print(1, flush=True); time.sleep(60)')\n"
        "alive.stdout.readline()\n"
        f"{BURN}"
        "print('done', flush=True)\n"
        "sys.stdin.readline()\n"
        "alive.kill()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdout and parent.stdin
    parent.stdout.readline()

    cost = cost_of([parent.pid])
    parent.communicate(b"\n", timeout=10)

    assert cost.cpu_ms > 850
    assert cost.rss_bytes > cost.pss_bytes > 1_000_000


async def test_a_program_that_ends_is_told_with_its_last_words(tmp_path: Path):
    command = [sys.executable, "-c", "import sys; sys.exit('no camera today')"]
    child = await Child.start(command, tmp_path / "log")

    await child.ended(10)

    with pytest.raises(BenchError, match="status 1: no camera today"):
        child.demand_alive()
