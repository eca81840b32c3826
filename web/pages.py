"""The pages: every address, whom it is for, and the parts that make it."""

from dataclasses import dataclass

from nvr.web.context import Context, ErrorPage
from nvr.web.pages_cameras import CameraPages
from nvr.web.pages_door import DoorPages
from nvr.web.pages_frame import Frame
from nvr.web.pages_render import Renderer
from nvr.web.pages_settings import SettingsPages
from nvr.web.policy import Handler, Policy, Routes


@dataclass(frozen=True, slots=True)
class SitePages:
    """What the application asks of the pages beside their routes."""

    error_page: ErrorPage
    welcome_page: Handler


def add_pages(routes: Routes, context: Context) -> SitePages:
    """Declare the route of every page. `/cameras/new` comes before any camera."""
    renderer = Renderer(settings=context.settings, clock=context.clock)
    frame = Frame(renderer=renderer)
    door = DoorPages(renderer=renderer)
    cameras = CameraPages(frame=frame, catalogue=context.catalogue)
    settings = SettingsPages(frame=frame, context=context)
    for path, handler, policy in (
        ("/static/{version}/{name:.+}", renderer.files.serve, Policy.OPEN),
        ("/sign-in", door.sign_in, Policy.SIGN_IN),
        ("/", cameras.wall, Policy.SIGNED_IN),
        ("/cameras", cameras.cameras, Policy.SIGNED_IN),
        ("/cameras/new", cameras.new, Policy.ADMIN),
        ("/cameras/{id}", cameras.camera, Policy.SIGNED_IN),
        ("/cameras/{id}/edit", cameras.edit, Policy.ADMIN),
        ("/settings", settings.node, Policy.ADMIN),
        ("/settings/storage", settings.storage, Policy.ADMIN),
        ("/settings/users", settings.users, Policy.ADMIN),
        ("/settings/tokens", settings.tokens, Policy.ADMIN),
        ("/settings/about", settings.about, Policy.ADMIN),
    ):
        routes.add("GET", path, handler, policy=policy)
    return SitePages(door.error, door.welcome)
