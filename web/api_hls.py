"""HLS: playlists of recorded intervals and of what is being recorded, and their media.

Playlists name files by number only, relative to their own address; whoever fetches one
is checked like for any other footage of that camera.
"""

import re

from aiohttp import hdrs, web
from nvr.web import asked
from nvr.web.audit_trail import AuditTrail
from nvr.web.conditions import wanted_part
from nvr.web.context import visitor
from nvr.web.delivery import deliver, demand_possible
from nvr.web.describe import BINARY, TEXT, WHOLE, Answer, Description, Parameter
from nvr.web.policy import Policy, Routes
from nvr.web.problems import absent
from nvr.web.vigil import Vigil
from nvr.web.work import Work

from nvr.base import rfc3339
from nvr.base.model import SECOND_US, CameraId, Role, SegmentId
from nvr.play.footage import SegmentFiles
from nvr.play.hls_file import HlsFile
from nvr.play.hls_live import LivePlaylists, Origin
from nvr.play.hls_playlist import MIME
from nvr.play.hls_recorded import recorded
from nvr.play.parts import Part
from nvr.store.catalogue import Catalogue
from nvr.store.footage import READABLE

_ORIGIN = re.compile(r"([0-9]{1,18})-([0-9]{1,6})-([0-9]{1,4})")
_FILE = re.compile(r"[0-9]{1,18}")


class HlsApi:
    """`…/hls/…` of a camera."""

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
        self._live = LivePlaylists(catalogue=catalogue, files=files)
        self._work = work
        self._trail = trail
        self._vigil = vigil

    def add_to(self, routes: Routes) -> None:
        for name, handler, description in (
            ("recorded.m3u8", self.recorded, _RECORDED),
            ("live.m3u8", self.live, _LIVE),
            ("live-{origin}.m3u8", self.follow, _FOLLOW),
            ("{segment}.mp4", self.media, _MEDIA),
        ):
            routes.add(
                "GET",
                f"/api/v1/cameras/{{id}}/hls/{name}",
                handler,
                policy=Policy.SIGNED_IN,
                description=description,
            )

    async def recorded(self, request: web.Request) -> web.Response:
        camera_id, role = asked.camera_id(request), asked.role(request)
        start_us, end_us = asked.interval(request)
        text = await self._work.run(self._recorded, camera_id, role, start_us, end_us)
        span = f"{rfc3339.text(start_us)}/{rfc3339.text(end_us)}"
        self._trail.note(visitor(request), "hls", f"camera {camera_id} {role} {span}")
        return _playlist(text)

    async def live(self, request: web.Request) -> web.Response:
        camera_id, role = asked.camera_id(request), asked.role(request)
        text = await self._work.run(self._begin, camera_id, role)
        self._trail.note(visitor(request), "hls-live", f"camera {camera_id} {role}")
        return _playlist(text)

    async def follow(self, request: web.Request) -> web.Response:
        camera_id = asked.camera_id(request)
        found = _ORIGIN.fullmatch(request.match_info["origin"])
        if found is None:
            raise absent()
        file, number, target = map(int, found.groups())
        origin = Origin(SegmentId(file), number, target)
        return _playlist(await self._work.run(self._live.follow, camera_id, origin))

    async def media(self, request: web.Request) -> web.StreamResponse:
        camera_id, number = asked.camera_id(request), request.match_info["segment"]
        if not _FILE.fullmatch(number):
            raise absent()
        file = await self._work.run(self._file, camera_id, SegmentId(int(number)))
        part = wanted_part(
            request.method,
            request.headers,
            etag=file.etag,
            modified_s=file.prepared.index.end_us // SECOND_US,
            size=file.size_bytes,
        )
        demand_possible(part, etag=file.etag, size_bytes=file.size_bytes)
        has_body = part.size_bytes > 0 and request.method == hdrs.METH_GET
        parts: list[Part] = []
        if has_body:
            parts = await self._work.run(_slice, file, part.first, part.last)
            seen = f"camera {camera_id} {file.segment.role}"
            self._trail.note(visitor(request), "hls-media", seen)
        headers: dict[str, str] = {hdrs.ETAG: file.etag, hdrs.ACCEPT_RANGES: "bytes"}
        if part.status != 304:
            headers[hdrs.CONTENT_TYPE] = "video/mp4"
            headers[hdrs.CONTENT_LENGTH] = str(part.size_bytes)
        if part.status == 206:
            span = f"{part.first}-{part.last}/{file.size_bytes}"
            headers[hdrs.CONTENT_RANGE] = f"bytes {span}"
        response = web.StreamResponse(status=part.status, headers=headers)
        await response.prepare(request)
        if has_body:
            name = f"hls of segment {number}"
            await deliver(request, response, parts, vigil=self._vigil, name=name)
        return response

    def _recorded(
        self, camera_id: CameraId, role: Role, start_us: int, end_us: int
    ) -> str:
        camera = self._catalogue.camera(camera_id)
        return recorded(self._catalogue, self._files, camera, role, start_us, end_us)

    def _begin(self, camera_id: CameraId, role: Role) -> str:
        return self._live.begin(self._catalogue.camera(camera_id), role)

    def _file(self, camera_id: CameraId, number: SegmentId) -> HlsFile:
        segment = self._catalogue.segment(number)
        if segment.camera_id != camera_id or segment.state not in READABLE:
            raise absent()
        prepared = self._files.prepared(segment)
        if prepared is None:
            raise absent()
        return HlsFile(segment, self._files.path(segment), prepared)


def _slice(file: HlsFile, first: int, last: int) -> list[Part]:
    try:
        return file.slice(first, last)
    except OSError:
        raise absent() from None


def _playlist(text: str) -> web.Response:
    return web.Response(body=text.encode(), headers={hdrs.CONTENT_TYPE: MIME})


_TEXT = Answer(200, "The playlist.", TEXT, MIME)
_RECORDED = Description(
    "Play an interval by HLS",
    "A media playlist of fragmented MP4, from the key frame at or before `start`; at "
    "most 24 hours. Media time is seconds since 1970 on the server's clock, gaps are "
    "discontinuities. H.264, H.265 (`hvc1`) and AAC; other sound is left out.",
    parameters=(asked.CAMERA, asked.START, asked.END, asked.ROLE),
    answers=(_TEXT,),
    failures=(404, 422, 429),
    tag="footage",
)
_LIVE = Description(
    "Watch live by HLS",
    "A multivariant playlist, which names the playlist to follow. Give it to a player; "
    "the picture is some seconds behind, which that of `live` is not.",
    parameters=(asked.CAMERA, asked.ROLE),
    answers=(_TEXT,),
    failures=(404, 422, 429),
    tag="live",
)
_FOLLOW = Description(
    "The live playlist as it is now",
    "Named by `live.m3u8`; begin there.",
    parameters=(
        asked.CAMERA,
        Parameter("origin", "From where on it counts.", TEXT, is_required=True),
    ),
    answers=(_TEXT,),
    failures=(404, 429),
    tag="live",
)
_MEDIA = Description(
    "The media that playlists name",
    "A segment file as fragmented MP4 at wall-clock time. Playlists give byte ranges "
    "of it; ranges of it never change, also while it is being recorded.",
    parameters=(
        asked.CAMERA,
        Parameter("segment", "The segment's number.", WHOLE, is_required=True),
    ),
    answers=(
        Answer(200, "All of it so far.", BINARY, "video/mp4"),
        Answer(206, "The range that was asked for.", BINARY, "video/mp4"),
        Answer(304, "What you have is still right."),
    ),
    failures=(404, 412, 416, 429),
    tag="footage",
)
