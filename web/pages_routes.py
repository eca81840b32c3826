"""Every page, its address and whom it is for."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import NamedTuple

from aiohttp import web
from nvr.web.pages import CameraPages
from nvr.web.pages_door import DoorPages
from nvr.web.pages_render import Renderer
from nvr.web.pages_settings import SettingsPages

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Audience(StrEnum):
    """Who may ask for a page."""

    EVERYBODY = "everybody"
    SIGNED_IN = "signed in"
    ADMIN = "admin"


class PageRoute(NamedTuple):
    """One page, asked for with GET."""

    path: str
    handler: Handler
    audience: Audience


def page_routes(
    *,
    renderer: Renderer,
    door: DoorPages,
    cameras: CameraPages,
    settings: SettingsPages,
) -> list[PageRoute]:
    """All pages. The order matters: `/cameras/new` is no camera."""
    everybody, signed_in, admin = Audience
    return [
        PageRoute("/static/{version}/{name:.+}", renderer.files.serve, everybody),
        PageRoute("/sign-in", door.sign_in, everybody),
        PageRoute("/welcome", door.welcome, everybody),
        PageRoute("/", cameras.wall, signed_in),
        PageRoute("/cameras", cameras.cameras, signed_in),
        PageRoute("/cameras/new", cameras.new, admin),
        PageRoute("/cameras/{id}", cameras.camera, signed_in),
        PageRoute("/cameras/{id}/edit", cameras.edit, admin),
        PageRoute("/settings", settings.node, admin),
        PageRoute("/settings/storage", settings.storage, admin),
        PageRoute("/settings/users", settings.users, admin),
        PageRoute("/settings/tokens", settings.tokens, admin),
        PageRoute("/settings/about", settings.about, admin),
    ]
