"""What there is of a camera: its timeline, and single pictures."""

import asyncio
import json
from typing import Any

from aiohttp import hdrs, web
from nvr.web import asked
from nvr.web.audit_trail import AuditTrail
from nvr.web.context import visitor
from nvr.web.describe import (
    BINARY,
    FLAG,
    TEXT,
    TIME,
    WHOLE,
    Answer,
    Description,
    Parameter,
    optional,
    rows,
    shape,
)
from nvr.web.policy import Policy, Routes
from nvr.web.problems import invalid

from nvr.base import rfc3339
from nvr.base.model import SECOND_US, CameraId, GapCause, Role
from nvr.play.still import MOST_WIDTH, StillMaker
from nvr.play.timeline import Timeline, timeline
from nvr.store.catalogue import Catalogue

LEAST_WIDTH = 16
LONGEST_US = 400 * 24 * 3600 * SECOND_US


class FootageApi:
    """`…/timeline` and `…/still.jpg` of a camera."""

    def __init__(
        self, *, catalogue: Catalogue, stills: StillMaker, trail: AuditTrail
    ) -> None:
        self._catalogue = catalogue
        self._stills = stills
        self._trail = trail

    def add_to(self, routes: Routes) -> None:
        for name, handler, description in (
            ("timeline", self.timeline, _TIMELINE),
            ("still.jpg", self.still, _STILL),
        ):
            routes.add(
                "GET",
                f"/api/v1/cameras/{{id}}/{name}",
                handler,
                policy=Policy.SIGNED_IN,
                description=description,
            )

    async def timeline(self, request: web.Request) -> web.Response:
        camera_id, role = asked.camera_id(request), asked.role(request)
        start_us, end_us = asked.interval(request)
        if end_us - start_us > LONGEST_US:
            raise invalid("end", "Ask for at most 400 days at a time.")
        text = await asyncio.to_thread(
            self._timeline, camera_id, role, start_us, end_us
        )
        who = visitor(request)
        self._trail.note(who, "timeline", f"camera {camera_id} {role}")
        return web.json_response(text=text)

    def _timeline(
        self, camera_id: CameraId, role: Role, start_us: int, end_us: int
    ) -> str:
        """Blocks: the timeline as JSON, which of a bad year is long."""
        self._catalogue.camera(camera_id)  # raises NotFound
        found = timeline(self._catalogue, camera_id, role, start_us, end_us)
        return json.dumps(_json(found))

    async def still(self, request: web.Request) -> web.Response:
        camera_id, role = asked.camera_id(request), asked.role(request)
        at_us = asked.instant(request, "at")
        width = asked.whole(request, "width", LEAST_WIDTH, MOST_WIDTH)
        camera = await asyncio.to_thread(self._catalogue.camera, camera_id)
        still = await self._stills.jpeg(
            camera, role, at_us, width, exact=asked.flag(request, "exact")
        )
        self._trail.note(visitor(request), "still", f"camera {camera_id} {role}")
        return web.Response(
            body=still.jpeg,
            headers={
                hdrs.CONTENT_TYPE: "image/jpeg",
                "X-NVR-Time": rfc3339.text(still.wall_us),
            },
        )


def _json(found: Timeline) -> dict[str, Any]:
    return {
        "start": rfc3339.text(found.start_us),
        "end": rfc3339.text(found.end_us),
        "runs": [
            {"start": rfc3339.text(run.start_us), "end": _text(run.end_us)}
            for run in found.runs
        ],
        "gaps": [
            {
                "start": rfc3339.text(gap.start_us),
                "end": _text(gap.end_us),
                "cause": gap.cause,
                "detail": gap.detail,
            }
            for gap in found.gaps
        ],
        "first": _text(found.first_us),
        "last": _text(found.last_us),
    }


def _text(wall_us: int | None) -> str | None:
    return None if wall_us is None else rfc3339.text(wall_us)


_TIMELINE = Description(
    "What an interval has and has not",
    "Each instant since the camera was added is in a run (recorded without a gap) or "
    "in a gap with its cause. At most 400 days at a time.",
    parameters=(asked.CAMERA, asked.START, asked.END, asked.ROLE),
    answers=(
        Answer(
            200,
            "Runs and gaps in order, cut to the interval.",
            shape(
                start=TIME,
                end=TIME,
                runs=rows(shape(start=TIME, end=TIME)),
                gaps=rows(
                    shape(
                        start=TIME,
                        end=TIME,
                        cause={"type": "string", "enum": [c.value for c in GapCause]},
                        detail=TEXT,
                    )
                ),
                first=optional(TIME),
                last=optional(TIME),
            ),
        ),
    ),
    failures=(404, 422),
    tag="footage",
)
_STILL = Description(
    "One picture as JPEG",
    "The key frame at or before `at`, or with `exact` the very picture.",
    parameters=(
        asked.CAMERA,
        Parameter("at", "When, RFC 3339 with a zone; left out: now.", TIME),
        asked.ROLE,
        Parameter(
            "width",
            "Make it no wider; it is never made larger.",
            dict(WHOLE, minimum=LEAST_WIDTH, maximum=MOST_WIDTH),
        ),
        Parameter("exact", "Decode up to the instant itself.", FLAG),
    ),
    answers=(
        Answer(
            200,
            "The picture.",
            BINARY,
            "image/jpeg",
            {"X-NVR-Time": "When the picture was taken."},
        ),
    ),
    failures=(404, 422, 503),
    tag="footage",
)
