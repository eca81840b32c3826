"""How the server is: for load balancers one word, for people who may know all of it."""

import asyncio
from pathlib import Path
from typing import Any

from aiohttp import web
from nvr.web.describe import (
    NUMBER,
    TEXT,
    TIME,
    WHOLE,
    Answer,
    Description,
    optional,
    rows,
    shape,
)
from nvr.web.policy import Policy, Routes
from nvr.web.problems import Problem

from nvr.base import rfc3339
from nvr.base.clock import Clock
from nvr.base.errors import CatalogueError
from nvr.base.model import SECOND_US
from nvr.play.status import CameraStatus, RecorderStatus, whole
from nvr.store.catalogue import Catalogue

_HEALTH_US = SECOND_US
"""The catalogue is asked no more often, however many strangers ask us."""
_HEALTH_SECONDS = 5.0


class StatusApi:
    """`/status` and `/healthz`."""

    def __init__(self, *, run_dir: Path, catalogue: Catalogue, clock: Clock) -> None:
        self._run_dir = run_dir
        self._catalogue = catalogue
        self._clock = clock
        self._looked_us = -_HEALTH_US
        self._is_well = False

    def add_to(self, routes: Routes) -> None:
        routes.add(
            "GET",
            "/api/v1/status",
            self.status,
            policy=Policy.SIGNED_IN,
            description=_STATUS,
        )
        routes.add(
            "GET", "/healthz", self.health, policy=Policy.OPEN, description=_HEALTH
        )

    async def status(self, request: web.Request) -> web.Response:
        found, cameras = await asyncio.gather(
            whole(self._run_dir), asyncio.to_thread(self._catalogue.cameras)
        )
        names = {camera.id: camera.name for camera in cameras}
        return web.json_response(
            {
                "now": rfc3339.text(self._clock.now().wall_us),
                "cameras": [
                    {"name": names[row.id], **_camera(row)}
                    for row in found.cameras
                    if row.id in names
                ],
                "recorders": [_recorder(row) for row in found.recorders],
            }
        )

    async def health(self, request: web.Request) -> web.Response:
        now_us = self._clock.now().mono_us
        if now_us - self._looked_us >= _HEALTH_US:
            self._looked_us = now_us
            self._is_well = await self._look()
        if not self._is_well:
            raise Problem(503, "unavailable", "The catalogue cannot be read.")
        return web.json_response({"status": "ok"})

    async def _look(self) -> bool:
        try:
            async with asyncio.timeout(_HEALTH_SECONDS):
                await asyncio.to_thread(self._catalogue.revision)
        except (CatalogueError, TimeoutError):
            return False
        return True


def _camera(row: CameraStatus) -> dict[str, Any]:
    return {
        "id": row.id,
        "role": row.role.value,
        "state": row.state,
        "cause": row.cause,
        "detail": row.detail,
        "since": _text(row.since_us),
        "last_picture": _text(row.last_unit_us),
        "bits_per_second": row.bits_per_second,
        "frames_per_second": row.frames_per_second,
        "lost_packets": row.lost_packets,
        "reconnects": row.reconnects,
        "clock_offset_us": row.clock_offset_us,
        "queue_bytes": row.queue_bytes,
        "codec": row.codec,
        "width": row.width,
        "height": row.height,
        "volume": row.volume,
    }


def _recorder(row: RecorderStatus) -> dict[str, Any]:
    return {
        "pid": row.pid,
        "cpu_seconds": row.cpu_seconds,
        "rss_bytes": row.rss_bytes,
    }


def _text(wall_us: int | None) -> str | None:
    return None if wall_us is None else rfc3339.text(wall_us)


_CAMERA = shape(
    name=TEXT,
    id={"type": "string", "format": "uuid"},
    role=TEXT,
    state={"type": "string", "enum": ["recording", "connecting", "waiting", "off"]},
    cause=optional(TEXT),
    detail=TEXT,
    since=optional(TIME),
    last_picture=optional(TIME),
    bits_per_second=NUMBER,
    frames_per_second=NUMBER,
    lost_packets=WHOLE,
    reconnects=WHOLE,
    clock_offset_us=optional(WHOLE),
    queue_bytes=WHOLE,
    codec=TEXT,
    width=WHOLE,
    height=WHOLE,
    volume=optional(TEXT),
)
_STATUS = Description(
    "What every camera is doing now",
    "A camera that no recorder answers for is missing from the list: nobody records "
    "it at the moment.",
    answers=(
        Answer(
            200,
            "The streams of all recorders that answered.",
            shape(
                now=TIME,
                cameras=rows(_CAMERA),
                recorders=rows(shape(pid=WHOLE, cpu_seconds=NUMBER, rss_bytes=WHOLE)),
            ),
        ),
    ),
    tag="status",
)
_HEALTH = Description(
    "Does it work?",
    "For load balancers and monitors; tells nothing else.",
    answers=(Answer(200, "It does.", shape(status=TEXT)),),
    failures=(503,),
    tag="status",
)
