"""Accounts of footage over HTTP, as JSON and as a table for spreadsheets."""

import csv
import io

from nvr.web.openapi import document
from nvr.web.policy import declared

from nvr.base import rfc3339
from nvr.base.model import SECOND_US, GapCause
from tests.play.recording import START_US, Recording, numbered
from tests.web.whole_site import API, Site

INTERVAL = (
    f"start={rfc3339.text(START_US - 60 * SECOND_US)}"
    f"&end={rfc3339.text(START_US + 7200 * SECOND_US)}"
)


def film(recording: Recording) -> None:
    recording.run(numbered(seconds=4))
    recording.gap(START_US + 4 * SECOND_US, GapCause.LOST)
    recording.run(numbered(seconds=4), start_us=START_US + 10 * SECOND_US)
    recording.gap(START_US + 14 * SECOND_US, GapCause.DISABLED)


async def test_each_hour_of_a_camera_adds_up(
    cinema: Site, recording: Recording
) -> None:
    film(recording)
    url = f"{API}/cameras/{recording.camera.id}/coverage?step=hour&{INTERVAL}"

    answer = await cinema.ask("GET", url, by="vic")
    told = await answer.json()

    assert answer.status == 200
    assert told["name"] == recording.camera.name
    for step in told["steps"]:
        others = ("recorded", "before", "deleted", "pending", "unknown")
        spent = sum(step[f"{kind}_us"] for kind in others)
        assert spent + sum(step["gaps_us"].values()) == step["length_us"]
        assert step["unknown_us"] == 0
    assert sum(s["recorded_us"] for s in told["steps"]) == 8 * SECOND_US
    assert sum(s["gaps_us"].get("lost", 0) for s in told["steps"]) == 6 * SECOND_US


async def test_all_cameras_are_told_and_no_cell_is_a_formula(
    cinema: Site, recording: Recording
) -> None:
    film(recording)
    bad = '=HYPERLINK("http://x","y"),z'
    cinema.catalogue.add_camera(name=bad, url="rtsp://camera.example/1")

    as_json = await cinema.ask("GET", f"{API}/coverage?{INTERVAL}", by="vic")
    as_csv = await cinema.ask("GET", f"{API}/coverage?format=csv&{INTERVAL}", by="vic")
    table = list(csv.DictReader(io.StringIO(await as_csv.text())))

    assert as_csv.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert {c["name"] for c in (await as_json.json())["cameras"]} == {
        recording.camera.name,
        bad,
    }
    assert {row["camera"] for row in table} == {recording.camera.name, "'" + bad}
    for row in table:
        spent = sum(int(v) for k, v in row.items() if k.endswith("_us"))
        assert spent == 2 * int(row["length_us"])


async def test_what_cannot_be_told_is_refused(site: Site) -> None:
    camera = site.catalogue.add_camera(name="gate", url="rtsp://camera.example/1")
    here = f"{API}/cameras/{camera.id}/coverage"
    far = "start=9999-01-01T00:00:00Z&end=9999-12-31T00:00:00Z"
    long = "start=2020-01-01T00:00:00Z&end=2026-01-01T00:00:00Z"
    for query in (f"{INTERVAL}&step=week", f"{INTERVAL}&format=xml", far, long, ""):
        assert (await site.ask("GET", f"{here}?{query}", by="vic")).status == 422

    nobody = f"{API}/cameras/11111111-2222-4333-8444-555555555555/coverage?{INTERVAL}"
    assert (await site.ask("GET", nobody, by="vic")).status == 404
    assert (await site.ask("GET", f"{API}/coverage?{INTERVAL}")).status == 401


async def test_too_many_steps_of_all_cameras_are_refused(site: Site) -> None:
    for number in range(6):
        site.catalogue.add_camera(name=f"{number}", url="rtsp://camera.example/1")
    year = "start=2025-01-01T00:00:00Z&end=2026-01-01T00:00:00Z&step=hour"

    assert (await site.ask("GET", f"{API}/coverage?{year}", by="vic")).status == 422


async def test_the_answer_is_described(cinema: Site, recording: Recording) -> None:
    film(recording)
    told = document(declared(cinema.app))["paths"][f"{API}/coverage"]["get"]

    wanted = told["responses"]["200"]["content"]["application/json"]["schema"]
    answer = await (
        await cinema.ask("GET", f"{API}/coverage?{INTERVAL}", by="vic")
    ).json()
    assert set(wanted["required"]) == set(answer)
    camera = wanted["properties"]["cameras"]["items"]
    assert set(camera["required"]) == set(answer["cameras"][0])
    step = camera["properties"]["steps"]["items"]
    assert set(step["required"]) == set(answer["cameras"][0]["steps"][0])
