"""A writing process is killed: at most its last fragment is gone."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nvr.base.model import SegmentId
from nvr.store.check import Level, check_file
from nvr.store.recovery import recover_file
from nvr.store.volume import Volume
from tests.segments import CAMERA, START_US, decode, index_of, packets

KILLS = 3
WRITER = """
import sys
from pathlib import Path
from time import sleep
from nvr.base.clock import SystemClock
from nvr.base.model import Codec, SegmentId
from nvr.store.volume import Volume
from nvr.store.volume_writer import VolumeWriter
from tests.clips import fragments, make_clip
from tests.segments import START_US, make_spec

clip = make_clip(audio=Codec.AAC, noise=60)
pieces = fragments(clip, every=5, wall_us=START_US)
volume = Volume.open(Path(sys.argv[1]), node="test node")
writer = VolumeWriter(volume=volume, clock=SystemClock(), sync_seconds=1,
                      queue_bytes=1 << 30, report=lambda report: None)
writer.start()
segment = 0
while True:
    segment += 1
    writer.open_segment(make_spec(clip.format, segment))
    for piece in pieces:
        assert writer.append(SegmentId(segment), piece)
        while writer.queued_bytes:
            sleep(0.0002)
        print(segment, piece.number, flush=True)
    writer.close_segment(SegmentId(segment), START_US + 4_000_000)
"""


@pytest.mark.parametrize("turn", range(KILLS))
def test_a_killed_writer_loses_at_most_its_last_fragment(
    tmp_path: Path, turn: int
) -> None:
    known = _write_and_kill(tmp_path / "volume", random.Random(turn).randint(1, 45))

    volume = Volume.open(tmp_path / "volume", node="test node")
    segments = sorted(int(path.stem) for path in volume.path.rglob("*.mp4"))
    for segment in segments:
        path = volume.segment_path(CAMERA, START_US, SegmentId(segment))
        found = recover_file(path)

        if found.digest is None:
            assert segment not in known
            continue
        assert found.fragments >= known.get(segment, 0)
        assert check_file(path, Level.HASHES) == []
        index = index_of(path.read_bytes())
        assert index.is_closed and index.video is not None
        assert len(packets(path, "video")) == len(index.video.sizes)
    last = volume.segment_path(CAMERA, START_US, SegmentId(segments[-1]))
    if check_file(last, Level.BOXES) == []:
        decode(last)


def _write_and_kill(folder: Path, lines: int) -> dict[int, int]:
    """How many fragments of each segment were written for certain."""
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, folder],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(root)},
    )
    assert process.stdout is not None
    known: dict[int, int] = {}
    try:
        for _ in range(lines):
            segment, number = map(int, process.stdout.readline().split())
            known[segment] = number
    finally:
        process.send_signal(signal.SIGKILL)
    for line in process.stdout.read().splitlines(keepends=True):
        if line.endswith("\n"):
            segment, number = map(int, line.split())
            known[segment] = number
    process.wait()
    process.stdout.close()
    return known
