"""The frame of signed-in pages: the places to go, and who is reading."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from nvr.web.pages_render import Renderer
from nvr.web.pages_words import Translate

from nvr.store.users import UserId

_PAGES_WITH_KEYS = ("wall.html", "camera.html")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asked for a page. `user_id` is None for a program with a token."""

    name: str
    user_id: UserId | None
    is_admin: bool


class Frame:
    """Renders pages inside the frame. `who` tells whose request it is."""

    def __init__(
        self, *, renderer: Renderer, who: Callable[[web.Request], Reader]
    ) -> None:
        self._renderer = renderer
        self._who = who
        self.zone = renderer.zone.key
        self.version = renderer.version

    def reader(self, request: web.Request) -> Reader:
        """Whoever is signed in; the policy has let them in before."""
        return self._who(request)

    def translator(self, request: web.Request) -> Translate:
        """Sentences in the reader's language."""
        return self._renderer.translator(request)

    def page(
        self, request: web.Request, template: str, values: Mapping[str, Any]
    ) -> web.Response:
        """A page with the rail of places; `values["place"]` is the current one."""
        reader = self.reader(request)
        t = self.translator(request)
        places = [("live", "/", "wall", t("Live"))]
        places.append(("cameras", "/cameras", "camera", t("Cameras")))
        if reader.is_admin:
            places.append(("settings", "/settings", "settings", t("Settings")))
        frame = {
            "user": reader.name,
            "is_admin": reader.is_admin,
            "places": places,
            "has_keys": template in _PAGES_WITH_KEYS,
        }
        return self._renderer.page(request, template, {**frame, **values})
