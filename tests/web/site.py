"""The pages over a real catalogue, without the rest of the application."""

from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from nvr.web.context import VISITOR, Context, Visitor, Way
from nvr.web.headers import add_headers
from nvr.web.pages import add_pages
from nvr.web.plans import Plans
from nvr.web.policy import Handler, Routes
from nvr.web.problems import Problem, problem_of

from nvr.base.errors import NvrError
from nvr.base.settings import Settings, build
from nvr.hooks import load_plugins
from nvr.store import schema
from nvr.store.catalogue import Catalogue
from nvr.store.vault import Vault
from tests.fakes import FakeClock


@dataclass
class Site:
    """An application of pages only, in which an administrator is signed in."""

    app: web.Application
    catalogue: Catalogue
    settings: Settings


def make_site(folder: Path) -> Site:
    """A site in Jakarta with an administrator and no camera."""
    table = {
        "server": {"name": "Situation room", "data_dir": "data"},
        "web": {"time_zone": "Asia/Jakarta"},
        "plugins": {"age": {"days": 14}},
    }
    settings = build(table, folder)
    settings.server.data_dir.mkdir()
    clock = FakeClock()
    schema.upgrade(settings.database_url)
    vault = Vault.open_file(settings.server.data_dir / "secret.key")
    catalogue = Catalogue(settings.database_url, clock=clock, vault=vault)
    user = catalogue.add_user(name="sari", password_hash="x", is_admin=True)
    plugins = load_plugins(settings)
    context = Context(
        settings=settings,
        catalogue=catalogue,
        clock=clock,
        plugins=plugins,
        plans=Plans(settings, catalogue, plugins, clock),
    )
    routes = Routes()
    pages = add_pages(routes, context)

    @web.middleware
    async def edge(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[VISITOR] = Visitor(Way.SESSION, user.name, "::1", user.id, True)
        try:
            return await handler(request)
        except NvrError as error:
            return pages.error_page(request, problem_of(error))
        except web.HTTPNotFound:
            return pages.error_page(request, Problem(404, "not-found", ""))

    app = web.Application(middlewares=[edge])
    routes.install(app)
    app.on_response_prepare.append(add_headers)
    app.router.add_get("/welcome/{secret}", pages.welcome_page)
    return Site(app, catalogue, settings)
