"""The frame of signed-in pages: the places to go, and who is reading."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from nvr.web.context import visitor
from nvr.web.pages_render import Renderer
from nvr.web.pages_words import Translate
from nvr.web.passwords import SHORTEST

_PAGES_WITH_KEYS = ("wall.html", "camera.html")


class Frame:
    """Renders pages inside the frame, for whoever was let in."""

    def __init__(self, *, renderer: Renderer) -> None:
        self._renderer = renderer
        self.zone = renderer.zone.key
        self.version = renderer.version

    def translator(self, request: web.Request) -> Translate:
        """Sentences in the reader's language."""
        return self._renderer.translator(request)

    def page(
        self, request: web.Request, template: str, values: Mapping[str, Any]
    ) -> web.Response:
        """A page with the rail of places; `values["place"]` is the current one."""
        reader = visitor(request)
        t = self.translator(request)
        places = [("live", "/", "wall", t("Live"))]
        places.append(("cameras", "/cameras", "camera", t("Cameras")))
        if reader.is_admin:
            places.append(("settings", "/settings", "settings", t("Settings")))
        frame = {
            "user": reader.name,
            "shortest_password": SHORTEST,
            "is_admin": reader.is_admin,
            "places": places,
            "has_keys": template in _PAGES_WITH_KEYS,
        }
        return self._renderer.page(request, template, {**frame, **values})
