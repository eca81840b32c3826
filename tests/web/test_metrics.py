"""What monitoring sees: figures that Prometheus reads, and whether all is ready."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from nvr.web import api_metrics
from nvr.web.exposition import Family, exposition
from nvr.web.metrics import Found, VolumeFigures, families
from prometheus_client.parser import text_string_to_metric_families

from nvr.base import wire
from nvr.base.model import CameraId, GapCause, Role
from nvr.play.status import CameraStatus, RecorderStatus, Status
from nvr.store.volume import Volume
from tests.play.recording import Recording
from tests.web.whole_site import API, Site

CAMERA = CameraId("11111111-2222-4333-8444-555555555555")
Figures = dict[str, list[tuple[dict[str, str], float]]]


def read(text: str) -> Figures:
    """As Prometheus' own parser reads it."""
    found: Figures = {}
    for family in text_string_to_metric_families(text):
        for it in family.samples:
            found.setdefault(it.name, []).append((it.labels, it.value))
    return found


def test_any_text_survives_in_a_label() -> None:
    odd = 'a "quoted" \\ name\nof two lines, {é}'
    family = Family("nvr_thing", "gauge", "Help \\ of\ntwo lines.")
    family.add(1.5, name=odd)
    family.add(2**53, name="big")

    assert read(exposition([family])) == {
        "nvr_thing": [({"name": odd}, 1.5), ({"name": "big"}, 2.0**53)]
    }


def test_every_figure_is_there_and_what_is_not_known_is_left_out() -> None:
    camera = CameraStatus(
        CAMERA,
        Role.MAIN,
        "recording",
        bits_per_second=4e6,
        last_unit_us=8_000_000,
        lost_packets=7,
        clock_offset_us=-250_000,
    )
    fresh = CameraStatus(CAMERA, Role.SUB, "connecting")
    found = Found(
        now_us=10_000_000,
        status=Status([camera, fresh], [RecorderStatus(42, 1.25, 1000)]),
        recorders_silent=1,
        gaps_us={(CAMERA, Role.MAIN, "lost"): 1_500_000},
        volumes=[VolumeFigures("/a", 5, 10, 20), VolumeFigures("/b", 5, None, None)],
        requests={("GET", "/api/v1/cameras/{id}", 404): 3},
    )

    told = read(exposition(families(found)))

    main = {"camera": CAMERA, "role": "main"}
    sub = {"camera": CAMERA, "role": "sub"}
    assert ({**main, "state": "recording"}, 1) in told["nvr_camera_state"]
    assert ({**sub, "state": "recording"}, 0) in told["nvr_camera_state"]
    assert told["nvr_camera_bits_per_second"] == [(main, 4e6), (sub, 0)]
    assert told["nvr_camera_last_picture_age_seconds"] == [(main, 2.0)]
    assert told["nvr_camera_clock_offset_seconds"] == [(main, -0.25)]
    assert told["nvr_camera_lost_packets_total"] == [(main, 7), (sub, 0)]
    assert told["nvr_camera_gap_seconds"] == [({**main, "cause": "lost"}, 1.5)]
    assert told["nvr_volume_free_bytes"] == [({"volume": "/a"}, 10)]
    assert told["nvr_volume_attached"][1] == ({"volume": "/b"}, 0)
    assert told["nvr_recorder_cpu_seconds_total"] == [({"pid": "42"}, 1.25)]
    assert told["nvr_recorders_silent"] == [({}, 1)]
    labels = {"method": "GET", "route": "/api/v1/cameras/{id}", "status": "404"}
    assert told["nvr_web_requests_total"] == [(labels, 3)]


async def test_only_administrators_and_programs_see_figures(site: Site) -> None:
    assert (await site.ask("GET", "/metrics", by="vic")).status == 403
    assert (await site.ask("GET", "/metrics")).status == 401
    assert (await site.ask("GET", "/metrics", by="ada")).status == 200


async def test_requests_are_counted_by_route_and_not_by_address(site: Site) -> None:
    for number in range(3):
        await site.ask("GET", f"/nothing/{number}", by="ada")
        await site.ask("GET", f"{API}/cameras/{number}", by="ada")

    answer = await site.ask("GET", "/metrics", by="ada")
    told = read(await answer.text())

    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    counted = {
        (labels["route"], labels["status"]): value
        for labels, value in told["nvr_web_requests_total"]
    }
    assert counted["none", "404"] == 3
    assert counted[f"{API}/cameras/{{id}}", "404"] == 3


async def test_gaps_of_the_last_day_are_told_by_cause(
    cinema: Site, recording: Recording
) -> None:
    now_us = cinema.clock.now().wall_us
    recording.gap(now_us - 90_000_000, GapCause.SILENT)

    told = read(await (await cinema.ask("GET", "/metrics", by="ada")).text())

    labels = {"camera": recording.camera.id, "role": "main", "cause": "silent"}
    assert (labels, 90.0) in told["nvr_camera_gap_seconds"]


async def test_it_is_ready_when_all_is_there_and_says_what_is_not(site: Site) -> None:
    volumes = site.settings.volumes
    for it in volumes:
        it.path.mkdir(parents=True, exist_ok=True)
    (site.settings.run_dir / "recorder-1.sock").touch()

    async def ask() -> tuple[int, list[str]]:
        answer = await site.ask("GET", "/readyz")
        site.clock.advance_us(2_000_000)
        return answer.status, (await answer.json())["reasons"]

    away = await ask()
    opened = [Volume.open(it.path, node="n") for it in volumes]
    (site.settings.run_dir / "recorder-1.sock").unlink()
    none = await ask()
    async with recorder(site.settings.run_dir / "recorder-0.sock"):
        well = await ask()
    for it in opened:
        it.close()

    assert away == (
        503,
        [
            "1 of 1 recorders do not answer",
            f"{len(volumes)} of {len(volumes)} volumes do not answer",
        ],
    )
    assert none == (503, ["no recorder is running"])
    assert well == (200, [])


@asynccontextmanager
async def recorder(path: Path) -> AsyncIterator[None]:
    """Answers one question of status, as a recorder without cameras does."""

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await wire.read_message(reader)
        about = {"pid": 1, "cpu_seconds": 0.5, "rss_bytes": 1}
        header = {"type": "status", "cameras": [], "recorder": about}
        writer.write(wire.pack(header))
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(answer, str(path))
    async with server:
        yield


async def test_a_volume_that_hangs_is_asked_once_and_holds_nobody_up(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answers = [], threading.Event()

    def hang(path: Path, reserve_bytes: int) -> VolumeFigures:
        asked.append(path)
        answers.wait(10)
        return VolumeFigures(str(path), reserve_bytes, None, None)

    monkeypatch.setattr(api_metrics, "_figures", hang)
    monkeypatch.setattr(api_metrics, "LOOK_SECONDS", 0.05)
    for _ in range(3):
        told = read(await (await site.ask("GET", "/metrics", by="ada")).text())
    answers.set()

    assert [value for _, value in told["nvr_volume_attached"]] == [0]
    assert len(asked) == 1
