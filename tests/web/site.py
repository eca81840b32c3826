"""The pages over a real catalogue, without the rest of the application."""

from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from nvr.web.pages import CameraPages
from nvr.web.pages_door import DoorPages
from nvr.web.pages_frame import Frame, Reader
from nvr.web.pages_render import Renderer
from nvr.web.pages_routes import page_routes
from nvr.web.pages_settings import SettingsPages

from nvr.base.errors import NotFound
from nvr.base.settings import Settings, build
from nvr.hooks import load_plugins
from nvr.store import schema
from nvr.store.catalogue import Catalogue
from nvr.store.users import User
from nvr.store.vault import Vault
from tests.fakes import FakeClock


@dataclass
class Site:
    """An application of pages only; `user` is who is signed in."""

    app: web.Application
    catalogue: Catalogue
    settings: Settings
    user: User


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
    renderer = Renderer(settings=settings, clock=clock)
    frame = Frame(renderer=renderer, who=lambda _: Reader(user.name, user.id, True))
    door = DoorPages(renderer=renderer)

    @web.middleware
    async def edge(request: web.Request, handler: object) -> web.StreamResponse:
        try:
            return await handler(request)  # type: ignore[operator, no-any-return]
        except NotFound:
            return door.error(request, 404)

    app = web.Application(middlewares=[edge])
    routes = page_routes(
        renderer=renderer,
        door=door,
        cameras=CameraPages(frame=frame, catalogue=catalogue),
        settings=SettingsPages(
            frame=frame,
            settings=settings,
            catalogue=catalogue,
            plugins=load_plugins(settings),
        ),
    )
    for route in routes:
        app.router.add_get(route.path, route.handler)
    return Site(app, catalogue, settings, user)
