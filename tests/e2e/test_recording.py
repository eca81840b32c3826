"""From a camera to a clip: what was sent is what is handed out, bit for bit."""

import asyncio
import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import av
import pytest

from nvr.base.model import SECOND_US, CameraId, Codec, Role, Segment, SegmentState
from nvr.simulate.camera import VirtualCamera
from nvr.simulate.simulator import Simulator
from nvr.store.volume import Volume
from tests.e2e.conftest import CAMERAS
from tests.e2e.footage import (
    ffmpeg_complaints,
    frame_numbers,
    has_ffmpeg,
    nal_digests,
    nals_of,
)
from tests.e2e.rig import Server, eventually

FRAME_US = 40_000
EVER = (0, 1 << 60)


async def record(
    server: Server, simulator: Simulator, seconds: float
) -> dict[str, CameraId]:
    """All cameras, for so long; their ids by name."""
    ids = {
        name: CameraId(await server.add_camera(name, simulator.url(name)))
        for name in simulator.names()
    }
    await server.recording(*ids.values())
    await asyncio.sleep(seconds)
    return ids


def files(server: Server, camera: CameraId) -> list[tuple[Segment, Path]]:
    """The closed segments of a camera."""
    volume = Volume.attach(server.settings.volumes[0].path)
    return [
        (it, volume.segment_path(camera, it.start_us, it.id))
        for it in server.catalogue.segments(camera, Role.MAIN, *EVER)
        if it.state is SegmentState.CLOSED
    ]


def assert_consecutive(numbers: list[int], loop: int) -> None:
    for before, after in pairwise(numbers):
        assert after == (before + 1) % loop


async def test_any_clip_shows_exactly_the_pictures_of_its_interval(
    server: Server, simulator: Simulator
) -> None:
    ids = await record(server, simulator, 24)
    chance = random.Random(7)

    for camera in CAMERAS:
        camera_id = ids[camera.name]
        first_us, last_us = await reach(server, camera_id)
        log = sent_pictures(simulator, camera)
        for _ in range(4):
            start_us = chance.randrange(first_us, last_us - 4 * SECOND_US)
            frames = chance.randrange(1, 75)
            clip = await server.clip(camera_id, start_us, start_us + frames * FRAME_US)

            shown = frame_numbers(clip)

            assert {number for number, _ in shown} == {camera.main.number}
            numbers = [frame for _, frame in shown]
            assert abs(len(numbers) - frames) <= 1
            assert_consecutive(numbers, camera.main.frames)
            expected = min(log, key=lambda sent: abs(sent[0] - start_us))[1]
            off = (numbers[0] - expected) % camera.main.frames
            assert min(off, camera.main.frames - off) <= 1


async def test_files_hold_what_was_sent_and_play_anywhere(
    server: Server, simulator: Simulator
) -> None:
    ids = await record(server, simulator, 22)
    await server.stop()

    for camera in CAMERAS:
        closed = files(server, ids[camera.name])
        assert len(closed) >= 2
        found = [
            digest
            for _, path in closed
            for digest in nal_digests(path, camera.main.codec)
        ]
        assert_part_of_loop(
            found, [nal.digest for nal in simulator.sent_nals(camera.name)]
        )
        for segment, path in closed:
            with av.open(str(path)) as container:
                video = container.streams.video[0]
                assert video.frames > 0
                length_us = segment.end_us - segment.start_us
                assert abs(
                    float(video.duration * video.time_base) * 1e6 - length_us
                ) < (100_000)
            if has_ffmpeg():
                # It warns when pictures are reordered at the very end of a file only.
                level = "error" if camera.main.b_frames else "warning"
                assert ffmpeg_complaints(path, level) == ""


async def test_killed_at_any_time_a_camera_loses_at_most_a_second(
    server: Server, simulator: Simulator
) -> None:
    await kill_and_look(server, simulator, kills=3)


@pytest.mark.rig
async def test_killed_twenty_times(server: Server, simulator: Simulator) -> None:
    await kill_and_look(server, simulator, kills=20)


async def kill_and_look(server: Server, simulator: Simulator, *, kills: int) -> None:
    ids = await record(server, simulator, 3)
    chance = random.Random(kills)
    losses_us: list[int] = []
    for _ in range(kills):
        await asyncio.sleep(chance.uniform(0.5, 8))
        before = server.clock.now().wall_us

        await server.kill_everything()

        await server.start()
        await server.recording(*ids.values())
        for camera_id in ids.values():
            await eventually(lambda c=camera_id: recovered(server, c), "recovery")
            runs = server.catalogue.runs(camera_id, Role.MAIN, *EVER)
            ended = [run.end_us for run in runs if run.end_us and run.start_us < before]
            losses_us.append(before - max(ended))
    await server.stop()
    print(f"lost of each camera, at most: {max(losses_us) / 1e6:.2f} s")
    assert max(losses_us) <= SECOND_US
    assert await checked(server) == ""
    for camera_id in ids.values():
        gaps = server.catalogue.gaps(camera_id, Role.MAIN, *EVER)
        assert [gap.cause for gap in gaps].count("killed") == kills
        for _, path in files(server, camera_id):
            if has_ffmpeg():
                # It warns of reordered pictures in files of a few pictures only.
                assert ffmpeg_complaints(path, "error") == ""


async def checked(server: Server) -> str:
    """What `nvr check` has to say when something is wrong."""
    command = [sys.executable, "-m", "nvr", "check", "--config", str(server.config)]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return "" if process.returncode == 0 else output.decode()


def recovered(server: Server, camera: CameraId) -> bool:
    """No file of an earlier process is open any more."""
    rows = server.catalogue.segments(camera, Role.MAIN, *EVER)
    newest = max(row.epoch for row in rows)
    return all(row.state is SegmentState.CLOSED for row in rows if row.epoch < newest)


async def reach(server: Server, camera: CameraId) -> tuple[int, int]:
    extent = server.catalogue.extent(camera, Role.MAIN)
    assert extent is not None, "something was recorded"
    return extent


def sent_pictures(simulator: Simulator, camera: VirtualCamera) -> list[tuple[int, int]]:
    """When pictures were sent, and which was shown then (no reordering: as sent)."""
    (session,) = simulator.sessions(camera.name)
    loop = simulator.video_loop(camera.name)
    log = session.sent
    if camera.main.b_frames:
        # Shown in order at the pace of sending, whatever the order of sending was.
        start_us, first = log[0].wall_us, log[0].picture
        return [
            (start_us + n * FRAME_US, (first + n) % camera.main.frames)
            for n in range(len(log))
        ]
    return [(sent.wall_us, loop.pictures[sent.picture].shown_at) for sent in log]


def assert_part_of_loop(found: list[bytes], loop: list[bytes]) -> None:
    """`found` must be a stretch of the loop repeated for ever."""
    endless = loop + loop
    alike = 20  # NAL units in a row are not found twice in a loop
    starts = [n for n in range(len(loop)) if endless[n : n + alike] == found[:alike]]
    assert len(starts) == 1
    for number, digest in enumerate(found):
        assert digest == loop[(starts[0] + number) % len(loop)], f"NAL unit {number}"


def test_the_helper_reads_nal_units() -> None:
    sample = b"\0\0\0\2ab\0\0\0\1c"

    assert list(nals_of(sample)) == [b"ab", b"c"]
    assert Codec.H264 in Codec
