"""Signing in: cookies, fixation, foreign sites, guesses, tokens."""

import asyncio
import statistics
import time

import pytest
from nvr.web.throttle import FREE_TRIES

from nvr.base.model import SECOND_US
from tests.web.whole_site import API, PASSWORD, Site, problem

CAMERAS = f"{API}/cameras"


async def test_a_session_lets_in_until_it_is_ended(site: Site) -> None:
    signed_in = await site.sign_in("ADA")
    assert signed_in.status == 200
    who = await (await site.ask("GET", f"{API}/session")).json()
    assert (who["name"], who["is_admin"], who["way"]) == ("ada", True, "session")
    secret = site.cookie()

    await site.ask("DELETE", f"{API}/session")

    assert site.cookie() == ""
    again = await site.ask("GET", CAMERAS, headers={"Cookie": f"nvr={secret}"})
    assert again.status == 401


async def test_the_cookie_is_out_of_reach(site: Site) -> None:
    response = await site.sign_in("ada")

    attributes = response.headers["Set-Cookie"].lower()
    assert "httponly" in attributes
    assert "samesite=lax" in attributes
    assert "path=/" in attributes
    assert "domain" not in attributes


async def test_what_a_stranger_forwards_is_only_text(site: Site) -> None:
    # We are asked from 127.0.0.1, which is no trusted proxy.
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}

    response = await site.ask(
        "POST",
        f"{API}/session",
        headers=forwarded,
        json={"name": "ada", "password": PASSWORD},
    )

    assert "__Host-" not in response.headers["Set-Cookie"]
    assert site.catalogue.audit_entries()[0].detail["address"] == "127.0.0.1"


async def test_a_planted_session_is_not_used(site: Site) -> None:
    await site.sign_in("vic")
    planted = site.cookie()

    await site.sign_in("ada")

    assert site.cookie() != planted
    site.client.session.cookie_jar.clear()
    old = await site.ask("GET", CAMERAS, headers={"Cookie": f"nvr={planted}"})
    assert old.status == 401


async def test_an_invented_session_is_not_adopted(site: Site) -> None:
    response = await site.ask(
        "POST",
        f"{API}/session",
        headers={"Cookie": "nvr=invented"},
        json={"name": "ada", "password": PASSWORD},
    )

    assert response.status == 200
    assert "invented" not in response.headers["Set-Cookie"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[broken"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("is_signed_in", [True, False])
async def test_another_site_changes_nothing(
    site: Site, headers: dict[str, str], is_signed_in: bool
) -> None:
    if is_signed_in:
        await site.sign_in("ada")

    made = await site.ask(
        "POST", CAMERAS, headers=headers, json={"name": "x", "url": "rtsp://10.0.0.1/"}
    )
    signed_in = await site.ask(
        "POST",
        f"{API}/session",
        headers=headers,
        json={"name": "ada", "password": PASSWORD},
    )

    assert made.status == 403
    assert signed_in.status == 403
    assert "Access-Control-Allow-Origin" not in made.headers
    assert site.catalogue.cameras() == []


async def test_a_cookie_without_an_origin_changes_nothing(site: Site) -> None:
    await site.sign_in("ada")

    response = await site.client.post(CAMERAS, json={"name": "x"})

    assert response.status == 403


async def test_a_program_with_a_token_needs_no_origin(site: Site) -> None:
    headers = {"Authorization": f"Bearer {site.tokens['ada']}"}

    response = await site.client.post(
        CAMERAS, json={"name": "Gate", "url": "rtsp://10.0.0.1/"}, headers=headers
    )

    assert response.status == 201


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Bearer " + "x" * 5000,
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.",
        "Basic YWRhOnBhc3N3b3Jk",
        "bearer\ttoken",
    ],
)
async def test_a_bad_token_is_never_anybody(site: Site, header: str) -> None:
    await site.sign_in("ada")

    response = await site.ask("GET", CAMERAS, headers={"Authorization": header})

    assert response.status == 401
    assert "Bearer" in response.headers["WWW-Authenticate"]


async def test_a_token_in_an_address_is_refused(site: Site) -> None:
    response = await site.ask("GET", f"{CAMERAS}?token={site.tokens['ada']}")

    assert response.status == 400
    assert site.tokens["ada"] not in await response.text()


async def test_a_revoked_token_is_out_at_once(site: Site) -> None:
    listed = await (await site.ask("GET", f"{API}/tokens", by="ada")).json()
    number = next(t["id"] for t in listed["tokens"] if t["name"] == "of vic")

    await site.ask("DELETE", f"{API}/tokens/{number}", by="ada")

    assert (await site.ask("GET", CAMERAS, by="vic")).status == 401


async def test_guessing_is_slowed_down(site: Site) -> None:
    for _ in range(FREE_TRIES):
        assert (await site.sign_in("ada", "wrong guess")).status == 401

    first = await site.sign_in("ada", "wrong guess")
    right = await site.sign_in("ada")

    assert first.status == right.status == 429
    wait = int(first.headers["Retry-After"])
    site.clock.advance_us(wait * SECOND_US)
    assert (await site.sign_in("ada", "wrong guess")).status == 401
    assert int((await site.sign_in("ada")).headers["Retry-After"]) > wait
    site.clock.advance_us(3600 * SECOND_US)
    assert (await site.sign_in("ada")).status == 200


async def test_a_thousand_guesses_at_once_are_a_thousand(site: Site) -> None:
    answers = await asyncio.gather(*(site.sign_in("ada", "guess") for _ in range(60)))

    assert sum(answer.status == 401 for answer in answers) <= FREE_TRIES


async def test_a_wrong_name_looks_like_a_wrong_password(site: Site) -> None:
    known = await site.sign_in("ada", "wrong guess")
    unknown = await site.sign_in("nobody here", "wrong guess")
    site.catalogue.change_user(site.users["vic"].id, is_enabled=False)
    banned = await site.sign_in("vic")

    assert known.status == unknown.status == banned.status == 401
    assert await known.text() == await unknown.text() == await banned.text()


async def test_a_wrong_name_takes_as_long_as_a_wrong_password(site: Site) -> None:
    async def seconds(name: str) -> float:
        times = []
        for _ in range(4):
            site.clock.advance_us(3601 * SECOND_US)
            began = time.perf_counter()
            await site.sign_in(name, "wrong guess")
            times.append(time.perf_counter() - began)
        return statistics.median(times)

    await seconds("warm up")
    known, unknown = await seconds("ada"), await seconds("nobody")

    # A hash here takes well below a millisecond: only a missing one would show.
    assert abs(known - unknown) < 0.05


async def test_a_banned_user_is_out_at_once(site: Site) -> None:
    await site.sign_in("vic")
    assert (await site.ask("GET", CAMERAS)).status == 200

    number = site.users["vic"].id
    await site.ask(
        "PATCH", f"{API}/users/{number}", by="ada", json={"is_enabled": False}
    )

    assert (await site.ask("GET", CAMERAS)).status == 401
    assert (await site.ask("GET", CAMERAS, by="vic")).status == 401


async def test_a_new_password_keeps_only_the_session_that_set_it(site: Site) -> None:
    await site.sign_in("vic")
    other = site.cookie()
    site.client.session.cookie_jar.clear()
    await site.sign_in("vic")

    changed = await site.ask(
        "POST",
        f"{API}/session/password",
        json={"password": PASSWORD, "new_password": "another long one"},
    )

    assert changed.status == 204
    assert (await site.ask("GET", CAMERAS)).status == 200
    site.client.session.cookie_jar.clear()
    old = await site.ask("GET", CAMERAS, headers={"Cookie": f"nvr={other}"})
    assert old.status == 401


async def test_nobody_gives_themselves_rights(site: Site) -> None:
    number = site.users["vic"].id

    own = await site.ask(
        "PATCH", f"{API}/users/{number}", by="vic", json={"is_admin": True}
    )
    smuggled = await site.ask(
        "PATCH",
        f"{API}/users/{number}",
        by="ada",
        json={"name": "vic", "role": "root", "password_hash": "x"},
    )

    assert own.status == 403
    assert (await problem(smuggled))["errors"][0]["field"] == "role"
    assert not site.catalogue.user(number).is_admin


async def test_the_last_administrator_stays(site: Site) -> None:
    number = site.users["ada"].id

    removed = await site.ask("DELETE", f"{API}/users/{number}", by="ada")
    demoted = await site.ask(
        "PATCH", f"{API}/users/{number}", by="ada", json={"is_admin": False}
    )

    assert removed.status == demoted.status == 409


async def test_passwords_are_kept_as_argon2id(site: Site) -> None:
    made = await site.ask(
        "POST",
        f"{API}/users",
        by="ada",
        json={"name": "new", "password": "long enough it is"},
    )

    assert made.status == 201
    assert not (await made.json())["is_admin"]
    kept = site.catalogue.credentials("new")
    assert kept is not None
    assert kept[1].startswith("$argon2id$")


async def test_what_people_do_is_in_the_audit_log(site: Site) -> None:
    await site.sign_in("ada", "wrong guess")
    await site.sign_in("ada")
    await site.ask("POST", f"{API}/users", by="vic", json={})
    await site.ask("POST", f"{API}/tokens", by="ada", json={"name": "sensor"})
    await asyncio.sleep(0.05)

    entries = site.catalogue.audit_entries()

    acts = {(entry.actor, entry.action) for entry in entries}
    assert ("user ada", "sign-in") in acts
    assert ("nobody at 127.0.0.1", "sign-in-refused") in acts
    assert ("token of vic", "denied") in acts
    assert ("token of ada", "token-add") in acts
    assert site.catalogue.verify_audit() is None
