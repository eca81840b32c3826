"""Every route has a policy, and every policy is applied."""

import json
import re

import pytest
from aiohttp import web
from nvr.web.openapi import document
from nvr.web.policy import (
    Policy,
    Routes,
    UndeclaredRoute,
    declared,
    demand_policies,
)

from tests.web.whole_site import API, Site, problem

OPEN_TO_ALL = {
    ("GET", "/static/{version}/{name:.+}"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/sign-in"),
    ("GET", "/welcome/{secret}"),
    ("POST", "/api/v1/session"),
    ("POST", "/api/v1/welcome"),
}
NOBODYS_CAMERA = "11111111-2222-4333-8444-555555555555"


def filled(path: str) -> str:
    """A path with something in each of its holes."""
    path = path.replace("{id}", NOBODYS_CAMERA)
    return re.sub(r"\{\w+(:[^{}]*)?\}", "x", path)


async def test_nobody_gets_anything_but_a_door(site: Site) -> None:
    for route in declared(site.app):
        if (route.method, route.path) in OPEN_TO_ALL:
            continue

        response = await site.ask(route.method, filled(route.path))

        if route.is_api:
            assert response.status == 401, route
            assert (await problem(response))["type"].endswith(":unauthorized")
        else:
            assert response.status == 303, route
            assert response.headers["Location"].startswith("/sign-in")


async def test_the_open_routes_are_the_ones_we_know(site: Site) -> None:
    policies = {Policy.OPEN, Policy.LINK, Policy.SIGN_IN}

    found = {(r.method, r.path) for r in declared(site.app) if r.policy in policies}

    assert found == OPEN_TO_ALL


async def test_a_viewer_changes_nothing(site: Site) -> None:
    for route in declared(site.app):
        if route.policy is not Policy.ADMIN:
            continue

        response = await site.ask(route.method, filled(route.path), by="vic", json={})

        assert response.status == 403, route


async def test_an_application_with_an_undeclared_route_does_not_start(
    site: Site,
) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    routes = Routes()
    routes.add("GET", "/known", handler, policy=Policy.OPEN)
    routes.install(app)
    demand_policies(app)

    app.router.add_get("/smuggled", handler)

    with pytest.raises(UndeclaredRoute, match="/smuggled"):
        demand_policies(app)


async def test_a_route_cannot_be_put_over_another(site: Site) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response()

    routes = Routes()
    routes.add("GET", "/cameras/{id}", handler, policy=Policy.ADMIN)

    with pytest.raises(UndeclaredRoute, match="twice"):
        routes.add("GET", "/cameras/{other}", handler, policy=Policy.OPEN)


async def test_the_description_has_every_route_of_the_api(site: Site) -> None:
    response = await site.ask("GET", f"{API}/openapi.json", by="vic")
    described = await response.json()

    for route in declared(site.app):
        if route.is_api:
            assert route.method.lower() in described["paths"][route.path], route


async def test_the_description_is_well_formed(site: Site) -> None:
    described = json.loads(json.dumps(document(declared(site.app))))

    assert described["openapi"].startswith("3.1")
    schemas = described["components"]["schemas"]
    identifiers = set()
    for path, operations in described["paths"].items():
        for operation in operations.values():
            assert operation["summary"] and operation["responses"]
            assert operation["operationId"] not in identifiers
            identifiers.add(operation["operationId"])
            named = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path))
    for reference in re.findall(r'"#/components/schemas/(\w+)"', json.dumps(described)):
        assert reference in schemas
