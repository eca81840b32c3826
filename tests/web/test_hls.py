"""HLS over HTTP: foreign players show every picture, and only whom may see them."""

import asyncio
import json
import re
from itertools import pairwise

import av
import pytest

from nvr.base import rfc3339
from nvr.base.model import SECOND_US, Codec, GapCause, Role
from nvr.codec.strip import read_strip
from nvr.play.footage import read_file_index
from tests.play.hls_rules import check, check_multivariant
from tests.play.recording import RATE, START_US, Recording, numbered
from tests.web.whole_site import API, Site, problem

KEYS = 20
GAP_US = 3 * SECOND_US


def folder(recording: Recording) -> str:
    return f"{API}/cameras/{recording.camera.id}/hls"


def address(recording: Recording, start_s: float = 0, end_s: float = 60) -> str:
    start, end = (
        rfc3339.text(START_US + round(s * SECOND_US)) for s in (start_s, end_s)
    )
    return f"{folder(recording)}/recorded.m3u8?start={start}&end={end}"


@pytest.fixture
def broken(recording: Recording) -> Recording:
    """Seven files with B-frames and sound, and a gap of three seconds."""
    clip = numbered(seconds=8, b_frames=2, audio=Codec.AAC, key_every=KEYS)
    more = numbered(seconds=6, b_frames=2, audio=Codec.AAC, key_every=KEYS, first=500)
    recording.run(clip)
    recording.gap(START_US + 8 * SECOND_US, GapCause.LOST)
    recording.run(more, start_us=START_US + 8 * SECOND_US + GAP_US)
    return recording


def header(site: Site) -> str:
    return f"Authorization: Bearer {site.tokens['vic']}\r\n"


def played(site: Site, path: str) -> tuple[list[int], list[float], int]:
    """Numbers and seconds of all pictures, and how many samples of sound there are."""
    url, options = f"{site.origin}{path}", {"headers": header(site)}
    numbers, seconds, samples = [], [], 0
    with av.open(url, options=options) as container:
        streams = [container.streams.video[0], *container.streams.audio[:1]]
        for frame in container.decode(streams):
            if isinstance(frame, av.VideoFrame):
                numbers.append(read_strip(frame.to_ndarray(format="gray"))[1])
                seconds.append(float(frame.time or 0))
            elif isinstance(frame, av.AudioFrame):
                samples += frame.samples
    return numbers, seconds, samples


async def test_pyav_plays_every_picture_and_all_sound(
    cinema: Site, broken: Recording
) -> None:
    numbers, seconds, samples = await asyncio.to_thread(played, cinema, address(broken))

    wanted = [*range(8 * RATE), *range(500, 500 + 6 * RATE)]
    assert numbers == wanted
    steps = [b - a for a, b in pairwise(seconds)]
    gap = steps.pop(8 * RATE - 1)
    assert gap == pytest.approx(GAP_US / SECOND_US + 1 / RATE, abs=0.001)
    assert max(steps) == pytest.approx(1 / RATE, abs=0.001)
    assert min(steps) == pytest.approx(1 / RATE, abs=0.001)
    rate = audio_rate(broken)
    assert samples / rate == pytest.approx(14, abs=0.2)


def audio_rate(recording: Recording) -> int:
    audio = read_file_index(recording.path(recording.segments[0])).format.audio
    assert audio is not None
    return audio.clock_rate


async def test_ffmpeg_plays_without_a_complaint(
    cinema: Site, broken: Recording
) -> None:
    command = ["ffmpeg", "-v", "warning", "-headers", header(cinema)]
    command += ["-i", f"{cinema.origin}{address(broken, 0, 8)}"]
    command += ["-map", "0:v", "-fps_mode", "passthrough", "-f", "framecrc", "-"]
    running = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, complaints = await running.communicate()

    assert complaints == b""
    frames = [line for line in out.decode().splitlines() if not line.startswith("#")]
    assert len(frames) == 8 * RATE
    stamps = [int(line.split(",")[2]) for line in frames]
    assert len(set(stamps)) == len(stamps) and stamps == sorted(stamps)


async def test_ffprobe_finds_both_tracks(cinema: Site, broken: Recording) -> None:
    command = ["ffprobe", "-v", "error", "-headers", header(cinema), "-of", "json"]
    command += ["-show_streams", f"{cinema.origin}{address(broken)}"]
    running = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await running.communicate()

    tracks = json.loads(out)["streams"]
    assert [each["codec_name"] for each in tracks] == ["h264", "aac"]


async def test_live_is_followed_from_the_multivariant_playlist(
    cinema: Site, recording: Recording
) -> None:
    clip = numbered(seconds=16, key_every=KEYS)
    recording.run(clip, keys_per_segment=10, stays_open=True)

    first = await cinema.ask("GET", f"{folder(recording)}/live.m3u8", by="vic")
    _, uri = check_multivariant(await first.text())
    answer = await cinema.ask("GET", f"{folder(recording)}/{uri}", by="vic")

    assert first.content_type == "application/vnd.apple.mpegurl"
    assert first.headers["Cache-Control"] == "private, no-store"
    told = check(await answer.text())
    assert not told.is_ended and len({each.uri for each in told.segments}) == 2


async def test_media_has_ranges_and_never_changes(
    cinema: Site, recording: Recording
) -> None:
    recording.run(
        numbered(key_every=KEYS), keys_per_segment=99, stays_open=True, held_back=2
    )
    path = f"{folder(recording)}/{recording.segments[-1].id}.mp4"

    whole = await (await cinema.ask("GET", path, by="vic")).read()
    recording.close()
    longer = await (await cinema.ask("GET", path, by="vic")).read()

    assert longer[: len(whole)] == whole and len(longer) > len(whole)
    size = len(longer)
    for first, last in ((0, 10), (100, 5000), (size // 2, size - 1), (5000, 5000)):
        asked = {"Range": f"bytes={first}-{last}"}
        part = await cinema.ask("GET", path, by="vic", headers=asked)
        assert part.status == 206
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert await part.read() == longer[first : last + 1]
    asked = {"Range": f"bytes={size}-"}
    assert (await cinema.ask("GET", path, by="vic", headers=asked)).status == 416
    head = await cinema.ask("HEAD", path, by="vic")
    assert int(head.headers["Content-Length"]) == size
    known = {"If-None-Match": head.headers["ETag"]}
    assert (await cinema.ask("GET", path, by="vic", headers=known)).status == 304


async def test_what_is_not_of_the_camera_is_not_there(
    cinema: Site, broken: Recording
) -> None:
    other = cinema.catalogue.add_camera(name="Yard", url="rtsp://10.0.0.2/")
    elsewhere = f"{API}/cameras/{other.id}/hls"
    number = broken.segments[0].id
    paths = [
        f"{elsewhere}/{number}.mp4",
        f"{elsewhere}/live-{number}-0-4.m3u8",
        f"{elsewhere}/live.m3u8",
        f"{folder(broken)}/999999.mp4",
        f"{folder(broken)}/..%2f{number}.mp4",
        f"{folder(broken)}/{'9' * 30}.mp4",
        f"{folder(broken)}/live-1.m3u8",
        f"{folder(broken)}/live-{number}-0-4-4.m3u8",
        f"{folder(broken)}/٣.mp4",
    ]

    for path in paths:
        response = await cinema.ask("GET", path, by="vic")

        assert response.status == 404, path
        await problem(response)


async def test_nobody_gets_media_without_signing_in(
    cinema: Site, broken: Recording
) -> None:
    path = f"{folder(broken)}/{broken.segments[0].id}.mp4"

    assert (await cinema.ask("GET", path)).status == 401
    number = next(t.id for t in cinema.catalogue.tokens() if t.name == "of vic")
    cinema.catalogue.revoke_token(number)
    assert (await cinema.ask("GET", path, by="vic")).status == 401


async def test_a_file_that_is_gone_is_not_there(
    cinema: Site, broken: Recording
) -> None:
    path = f"{folder(broken)}/{broken.segments[0].id}.mp4"
    assert (await cinema.ask("HEAD", path, by="vic")).status == 200
    broken.path(broken.segments[0]).unlink()

    response = await cinema.ask("GET", path, by="vic")

    assert response.status == 404


async def test_watching_is_in_the_audit_log_once(
    cinema: Site, broken: Recording
) -> None:
    text = await (await cinema.ask("GET", address(broken), by="vic")).text()
    for uri in set(re.findall(r"^\d+\.mp4$", text, re.MULTILINE)):
        await cinema.ask("GET", f"{folder(broken)}/{uri}", by="vic")
    await asyncio.sleep(0.05)

    entries = [(e.action, e.object) for e in cinema.catalogue.audit_entries()]

    watched = ("hls-media", f"camera {broken.camera.id} {Role.MAIN}")
    assert entries.count(watched) == 1
    assert sum(action == "hls" for action, _ in entries) == 1
