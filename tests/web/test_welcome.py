"""First boot: nobody has an account, and one link opens the door once."""

import pytest
from nvr.web.policy import declared

from nvr.base.model import SECOND_US
from tests.web.test_policy import filled
from tests.web.whole_site import API, PASSWORD, Site, problem

HOUR_US = 3600 * SECOND_US


async def test_before_the_first_account_only_the_link_opens(new_site: Site) -> None:
    for route in declared(new_site.app):
        if route.path.startswith(("/static", "/healthz", "/welcome")):
            continue

        response = await new_site.ask(route.method, filled(route.path), json={})

        assert response.status in (303, 401, 410, 422, 503), route
    health = await new_site.ask("GET", "/healthz")
    assert health.status == 200


async def test_signing_in_says_that_nothing_is_set_up(new_site: Site) -> None:
    response = await new_site.sign_in("ada")

    assert response.status == 503
    assert "nvr link" in (await problem(response))["detail"]
    page = await new_site.ask("GET", "/sign-in")
    assert page.status == 503
    assert page.content_type == "text/html"


async def test_the_link_makes_the_first_administrator(new_site: Site) -> None:
    secret = new_site.catalogue.add_link("setup", lifetime_us=HOUR_US)
    page = await new_site.ask("GET", f"/welcome/{secret}")
    assert page.status == 200
    assert secret in await page.text()

    body = {"token": secret, "name": "ada", "password": PASSWORD}
    made = await new_site.ask("POST", f"{API}/welcome", json=body)

    assert made.status == 201
    who = await (await new_site.ask("GET", f"{API}/session")).json()
    assert who["name"] == "ada" and who["is_admin"]
    again = await new_site.ask("POST", f"{API}/welcome", json=body)
    assert again.status == 410
    assert (await new_site.ask("GET", f"/welcome/{secret}")).status == 410


@pytest.mark.parametrize("password", ["", "short", "ninechars"])
async def test_a_short_password_is_refused_and_the_link_kept(
    new_site: Site, password: str
) -> None:
    secret = new_site.catalogue.add_link("setup", lifetime_us=HOUR_US)

    body = {"token": secret, "name": "ada", "password": password}
    response = await new_site.ask("POST", f"{API}/welcome", json=body)

    assert (await problem(response))["errors"][0]["field"] == "password"
    assert new_site.catalogue.find_link(secret, "setup") is not None


async def test_a_second_first_administrator_is_not_made(new_site: Site) -> None:
    one, two = (
        new_site.catalogue.add_link("setup", lifetime_us=HOUR_US) for _ in range(2)
    )
    body = {"name": "ada", "password": PASSWORD}
    await new_site.ask("POST", f"{API}/welcome", json={"token": one, **body})
    new_site.client.session.cookie_jar.clear()

    second = await new_site.ask(
        "POST", f"{API}/welcome", json={"token": two, **body, "name": "eve"}
    )

    assert second.status == 409
    assert [user.name for user in new_site.catalogue.users()] == ["ada"]
    assert (await new_site.ask("GET", f"/welcome/{two}")).status == 410


@pytest.mark.parametrize("secret", ["x", "%00", "%c3%a9", "..%2f..%2fetc", "a" * 3000])
async def test_a_wrong_link_says_only_that_it_does_not_work(
    new_site: Site, secret: str
) -> None:
    response = await new_site.ask("GET", f"/welcome/{secret}")

    assert response.status == 410


async def test_a_link_that_ran_out_does_not_work(new_site: Site) -> None:
    secret = new_site.catalogue.add_link("sign-in", lifetime_us=HOUR_US)
    new_site.clock.advance_us(HOUR_US)

    assert (await new_site.ask("GET", f"/welcome/{secret}")).status == 410


async def test_a_sign_in_link_signs_in_once(new_site: Site) -> None:
    secret = new_site.catalogue.add_link("sign-in", lifetime_us=HOUR_US)

    first = await new_site.ask("GET", f"/welcome/{secret}")

    assert first.status == 303
    assert first.headers["Location"] == "/"
    assert (await new_site.ask("GET", "/")).status == 200
    new_site.client.session.cookie_jar.clear()
    assert (await new_site.ask("GET", f"/welcome/{secret}")).status == 410


async def test_who_came_by_link_has_no_password_to_guess(new_site: Site) -> None:
    secret = new_site.catalogue.add_link("sign-in", lifetime_us=HOUR_US)
    await new_site.ask("GET", f"/welcome/{secret}")
    new_site.client.session.cookie_jar.clear()

    for guess in ("", "admin", "password"):
        assert (await new_site.sign_in("admin", guess)).status == 401


async def test_looking_at_a_link_does_not_use_it_up(new_site: Site) -> None:
    secret = new_site.catalogue.add_link("sign-in", lifetime_us=HOUR_US)

    await new_site.ask("HEAD", f"/welcome/{secret}")
    await new_site.ask(
        "GET", f"/welcome/{secret}", headers={"Sec-Purpose": "prefetch;prerender"}
    )

    assert (await new_site.ask("GET", f"/welcome/{secret}")).status == 303


async def test_a_token_works_before_the_first_account(new_site: Site) -> None:
    new_site.tokens["owner"] = new_site.catalogue.add_token("demo")

    response = await new_site.ask("GET", f"{API}/users", by="owner")

    assert response.status == 200
