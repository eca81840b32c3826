"""The settings pages: what is configured, who may come in, what is on the disks."""

import asyncio
import platform
import sqlite3
from typing import Any

from aiohttp import web
from nvr.web.context import Context, visitor
from nvr.web.pages_frame import Frame
from nvr.web.pages_storage import plan_values, rule_rows, usage_rows, volume_rows
from nvr.web.pages_words import Translate

from nvr.base.settings import Settings

_PLAN_SECONDS = 3.0
"""The page is shown without the plan when that takes longer."""


class SettingsPages:
    """Handlers of /settings and what is below it. All are for administrators."""

    def __init__(self, *, frame: Frame, context: Context) -> None:
        self._frame = frame
        self._settings = context.settings
        self._catalogue = context.catalogue
        self._plugins = context.plugins
        self._plans = context.plans

    async def node(self, request: web.Request) -> web.Response:
        t = self._frame.translator(request)
        values = {
            "facts": _node_facts(self._settings, t, self._frame.zone),
            "recording": _recording_facts(self._settings, t),
        }
        return self._page(request, "node", values)

    async def storage(self, request: web.Request) -> web.Response:
        t = self._frame.translator(request)
        removed = t("Removed camera")
        values = await asyncio.to_thread(self._storage, removed)
        try:
            told = await self._plans.plan(_PLAN_SECONDS)
            values["plan"] = plan_values(told, removed)
        except TimeoutError:
            values["plan"] = None
        return self._page(request, "storage", values)

    def _storage(self, removed: str) -> dict[str, Any]:
        usages = self._catalogue.footage_usage()
        names = {camera.id: camera.name for camera in self._catalogue.cameras()}
        return {
            "volumes": volume_rows(self._settings.volumes, usages),
            "usage": usage_rows(usages, names, removed),
            "rules": rule_rows(self._plugins),
        }

    async def users(self, request: web.Request) -> web.Response:
        users = await asyncio.to_thread(self._catalogue.users)
        own = visitor(request).user_id
        rows = [
            {
                "id": user.id,
                "name": user.name,
                "is_admin": user.is_admin,
                "is_enabled": user.is_enabled,
                "created_us": user.created_us,
                "is_self": user.id == own,
            }
            for user in users
        ]
        return self._page(request, "users", {"users": rows})

    async def tokens(self, request: web.Request) -> web.Response:
        tokens = await asyncio.to_thread(self._catalogue.tokens)
        return self._page(request, "tokens", {"tokens": tokens})

    async def about(self, request: web.Request) -> web.Response:
        t = self._frame.translator(request)
        facts = [
            (t("Version"), self._frame.version),
            (t("Plugins"), ", ".join(row.name for row in self._plugins.listing())),
            ("Python", platform.python_version()),
            ("SQLite", sqlite3.sqlite_version),
            (t("System"), f"{platform.system()} {platform.machine()}"),
        ]
        return self._page(request, "about", {"facts": facts})

    def _page(
        self, request: web.Request, tab: str, values: dict[str, Any]
    ) -> web.Response:
        t = self._frame.translator(request)
        tabs = [
            ("node", "/settings", t("Server")),
            ("storage", "/settings/storage", t("Storage")),
            ("users", "/settings/users", t("Users")),
            ("tokens", "/settings/tokens", t("API tokens")),
            ("about", "/settings/about", t("About")),
        ]
        return self._frame.page(
            request,
            f"settings/{tab}.html",
            {**values, "place": "settings", "tabs": tabs, "tab": tab},
        )


def _node_facts(
    settings: Settings, t: Translate, zone: str
) -> list[tuple[str, object]]:
    server, http = settings.server, settings.web
    scheme = "https" if http.tls_certificate else "http"
    is_sqlite = settings.database_url.startswith("sqlite")
    return [
        (t("Name"), server.name),
        (t("Time zone"), zone),
        (t("Data folder"), server.data_dir),
        (t("Catalogue"), "SQLite" if is_sqlite else "PostgreSQL"),
        (t("Listens on"), f"{scheme}://{http.host}:{http.port}"),
        (t("A sign-in ends after"), t("{n} h without use", n=http.session_hours)),
    ]


def _recording_facts(settings: Settings, t: Translate) -> list[tuple[str, object]]:
    recorder = settings.recorder
    networks = ", ".join(str(net) for net in settings.cameras.allowed_networks)
    return [
        (t("Length of a file"), t("{n} s", n=recorder.segment_seconds)),
        (
            t("Lost at most when the program dies"),
            t("{n} ms", n=recorder.fragment_ms),
        ),
        (t("Written to the disk for good every"), t("{n} s", n=recorder.sync_seconds)),
        (
            t("A silent camera is connected anew after"),
            t("{n} s", n=recorder.silence_seconds),
        ),
        (t("Extra networks that cameras may be in"), networks or t("none")),
    ]
