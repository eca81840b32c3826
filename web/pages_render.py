"""From a template and its values to a page in the reader's language and theme."""

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup
from nvr.web.pages_static import StaticFiles
from nvr.web.pages_values import moment_text, site_zone, size_text
from nvr.web.pages_words import LANGUAGES, Translate, Words, chosen

from nvr.base.clock import Clock
from nvr.base.settings import Settings

_TEMPLATES = Path(__file__).parent / "templates"
_LIGHT_MEDIA = {
    "auto": "(prefers-color-scheme: light)",
    "dark": "not all",
    "light": "all",
}


class Renderer:
    """Makes pages. Templates and words are read once; safe for any thread."""

    def __init__(self, *, settings: Settings, clock: Clock) -> None:
        self.files = StaticFiles()
        self.zone = site_zone(settings.web.time_zone)
        self._settings = settings
        self._clock = clock
        self._words = Words()
        self.version = version("nvr")
        self._environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            static=self.files.url, icon=self._icon, json_script=_json_script
        )

    def language(self, request: web.Request) -> str:
        """The reader's language."""
        return chosen(
            request.cookies.get("language"),
            request.headers.get("Accept-Language", ""),
            self._settings.web.language,
        )

    def translator(self, request: web.Request) -> Translate:
        """Sentences in the reader's language."""
        return self._words.translator(self.language(request))

    def page(
        self,
        request: web.Request,
        template: str,
        values: Mapping[str, Any],
        *,
        status: int = 200,
    ) -> web.Response:
        """A page. What every template gets is told by `_common`."""
        language = self.language(request)
        common = self._common(request, language)
        text = self._template(template, language).render({**common, **values})
        return web.Response(text=text, content_type="text/html", status=status)

    def _template(self, name: str, language: str) -> Any:
        overlay = self._environment.overlay()
        # An overlay shares its dict of filters with the original unless it is copied.
        overlay.filters = {
            **self._environment.filters,
            "moment": moment_text(self.zone, language),
            "bytes": size_text(language),
        }
        return overlay.get_template(name)

    def _common(self, request: web.Request, language: str) -> dict[str, Any]:
        theme = request.cookies.get("theme", "auto")
        theme = theme if theme in _LIGHT_MEDIA else "auto"
        return {
            "t": self._words.translator(language),
            "language": language,
            "languages": LANGUAGES,
            "words": self._words.for_scripts(language),
            "theme": theme,
            "light_media": _LIGHT_MEDIA[theme],
            "zone": self.zone.key,
            "now_us": self._clock.now().wall_us,
            "node": self._settings.server.name,
            "version": self.version,
        }

    def _icon(self, name: str) -> Markup:
        address = f"{self.files.url('icons.svg')}#{name}"
        return Markup(
            '<svg class="icon" aria-hidden="true"><use href="{}"/></svg>'
        ).format(address)


def _json_script(name: str, value: Any) -> Markup:
    """A value for scripts, escaped so that nothing in it ends the element."""
    text = htmlsafe_json_dumps(value, dumps=json.dumps)
    return Markup('<script type="application/json" id="{}">{}</script>').format(
        name, text
    )
