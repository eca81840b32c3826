"""Cameras over the API: what is taken, what is refused, what is never told."""

import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nvr.base.model import CameraId, Role
from tests.web.whole_site import API, Site, problem

CAMERAS = f"{API}/cameras"
CANARY = "p%21ss@w:rd/#canary"
GATE = {"name": "Gate", "url": "rtsp://10.0.0.1/main"}


async def add(site: Site, **body: Any) -> dict[str, Any]:
    response = await site.ask("POST", CAMERAS, by="ada", json={**GATE, **body})
    assert response.status == 201, await response.text()
    made: dict[str, Any] = await response.json()
    assert response.headers["Location"] == f"{CAMERAS}/{made['id']}"
    return made


async def test_a_camera_is_added_changed_and_removed(site: Site) -> None:
    made = await add(site, sub_url="rtsp://10.0.0.1/sub", username="u", password="p")
    path = f"{CAMERAS}/{made['id']}"

    changed = await site.ask("PATCH", path, by="ada", json={"name": "Door"})
    listed = await (await site.ask("GET", CAMERAS, by="vic")).json()
    removed = await site.ask("DELETE", path, by="ada")

    assert (await changed.json())["name"] == "Door"
    assert [c["name"] for c in listed["cameras"]] == ["Door"]
    assert removed.status == 204
    assert (await site.ask("GET", path, by="ada")).status == 404


async def test_credentials_in_an_address_are_taken_out(site: Site) -> None:
    made = await add(
        site,
        url="rtsp://admin:s%40cret@10.0.0.1:554/main",
        sub_url="rtsp://admin:s%40cret@10.0.0.1:554/sub",
    )

    kept = site.catalogue.stream_address(CameraId(made["id"]), Role.SUB)
    assert made["url"] == "rtsp://10.0.0.1:554/main"
    assert (kept.url, kept.username, kept.password) == (
        "rtsp://10.0.0.1:554/sub",
        "admin",
        "s@cret",
    )


async def test_a_camera_can_be_added_switched_off(site: Site) -> None:
    assert not (await add(site, enabled=False))["is_enabled"]
    assert not (await add(site, name="Other", is_enabled=False))["is_enabled"]


async def test_names_are_unique_in_any_case(site: Site) -> None:
    await add(site)

    again = await site.ask("POST", CAMERAS, by="ada", json={**GATE, "name": "GATE"})

    assert again.status == 409
    assert "already" in (await problem(again))["detail"]


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "concat:a|b",
        "pipe:0",
        "exec:ls",
        "http://169.254.169.254/latest",
        "rtsp://169.254.169.254/x",
        "rtsp://127.0.0.1:5432/",
        "rtsp://localhost/",
        "rtsp://[::1]/",
        "rtsp://[::ffff:127.0.0.1]/",
        "rtsp://0.0.0.0/",
        "rtsp://2130706433/",
        "rtsp://224.0.0.1/",
        "rtsp://10.0.0.1/a b",
        "rtsp://10.0.0.1/a\r\nDESCRIBE",
        "rtsp://10.0.0.1/\0",
        "rtsp://",
        "rtsp://10.0.0.1:0/",
        "rtsp://10.0.0.1:99999/",
        "",
        "rtsp://10.0.0.1/" + "x" * 3000,
    ],
)
async def test_an_address_that_leads_elsewhere_is_refused(site: Site, url: str) -> None:
    for path in (CAMERAS, f"{CAMERAS}/probe"):
        body = {"url": url} if path.endswith("probe") else {**GATE, "url": url}

        response = await site.ask("POST", path, by="ada", json=body)

        assert response.status == 422
        assert (await problem(response))["errors"][0]["field"] == "url"
    assert site.catalogue.cameras() == []


async def test_loopback_is_allowed_where_the_settings_name_it(site: Site) -> None:
    await add(site, url="rtsp://127.0.0.2:8554/main")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "  "),
        ("name", "a\r\nb"),
        ("name", "\x1b[31m"),
        ("name", "x" * 101),
        ("name", None),
        ("name", 5),
        ("username", "a\nb"),
        ("password", "a\r\nb"),
        ("is_enabled", "perhaps"),
        ("source", "exec:ls"),
        ("sub_url", "file:///etc/passwd"),
    ],
)
async def test_what_cannot_be_used_is_named(
    site: Site, field: str, value: object
) -> None:
    response = await site.ask("POST", CAMERAS, by="ada", json={**GATE, field: value})

    assert response.status == 422
    assert (await problem(response))["errors"][0]["field"] == field


@pytest.mark.parametrize(
    "name", ["../../x", "<img onerror=x>", "صالة\u202e", "🎥", "=1"]
)
async def test_a_name_is_only_text(site: Site, name: str) -> None:
    assert (await add(site, name=name))["name"] == name


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    body=st.dictionaries(
        st.sampled_from(["name", "url", "sub_url", "username", "password", "enabled"]),
        st.one_of(st.text(max_size=40), st.integers(), st.none(), st.booleans()),
    )
)
async def test_no_body_makes_the_server_fail(site: Site, body: dict[str, Any]) -> None:
    response = await site.ask("POST", CAMERAS, by="ada", json=body)

    assert response.status in (201, 409, 422)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "..",
        "%2e%2e%2f",
        "..%5c..%5c",
        "%2fetc%2fpasswd",
        "%00",
        "%c0%ae%c0%ae",
        "....%2f%2f",
        "11111111-2222-4333-8444-555555555555",
        "{11111111-2222-4333-8444-555555555555}",
        "11111111222243338444555555555555",
        "1' OR '1'='1",
        "٣",
    ],
)
async def test_an_id_that_is_none_of_ours_is_not_there(site: Site, text: str) -> None:
    bodies = set()
    for suffix in ("", "/timeline?start=2026-01-01T00:00:00Z&end=2026-01-02T00:00:00Z"):
        response = await site.ask("GET", f"{CAMERAS}/{text}{suffix}", by="ada")
        # What begins with dots is shortened by clients before it is sent.
        if text == ".." and not suffix:
            continue
        assert response.status == 404
        bodies.add((await problem(response))["title"])
    assert bodies == {"Not Found"}


async def test_a_password_comes_out_nowhere(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = await add(site, username="u", password=CANARY)
    path = f"{CAMERAS}/{made['id']}"
    texts = [str(made)]
    for method, target, body in (
        ("GET", CAMERAS, None),
        ("GET", path, None),
        ("PATCH", path, {"url": "rtsp://10.9.9.9/elsewhere"}),
        ("PATCH", path, {"password": CANARY + "\n"}),
        ("POST", CAMERAS, {**GATE, "password": CANARY}),
        ("POST", CAMERAS, {**GATE, "url": f"rtsp://u:{CANARY}@127.0.0.1/"}),
        ("POST", f"{CAMERAS}/probe", {"url": f"rtsp://u:{CANARY}@127.0.0.1/x"}),
        ("POST", f"{API}/session", {"name": "u", "password": CANARY}),
    ):
        response = await site.ask(method, target, by="ada", json=body)
        texts.append(await response.text())

    assert not any("canary" in text for text in texts)
    assert "canary" not in caplog.text
    assert not any("canary" in str(e) for e in site.catalogue.audit_entries())


async def test_a_stored_password_stays_with_its_host(site: Site) -> None:
    made = await add(site, username="u", password="secret one")
    path = f"{CAMERAS}/{made['id']}"

    moved = await site.ask(
        "PATCH", path, by="ada", json={"url": "rtsp://10.0.0.66/main"}
    )
    smuggled = await site.ask(
        "PATCH", path, by="ada", json={"sub_url": "rtsp://10.0.0.66/sub"}
    )
    probed = await site.ask(
        "POST",
        f"{CAMERAS}/probe",
        by="ada",
        json={"url": "rtsp://10.0.0.66/main", "camera_id": made["id"]},
    )
    same = await site.ask(
        "PATCH", path, by="ada", json={"url": "rtsp://10.0.0.1/other"}
    )
    entered = await site.ask(
        "PATCH",
        path,
        by="ada",
        json={"url": "rtsp://10.0.0.66/main", "password": "entered"},
    )

    for refused in (moved, smuggled, probed):
        assert refused.status == 422
        assert (await problem(refused))["errors"][0]["field"] == "password"
    assert same.status == entered.status == 200
    kept = site.catalogue.stream_address(CameraId(made["id"]), Role.MAIN)
    assert (kept.username, kept.password) == ("u", "entered")


async def test_a_viewer_does_not_see_where_a_camera_is(site: Site) -> None:
    made = await add(site, username="u")

    shown = await (await site.ask("GET", f"{CAMERAS}/{made['id']}", by="vic")).json()

    assert "url" not in shown and "username" not in shown


async def test_null_changes_nothing(site: Site) -> None:
    made = await add(site)

    response = await site.ask(
        "PATCH", f"{CAMERAS}/{made['id']}", by="ada", json={"name": None}
    )

    assert response.status == 422


async def test_nobody_answers_at_a_probed_address(site: Site) -> None:
    response = await site.ask(
        "POST", f"{CAMERAS}/probe", by="ada", json={"url": "rtsp://127.0.0.2:9/x"}
    )

    assert response.status == 422
    found = await problem(response)
    assert found["type"].endswith("camera-unreachable")
