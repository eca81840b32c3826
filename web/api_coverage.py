"""Footage accounting: how much of each hour or day there is, and why not the rest."""

import asyncio
import json

from aiohttp import hdrs, web
from nvr.web import asked
from nvr.web.audit_trail import AuditTrail
from nvr.web.context import visitor
from nvr.web.describe import (
    TEXT,
    TIME,
    WHOLE,
    Answer,
    Description,
    Parameter,
    rows,
    shape,
)
from nvr.web.pages_values import site_zone
from nvr.web.policy import Policy, Routes
from nvr.web.problems import invalid

from nvr.base import rfc3339
from nvr.base.clock import Clock
from nvr.base.model import SECOND_US, Camera, CameraId, GapCause
from nvr.keep import coverage
from nvr.keep.accounting import OTHER_KINDS
from nvr.keep.calendar import Step, bounds
from nvr.store.catalogue import Catalogue

LONGEST_US = 400 * 24 * 3600 * SECOND_US
MOST_STEPS = 50_000
"""Of all cameras together: some 11 MB of JSON, made in 1.5 s."""


class CoverageApi:
    """`/coverage` and `/cameras/{id}/coverage`."""

    def __init__(
        self, *, catalogue: Catalogue, clock: Clock, trail: AuditTrail, time_zone: str
    ) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._trail = trail
        self._zone = site_zone(time_zone)

    def add_to(self, routes: Routes) -> None:
        for path, handler, description in (
            ("/api/v1/coverage", self.all, _ALL),
            ("/api/v1/cameras/{id}/coverage", self.one, _ONE),
        ):
            routes.add(
                "GET",
                path,
                handler,
                policy=Policy.SIGNED_IN,
                description=description,
            )

    async def one(self, request: web.Request) -> web.Response:
        return await self._answer(request, asked.camera_id(request))

    async def all(self, request: web.Request) -> web.Response:
        return await self._answer(request, None)

    async def _answer(
        self, request: web.Request, camera_id: CameraId | None
    ) -> web.Response:
        role, step = asked.role(request), _step(request)
        is_csv = _is_csv(request)
        edges = bounds(*self._interval(request), step, self._zone)

        def work() -> str:
            cameras = self._cameras(camera_id)
            if len(cameras) * (len(edges) - 1) > MOST_STEPS:
                raise invalid("end", f"Ask for at most {MOST_STEPS} steps at a time.")
            now_us = self._clock.now().wall_us
            found = coverage.coverage(self._catalogue, cameras, role, edges, now_us)
            if is_csv:
                return coverage.csv_text(found)
            head = {
                "start": rfc3339.text(edges[0]),
                "end": rfc3339.text(edges[-1]),
                "step": step.value,
                "role": role.value,
                "time_zone": self._zone.key,
            }
            told = [
                {"id": c.camera.id, "name": c.camera.name, "steps": coverage.rows(c)}
                for c in found
            ]
            body = {"cameras": told} if camera_id is None else told[0]
            return json.dumps({**head, **body})

        text = await asyncio.to_thread(work)
        whose = "all cameras" if camera_id is None else f"camera {camera_id}"
        self._trail.note(visitor(request), "coverage", f"{whose} {role}")
        return _csv(text) if is_csv else web.json_response(text=text)

    def _cameras(self, camera_id: CameraId | None) -> list[Camera]:
        """Blocks. Raises `NotFound`."""
        if camera_id is None:
            return self._catalogue.cameras()
        return [self._catalogue.camera(camera_id)]

    def _interval(self, request: web.Request) -> tuple[int, int]:
        start_us, end_us = asked.interval(request)
        if end_us - start_us > LONGEST_US:
            raise invalid("end", "Ask for at most 400 days at a time.")
        if end_us > self._clock.now().wall_us + LONGEST_US:
            raise invalid("end", "The end is more than 400 days ahead.")
        return start_us, end_us


def _step(request: web.Request) -> Step:
    try:
        return Step(request.query.get("step", Step.DAY.value))
    except ValueError:
        raise invalid("step", "“step” must be hour or day.") from None


def _is_csv(request: web.Request) -> bool:
    text = request.query.get("format", "json")
    if text not in ("json", "csv"):
        raise invalid("format", "“format” must be json or csv.")
    return text == "csv"


def _csv(text: str) -> web.Response:
    return web.Response(
        text=text,
        content_type="text/csv",
        charset="utf-8",
        headers={hdrs.CONTENT_DISPOSITION: 'attachment; filename="coverage.csv"'},
    )


_STEP = Parameter(
    "step",
    "Cut at the full hours of UTC, or at the midnights of the site's time zone.",
    {"type": "string", "enum": [s.value for s in Step], "default": "day"},
)
_FORMAT = Parameter(
    "format",
    "`csv` is a table for spreadsheets, a line for each camera and step.",
    {"type": "string", "enum": ["json", "csv"], "default": "json"},
)
_HEAD = {
    "start": TIME,
    "end": TIME,
    "step": _STEP.schema,
    "role": asked.ROLE.schema,
    "time_zone": TEXT,
}
_CAMERA = {
    "id": {"type": "string", "format": "uuid"},
    "name": TEXT,
    "steps": rows(
        shape(
            start=TIME,
            end=TIME,
            length_us=WHOLE,
            recorded_us=WHOLE,
            gaps_us={
                "type": "object",
                "propertyNames": {"enum": [cause.value for cause in GapCause]},
                "additionalProperties": WHOLE,
            },
            **{f"{kind}_us": WHOLE for kind in OTHER_KINDS},
        )
    ),
}
_TEXT = (
    "Of each step, `recorded_us`, all of `gaps_us` (by cause), `before_us` (the camera "
    "had not been added), `deleted_us` (recorded, and removed by retention), "
    "`pending_us` (later than what is written down) and `unknown_us` (0 unless the "
    "catalogue is damaged) make up `length_us` to the microsecond. Time that two "
    "recordings tell of, after the clock was set back, is counted once. "
    f"At most 400 days and {MOST_STEPS} steps at a time."
)
_QUESTION = (asked.START, asked.END, _STEP, asked.ROLE, _FORMAT)
_ALL = Description(
    "What all cameras have of each hour or day",
    _TEXT,
    parameters=_QUESTION,
    answers=(
        Answer(
            200, "The cameras by name.", shape(**_HEAD, cameras=rows(shape(**_CAMERA)))
        ),
    ),
    failures=(422,),
    tag="footage",
)
_ONE = Description(
    "What a camera has of each hour or day",
    _TEXT,
    parameters=(asked.CAMERA, *_QUESTION),
    answers=(Answer(200, "The steps in order.", shape(**_HEAD, **_CAMERA)),),
    failures=(404, 422),
    tag="footage",
)
