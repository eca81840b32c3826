"""The pages about cameras: the wall, one camera, the list and the form."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from nvr.web.context import visitor
from nvr.web.pages_frame import Frame

from nvr.base.model import Camera, CameraId
from nvr.store.catalogue import Catalogue

_MINUTE = 60_000_000
_HOUR = 60 * _MINUTE


class CameraPages:
    """Handlers of the pages about cameras. They only read the catalogue."""

    def __init__(self, *, frame: Frame, catalogue: Catalogue) -> None:
        self._frame = frame
        self._catalogue = catalogue

    async def wall(self, request: web.Request) -> web.Response:
        cameras = await asyncio.to_thread(self._catalogue.cameras)
        values = {"place": "live", "cameras": [_for_scripts(c) for c in cameras]}
        return self._frame.page(request, "wall.html", values)

    async def camera(self, request: web.Request) -> web.Response:
        camera = await self._asked(request)
        t = self._frame.translator(request)
        spans = [
            (_MINUTE, t("{n} min", n=1)),
            (10 * _MINUTE, t("{n} min", n=10)),
            (_HOUR, t("{n} h", n=1)),
            (6 * _HOUR, t("{n} h", n=6)),
            (24 * _HOUR, t("{n} h", n=24)),
        ]
        lengths = [
            (10, t("{n} s", n=10)),
            (60, t("{n} min", n=1)),
            (300, t("{n} min", n=5)),
            (1800, t("{n} min", n=30)),
            (3600, t("{n} h", n=1)),
        ]
        values = {
            "place": "live",
            "camera": _for_scripts(camera),
            "spans": spans,
            "clip_lengths": lengths,
        }
        return self._frame.page(request, "camera.html", values)

    async def cameras(self, request: web.Request) -> web.Response:
        cameras = await asyncio.to_thread(self._catalogue.cameras)
        may_know = visitor(request).is_admin
        rows = [
            {**_for_scripts(c), "host": _host(c.url) if may_know else ""}
            for c in cameras
        ]
        values = {"place": "cameras", "cameras": rows}
        return self._frame.page(request, "cameras.html", values)

    async def new(self, request: web.Request) -> web.Response:
        values = {"place": "cameras", "camera": None}
        return self._frame.page(request, "camera_form.html", values)

    async def edit(self, request: web.Request) -> web.Response:
        camera = await self._asked(request)
        form = {
            "id": camera.id,
            "name": camera.name,
            "url": camera.url,
            "sub_url": camera.sub_url,
            "username": camera.username,
            "is_enabled": camera.is_enabled,
        }
        values = {"place": "cameras", "camera": form}
        return self._frame.page(request, "camera_form.html", values)

    async def _asked(self, request: web.Request) -> Camera:
        """The camera of the address. Raises `NotFound`."""
        camera_id = CameraId(request.match_info["id"])
        return await asyncio.to_thread(self._catalogue.camera, camera_id)


def _for_scripts(camera: Camera) -> dict[str, Any]:
    return {
        "id": camera.id,
        "name": camera.name,
        "hasSub": bool(camera.sub_url),
        "isEnabled": camera.is_enabled,
    }


def _host(url: str) -> str:
    """Where the camera is, as much as fits into a list."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2]
