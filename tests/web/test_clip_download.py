"""Clips over HTTP: exact, resumable, told about, and ended when access is."""

import asyncio
import os
from pathlib import Path

import aiohttp
import pytest
from nvr.web import api_clip

from nvr.base import rfc3339
from nvr.base.model import SECOND_US, GapCause
from nvr.play.clip import Clip
from nvr.play.parts import FilePiece, Part
from tests.play.recording import RATE, START_US, Recording, numbered, numbers_in
from tests.web.whole_site import API, Site, problem

LARGE = 300 << 20


def address(recording: Recording, start_s: float = 0, end_s: float = 8) -> str:
    start, end = (
        rfc3339.text(START_US + round(s * SECOND_US)) for s in (start_s, end_s)
    )
    camera = recording.camera.id
    return f"{API}/cameras/{camera}/clip.mp4?start={start}&end={end}"


@pytest.fixture
def recorded(recording: Recording) -> Recording:
    recording.run(numbered())
    return recording


async def test_a_clip_is_exactly_as_long_as_it_says(
    cinema: Site, recorded: Recording, tmp_path: Path
) -> None:
    response = await cinema.ask("GET", address(recorded, 1, 5), by="vic")
    body = await response.read()

    assert response.status == 200
    assert int(response.headers["Content-Length"]) == len(body)
    assert response.headers["Content-Type"] == "video/mp4"
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["X-NVR-Start"] == rfc3339.text(START_US + SECOND_US)
    assert response.headers["X-NVR-End"] == rfc3339.text(START_US + 5 * SECOND_US)
    assert response.headers["X-NVR-Gaps"] == ""
    assert 'filename="Gate-North-1_' in response.headers["Content-Disposition"]
    path = tmp_path / "clip.mp4"
    path.write_bytes(body)
    assert numbers_in(path) == list(range(RATE, 5 * RATE))


async def test_head_tells_the_same_without_the_bytes(
    cinema: Site, recorded: Recording
) -> None:
    got = await cinema.ask("GET", address(recorded), by="vic")
    await got.read()
    asked = await cinema.ask("HEAD", address(recorded), by="vic")

    for name in ("Content-Length", "ETag", "Last-Modified", "X-NVR-Start"):
        assert asked.headers[name] == got.headers[name]
    assert await asked.read() == b""


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [("bytes=0-0", 0, 0), ("bytes=100-40000", 100, 40000), ("bytes=-5", -5, -1)],
)
async def test_any_part_can_be_had(
    cinema: Site, recorded: Recording, text: str, first: int, last: int
) -> None:
    whole = await (await cinema.ask("GET", address(recorded), by="vic")).read()

    part = await cinema.ask("GET", address(recorded), by="vic", headers={"Range": text})

    size = len(whole)
    first, last = first % size, last % size
    assert part.status == 206
    assert part.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
    assert await part.read() == whole[first : last + 1]


async def test_several_ranges_and_ranges_beyond_are_refused(
    cinema: Site, recorded: Recording
) -> None:
    for text in ("bytes=0-0,2-3", "bytes=99999999-"):
        response = await cinema.ask(
            "GET", address(recorded), by="vic", headers={"Range": text}
        )

        assert response.status == 416
        assert (await problem(response))["type"].endswith(":range")
        assert response.headers["Content-Range"].startswith("bytes */")


async def test_what_a_client_has_is_not_sent_again(
    cinema: Site, recorded: Recording
) -> None:
    first = await cinema.ask("GET", address(recorded), by="vic")
    etag = first.headers["ETag"]

    same = await cinema.ask(
        "GET", address(recorded), by="vic", headers={"If-None-Match": etag}
    )
    other = await cinema.ask(
        "GET",
        address(recorded),
        by="vic",
        headers={"Range": "bytes=5-", "If-Range": '"other"'},
    )

    assert same.status == 304
    assert same.headers["ETag"] == etag
    assert other.status == 200


async def test_a_download_of_what_grows_can_be_resumed(
    cinema: Site, recording: Recording
) -> None:
    recording.run(numbered(), stays_open=True, held_back=1)
    first = await cinema.ask("GET", address(recording), by="vic")
    whole = await first.read()

    recording.go_on()
    told = await cinema.ask(
        "GET",
        address(recording),
        by="vic",
        headers={"Range": "bytes=1000-", "If-Range": first.headers["ETag"]},
    )
    untold = await cinema.ask(
        "GET", address(recording), by="vic", headers={"Range": "bytes=1000-"}
    )
    anew = await cinema.ask("GET", address(recording), by="vic")

    assert (told.status, await told.read()) == (206, whole[1000:])
    assert (untold.status, await untold.read()) == (206, whole[1000:])
    assert len(await anew.read()) > len(whole)


async def test_gaps_are_told(cinema: Site, recording: Recording) -> None:
    recording.run(numbered(seconds=2))
    ended_us = START_US + 2 * SECOND_US
    recording.gap(ended_us, GapCause.UNREACHABLE)
    recording.run(numbered(seconds=2), start_us=ended_us + 3 * SECOND_US)

    response = await cinema.ask("GET", address(recording, 0, 7), by="vic")

    start, end = rfc3339.text(ended_us), rfc3339.text(ended_us + 3 * SECOND_US)
    assert response.headers["X-NVR-Gaps"] == f"{start}/{end};cause=unreachable"
    assert response.headers["X-NVR-Gap-Count"] == "1"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "start"),
        ("start=2026-11-23T20:00:00Z", "end"),
        ("start=2026-11-23T20:00:00&end=2026-11-23T21:00:00Z", "start"),
        ("start=yesterday&end=2026-11-23T21:00:00Z", "start"),
        ("start=2026-11-23T20:00:00Z&end=2026-11-23T20:00:00Z", "end"),
        ("start=0001-01-01T00:00:00Z&end=2026-11-23T20:00:00Z", "start"),
        ("start=2026-11-23T20:00:00Z&end=2026-11-23T21:00:00Z&role=x", "role"),
        ("start=%00&end=%0d%0a", "start"),
    ],
)
async def test_a_bad_interval_is_named(site: Site, query: str, field: str) -> None:
    camera = site.catalogue.add_camera(name="Gate", url="rtsp://10.0.0.1/")

    for name in ("clip.mp4", "timeline"):
        path = f"{API}/cameras/{camera.id}/{name}?{query}"
        response = await site.ask("GET", path, by="vic")

        assert response.status == 422
        assert (await problem(response))["errors"][0]["field"] == field


async def test_a_clip_is_at_most_a_day(cinema: Site, recorded: Recording) -> None:
    response = await cinema.ask("GET", address(recorded, 0, 90_000), by="vic")

    assert response.status == 422
    assert "24 hours" in (await problem(response))["detail"]


async def test_where_nothing_is_the_nearest_is_told(
    cinema: Site, recorded: Recording
) -> None:
    response = await cinema.ask("GET", address(recorded, 100, 110), by="vic")

    assert response.status == 404
    detail = (await problem(response))["detail"]
    assert rfc3339.text(START_US + 8 * SECOND_US) in detail


async def test_a_link_planted_in_a_volume_is_not_followed(
    cinema: Site, recorded: Recording, tmp_path: Path
) -> None:
    response = await cinema.ask("HEAD", address(recorded), by="vic")
    assert response.status == 200
    file = recorded.path(recorded.segments[0])
    secret = tmp_path / "elsewhere"
    file.rename(secret)
    file.symlink_to(secret)

    with pytest.raises(aiohttp.ClientError):
        broken = await cinema.ask("GET", address(recorded), by="vic")
        await broken.read()


async def test_a_client_that_leaves_costs_nothing_more(
    cinema: Site, recorded: Recording
) -> None:
    open_before = open_files(recorded)

    for _ in range(10):
        response = await cinema.ask("GET", address(recorded), by="vic")
        await response.content.read(10)
        response.close()
    await asyncio.sleep(0.1)

    assert open_files(recorded) == open_before


async def test_a_download_is_cut_when_its_token_is_revoked(
    cinema: Site, recorded: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A clip that sockets cannot swallow whole, without encoding an hour.
    large = tmp_path / "large"
    large.touch()
    os.truncate(large, LARGE)
    parts: list[Part] = [FilePiece(large, 0, LARGE)]
    clip = Clip(parts, LARGE, '"x"', START_US, START_US, 0, [], "large.mp4", False)
    monkeypatch.setattr(api_clip, "compose", lambda *_, **__: clip)
    response = await cinema.ask("GET", address(recorded), by="vic")
    await response.content.read(10)

    number = next(t.id for t in cinema.catalogue.tokens() if t.name == "of vic")
    cinema.catalogue.revoke_token(number)
    cinema.clock.advance_us(5 * SECOND_US)
    await asyncio.sleep(0.1)

    with pytest.raises(aiohttp.ClientError):
        await response.read()


async def test_playing_is_in_the_audit_log_once(
    cinema: Site, recorded: Recording
) -> None:
    for part in ("bytes=0-9", "bytes=10-19", "bytes=20-29"):
        headers = {"Range": part}
        await cinema.ask("GET", address(recorded), by="vic", headers=headers)
    await asyncio.sleep(0.05)

    clips = [e for e in cinema.catalogue.audit_entries() if e.action == "clip"]

    assert len(clips) == 1
    assert str(recorded.camera.id) in clips[0].object


def open_files(recorded: Recording) -> list[str]:
    links = [link.resolve() for link in Path("/proc/self/fd").iterdir()]
    root = recorded.volume.path.resolve()
    return [str(link) for link in links if root in link.parents]


async def test_a_still_is_a_picture_of_its_time(
    cinema: Site, recorded: Recording
) -> None:
    path = f"{API}/cameras/{recorded.camera.id}/still.jpg"
    at = rfc3339.text(START_US + 2 * SECOND_US)

    response = await cinema.ask("GET", f"{path}?at={at}&width=160", by="vic")
    body = await response.read()
    nothing = await cinema.ask("GET", f"{path}?at=2020-01-01T00:00:00Z", by="vic")

    assert response.status == 200
    assert response.content_type == "image/jpeg"
    assert body.startswith(b"\xff\xd8")
    assert response.headers["X-NVR-Time"] == at
    assert nothing.status == 404


async def test_a_timeline_tells_runs_and_gaps(
    cinema: Site, recording: Recording
) -> None:
    recording.run(numbered(seconds=2))
    ended_us = START_US + 2 * SECOND_US
    recording.gap(ended_us, GapCause.UNREACHABLE)
    path = f"{API}/cameras/{recording.camera.id}/timeline"
    start, ended = rfc3339.text(START_US), rfc3339.text(ended_us)
    end = rfc3339.text(START_US + 5 * SECOND_US)

    response = await cinema.ask("GET", f"{path}?start={start}&end={end}", by="vic")

    told = await response.json()
    assert told["runs"] == [{"start": start, "end": ended}]
    gap = {"start": ended, "end": end, "cause": "unreachable", "detail": ""}
    assert told["gaps"] == [gap]
    assert (told["first"], told["last"]) == (start, ended)
