"""Who may use which route. What is not declared here does not start.

Every route is added through `Routes`, with its policy:

    routes.add("GET", "/cameras", pages.cameras, policy=Policy.SIGNED_IN)

The server refuses to start when its application has any route, a plugin's included,
that was not. `declared(app)` gives the whole table, for tests that walk it.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import hdrs, web
from nvr.web.describe import Description

from nvr.base.errors import NvrError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


_FOR_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})


class Policy(StrEnum):
    """Whom a route answers."""

    OPEN = "open"
    """Everybody, always: what tells nothing about cameras or people."""

    LINK = "link"
    """Everybody: the handler lets in whoever has a one-time link, and nobody else."""

    SIGN_IN = "sign-in"
    """Everybody, as soon as the first account exists."""

    SIGNED_IN = "signed-in"
    """Whoever has a session or an API token."""

    ADMIN = "admin"
    """Administrators, and programs with a token of one or of the server's owner."""


class UndeclaredRoute(NvrError):
    """A route has no policy: nobody has decided who may use it."""


@dataclass(frozen=True, slots=True)
class Route:
    """One declared route. `description` is of the API's routes only."""

    method: str
    path: str
    handler: Handler
    policy: Policy
    description: Description | None = None

    @property
    def is_api(self) -> bool:
        return is_api_path(self.path)


_Table = dict[tuple[str, str], Route]
_DECLARED: web.AppKey[_Table] = web.AppKey("declared", dict)


class Routes:
    """Collects routes with their policies; `install` puts them into an application."""

    def __init__(self) -> None:
        self._table: _Table = {}

    def add(
        self,
        method: str,
        path: str,
        handler: Handler,
        *,
        policy: Policy,
        description: Description | None = None,
    ) -> None:
        """Declare a route; a GET answers HEAD too. Raises `UndeclaredRoute` if one of
        that method and path is there already."""
        key = (method, _shape(path))
        if key in self._table:
            raise UndeclaredRoute(f"{method} {path} is declared twice")
        self._table[key] = Route(method, path, handler, policy, description)

    def install(self, app: web.Application) -> None:
        """Add every route to an application, in the order of their declaration."""
        for route in self._table.values():
            if route.method == hdrs.METH_GET:
                app.router.add_get(route.path, route.handler)
            else:
                app.router.add_route(route.method, route.path, route.handler)
        app[_DECLARED] = {
            (route.method, _canonical(route.path)): route
            for route in self._table.values()
        }


def declared(app: web.Application) -> list[Route]:
    """Every route with its policy, in the order of their declaration."""
    return list(app[_DECLARED].values())


def route_of(app: web.Application, asked: web.AbstractRoute) -> Route | None:
    """What was declared for a route that aiohttp found; None: it was not."""
    if asked.resource is None:
        return None
    method = hdrs.METH_GET if asked.method == hdrs.METH_HEAD else asked.method
    return app[_DECLARED].get((method, asked.resource.canonical))


def demand_policies(app: web.Application) -> None:
    """Raise `UndeclaredRoute` if any route of the application has no policy."""
    for route in app.router.routes():
        known = route_of(app, route)
        if known is None or known.handler != route.handler:
            place = route.resource.canonical if route.resource else "?"
            raise UndeclaredRoute(
                f"{route.method} {place} has no policy: add it with Routes.add"
            )


def is_api_path(path: str) -> bool:
    """Whether a path is answered for programs rather than for browsers."""
    return path.startswith("/api/") or path in _FOR_PROBES


def _canonical(path: str) -> str:
    """As aiohttp writes the path of a resource: without the patterns of names."""
    return re.sub(r"\{(\w+):[^{}]*\}", r"{\1}", path)


def _shape(path: str) -> str:
    """The path with all names alike: two of one shape would hide each other."""
    return re.sub(r"\{[^{}]*\}", "{}", path)
