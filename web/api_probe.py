"""Trying a camera before it is added: what it offers, and a picture of it."""

import asyncio
import base64
import logging
from typing import Any

from aiohttp import web
from nvr.web.audit_trail import AuditTrail
from nvr.web.bodies import read_body
from nvr.web.camera_address import CameraAddresses
from nvr.web.camera_bodies import CameraToProbe
from nvr.web.context import visitor
from nvr.web.describe import NUMBER, TEXT, WHOLE, Answer, Description, optional, shape
from nvr.web.policy import Policy, Routes
from nvr.web.problems import Problem

from nvr.base.clock import Clock
from nvr.base.errors import MediaError
from nvr.base.model import CameraId
from nvr.codec.still import StillBusy, StillDecoder, StillRequest
from nvr.ingest.address import AddressPolicy
from nvr.ingest.probe import Probe, probe

AT_ONCE = 4
STILL_WIDTH = 960

_log = logging.getLogger(__name__)


class ProbeApi:
    """`POST /cameras/probe`. It takes some seconds; a few run at a time."""

    def __init__(
        self,
        *,
        addresses: CameraAddresses,
        policy: AddressPolicy,
        decoder: StillDecoder,
        clock: Clock,
        trail: AuditTrail,
    ) -> None:
        self._addresses = addresses
        self._policy = policy
        self._decoder = decoder
        self._clock = clock
        self._trail = trail
        self._running = 0

    def add_to(self, routes: Routes) -> None:
        routes.add(
            "POST",
            "/api/v1/cameras/probe",
            self.probe,
            policy=Policy.ADMIN,
            description=_PROBE,
        )

    async def probe(self, request: web.Request) -> web.Response:
        body = await read_body(request, CameraToProbe)
        password = body.password or ""
        if body.password is None and body.camera_id:
            camera_id = CameraId(body.camera_id)
            password = await self._addresses.stored(camera_id, body.url)
        address = await self._addresses.to_try(body.url, body.username, password)
        self._trail.note(visitor(request), "camera-probe", address.url)
        if self._running >= AT_ONCE:
            raise Problem(
                429,
                "busy",
                f"{AT_ONCE} cameras are being tried already; wait some seconds.",
                headers={"Retry-After": "5"},
            )
        self._running += 1
        try:
            seen = await probe(address, clock=self._clock, policy=self._policy)
        finally:
            self._running -= 1
        return web.json_response({**_json(seen), "still": await self._still(seen)})

    async def _still(self, seen: Probe) -> str | None:
        """The first picture as base64 JPEG; None: it cannot be decoded."""
        video, unit = seen.format.video, seen.key_unit
        if video is None or unit is None:
            return None
        request = StillRequest(
            codec=video.codec,
            parameter_sets=video.parameter_sets,
            units=[unit.payload],
            times=[0],
            wanted=0,
            width=STILL_WIDTH,
        )
        try:
            picture = await self._decoder.make(request)
        except (MediaError, StillBusy, TimeoutError) as error:
            _log.info("no still of a probed camera: %s", error)
            return None
        encoded = await asyncio.to_thread(base64.b64encode, picture.jpeg)
        return encoded.decode()


def _json(seen: Probe) -> dict[str, Any]:
    video, audio = seen.format.video, seen.format.audio
    return {
        "server": seen.server,
        "video": video
        and {"codec": video.codec, "width": video.width, "height": video.height},
        "audio": audio
        and {
            "codec": audio.codec,
            "sample_rate": audio.clock_rate,
            "channels": audio.channels,
        },
        "frames_per_second": seen.frames_per_second,
        "bits_per_second": seen.bits_per_second,
        "key_interval_s": seen.key_interval_s,
        "clock_offset_us": seen.clock_offset_us,
        "tracks_ignored": seen.tracks_ignored,
    }


_PROBE = Description(
    "Try a camera",
    "Connects, watches for some seconds and tells what the camera offers, or in one "
    "sentence why it cannot be used. Nothing is stored.",
    body=CameraToProbe,
    answers=(
        Answer(
            200,
            "What was seen.",
            shape(
                server=TEXT,
                video=optional(shape(codec=TEXT, width=WHOLE, height=WHOLE)),
                audio=optional(shape(codec=TEXT, sample_rate=WHOLE, channels=WHOLE)),
                frames_per_second=NUMBER,
                bits_per_second=WHOLE,
                key_interval_s=optional(NUMBER),
                clock_offset_us=optional(WHOLE),
                tracks_ignored={"type": "array", "items": TEXT},
                still=optional({"type": "string", "contentEncoding": "base64"}),
            ),
        ),
    ),
    failures=(400, 413, 415, 422, 429),
    tag="cameras",
)
