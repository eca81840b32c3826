"""Clips: any interval of a camera as one MP4, with ranges and without waiting."""

from collections import OrderedDict

from aiohttp import hdrs, web
from nvr.web import asked
from nvr.web.audit_trail import AuditTrail
from nvr.web.clip_headers import clip_headers
from nvr.web.conditions import tag_to_resume, wanted_part
from nvr.web.context import visitor
from nvr.web.delivery import deliver, demand_possible
from nvr.web.describe import BINARY, Answer, Description
from nvr.web.policy import Policy, Routes
from nvr.web.vigil import Vigil
from nvr.web.work import Work

from nvr.base import rfc3339
from nvr.base.model import SECOND_US, Camera, CameraId, Role
from nvr.play.clip import Clip, compose
from nvr.play.footage import SegmentFiles
from nvr.store.catalogue import Catalogue

MOST_GROWING = 500

_Asked = tuple[CameraId, Role, int, int]


class ClipApi:
    """`GET /cameras/{id}/clip.mp4`."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        files: SegmentFiles,
        work: Work,
        trail: AuditTrail,
        vigil: Vigil,
    ) -> None:
        self._catalogue = catalogue
        self._files = files
        self._work = work
        self._trail = trail
        self._vigil = vigil
        self._growing: OrderedDict[_Asked, str] = OrderedDict()

    def add_to(self, routes: Routes) -> None:
        routes.add(
            "GET",
            "/api/v1/cameras/{id}/clip.mp4",
            self.clip,
            policy=Policy.SIGNED_IN,
            description=_CLIP,
        )

    async def clip(self, request: web.Request) -> web.StreamResponse:
        camera_id, role = asked.camera_id(request), asked.role(request)
        start_us, end_us = asked.interval(request)
        question = (camera_id, role, start_us, end_us)
        resume = tag_to_resume(request.headers) or self._promised(request, question)
        clip = await self._work.run(self._compose, *question, resume)
        self._promise(question, clip)
        part = wanted_part(
            request.method,
            request.headers,
            etag=clip.etag,
            modified_s=clip.end_us // SECOND_US,
            size=clip.size_bytes,
        )
        demand_possible(part, etag=clip.etag, size_bytes=clip.size_bytes)
        response = web.StreamResponse(
            status=part.status, headers=clip_headers(clip, part)
        )
        if part.size_bytes > 0 and request.method == hdrs.METH_GET:
            self._note(request, question)
        await response.prepare(request)
        if part.size_bytes > 0 and request.method != hdrs.METH_HEAD:
            parts = clip.slice(part.first, part.last)
            await deliver(
                request, response, parts, vigil=self._vigil, name=clip.filename
            )
        return response

    def _compose(
        self,
        camera_id: CameraId,
        role: Role,
        start_us: int,
        end_us: int,
        resume: str | None,
    ) -> Clip:
        camera: Camera = self._catalogue.camera(camera_id)
        return compose(
            self._catalogue,
            {},
            camera,
            role,
            start_us,
            end_us,
            files=self._files,
            resume=resume,
        )

    def _promised(self, request: web.Request, question: _Asked) -> str | None:
        """Players go on in a clip that grows without telling what they have: they
        get more of what was sent to anybody last."""
        text = request.headers.get(hdrs.RANGE, "")
        is_later_part = text.startswith("bytes=") and text[6:8] != "0-"
        return self._growing.get(question) if is_later_part else None

    def _promise(self, question: _Asked, clip: Clip) -> None:
        if clip.is_growing:
            self._growing[question] = clip.etag
            self._growing.move_to_end(question)
            if len(self._growing) > MOST_GROWING:
                self._growing.popitem(last=False)

    def _note(self, request: web.Request, question: _Asked) -> None:
        camera_id, role, start_us, end_us = question
        span = f"{rfc3339.text(start_us)}/{rfc3339.text(end_us)}"
        self._trail.note(visitor(request), "clip", f"camera {camera_id} {role} {span}")


_CLIP = Description(
    "Download an interval as MP4",
    "Composed from the recorded files without decoding: the length is exact, a "
    "download can be resumed with Range and If-Range, and the first picture is the "
    "one of `start`. An interval may be up to 24 hours long and may end now.",
    parameters=(asked.CAMERA, asked.START, asked.END, asked.ROLE),
    answers=(
        Answer(
            200,
            "The clip.",
            BINARY,
            "video/mp4",
            {
                "X-NVR-Start": "Time of the first picture.",
                "X-NVR-End": "Time of the end of the last picture.",
                "X-NVR-Gap-Count": "How many gaps the interval has.",
                "X-NVR-Gaps": "The first 50 gaps: `start/end;cause=…, …`.",
                "ETag": "Changes if and only if the bytes do.",
            },
        ),
        Answer(206, "The part of the clip that was asked for.", BINARY, "video/mp4"),
        Answer(304, "What you have is still right."),
    ),
    failures=(404, 409, 412, 416, 422, 429),
    tag="footage",
)
