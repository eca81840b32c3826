"""Live pictures over a WebSocket, for Media Source Extensions.

Each message of a recorder becomes a text message, its JSON header, and if it has bytes
a binary message with them. When nothing happens for a while, `{"type": "idle"}` says
that the connection lives.
"""

import asyncio
import logging
from contextlib import aclosing
from pathlib import Path

from aiohttp import WSCloseCode, WSMsgType, web
from nvr.web import asked
from nvr.web.audit_trail import AuditTrail
from nvr.web.context import visitor
from nvr.web.describe import Answer, Description
from nvr.web.policy import Policy, Routes
from nvr.web.problems import Problem
from nvr.web.viewer_queue import ViewerQueue
from nvr.web.vigil import Vigil

from nvr.base.clock import Clock
from nvr.base.errors import NotFound
from nvr.base.model import CameraId, Role
from nvr.play.live import LiveMessage, watch
from nvr.store.catalogue import Catalogue

MOST_VIEWERS = 500
MOST_MESSAGE_BYTES = 1024
"""Viewers have nothing to say."""
IDLE_SECONDS = 10.0
HEARTBEAT_SECONDS = 15.0
STALLED_SECONDS = 20.0
"""A viewer that takes nothing for so long is gone."""
GOODBYE_SECONDS = 1.0

_log = logging.getLogger(__name__)


class LiveApi:
    """`GET /cameras/{id}/live`."""

    def __init__(
        self,
        *,
        run_dir: Path,
        catalogue: Catalogue,
        clock: Clock,
        trail: AuditTrail,
        vigil: Vigil,
    ) -> None:
        self._run_dir = run_dir
        self._catalogue = catalogue
        self._clock = clock
        self._trail = trail
        self._vigil = vigil
        self._viewers: dict[web.WebSocketResponse, web.Request] = {}

    def add_to(self, routes: Routes) -> None:
        routes.add(
            "GET",
            "/api/v1/cameras/{id}/live",
            self.live,
            policy=Policy.SIGNED_IN,
            description=_LIVE,
        )

    async def close(self) -> None:
        """Send every viewer away: the server stops."""
        code = WSCloseCode.GOING_AWAY
        viewers = list(self._viewers.items())
        await asyncio.gather(
            *(_close(request, it, code, "the server stops") for it, request in viewers)
        )

    async def live(self, request: web.Request) -> web.StreamResponse:
        camera_id, role = asked.camera_id(request), asked.role(request)
        camera = await asyncio.to_thread(self._catalogue.camera, camera_id)
        if role is Role.SUB and not camera.sub_url:
            raise NotFound(f"camera {camera.name!r} has no sub stream")
        if len(self._viewers) >= MOST_VIEWERS:
            raise Problem(
                503,
                "busy",
                f"{MOST_VIEWERS} live pictures are being watched, which is the limit.",
                headers={"Retry-After": "30"},
            )
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_SECONDS,
            compress=False,
            max_msg_size=MOST_MESSAGE_BYTES,
            timeout=GOODBYE_SECONDS / 2,
        )
        if not socket.can_prepare(request).ok:
            raise Problem(
                426,
                "websocket",
                "This is for WebSockets only; use still.jpg for single pictures.",
                headers={"Upgrade": "websocket"},
            )
        await socket.prepare(request)
        await self._serve(request, socket, camera_id, role)
        return socket

    async def _serve(
        self,
        request: web.Request,
        socket: web.WebSocketResponse,
        camera_id: CameraId,
        role: Role,
    ) -> None:
        who = visitor(request)
        begun_us = self._clock.now().mono_us
        self._trail.note(who, "live", f"camera {camera_id} {role}")
        queue = ViewerQueue()
        tasks = [
            asyncio.create_task(self._receive(queue, camera_id, role)),
            asyncio.create_task(_send(socket, queue)),
            asyncio.create_task(_listen(socket)),
        ]
        revoked = asyncio.Event()
        tasks.append(asyncio.create_task(_until(revoked)))
        self._viewers[socket] = request
        try:
            with self._vigil.over(who, revoked.set):
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._viewers.pop(socket, None)
            await _end(tasks)
        if revoked.is_set():
            await _close(request, socket, WSCloseCode.POLICY_VIOLATION, "signed out")
        else:
            await _close(request, socket, WSCloseCode.OK, "")
        seconds = (self._clock.now().mono_us - begun_us) // 1_000_000
        self._trail.note(who, "live-end", f"camera {camera_id} {role}", seconds=seconds)

    async def _receive(
        self, queue: ViewerQueue, camera_id: CameraId, role: Role
    ) -> None:
        messages = watch(self._run_dir, camera_id, role, clock=self._clock)
        async with aclosing(messages):
            async for message in messages:
                queue.put(message)


async def _send(socket: web.WebSocketResponse, queue: ViewerQueue) -> None:
    idle = LiveMessage({"type": "idle"}, b"")
    while True:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                message = await queue.get()
        except TimeoutError:
            message = idle
        async with asyncio.timeout(STALLED_SECONDS):
            await socket.send_json(message.header)
            if message.body:
                await socket.send_bytes(message.body)


async def _listen(socket: web.WebSocketResponse) -> None:
    """Ends when the viewer leaves, or says anything: there is nothing to say."""
    message = await socket.receive()
    if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
        _log.info("a live viewer sent a message and is closed")


async def _until(event: asyncio.Event) -> None:
    await event.wait()


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        is_usual = isinstance(
            result, ConnectionError | TimeoutError | asyncio.CancelledError | None
        )
        if not is_usual:
            _log.warning("a live view ended with %r", result)


async def _close(
    request: web.Request, socket: web.WebSocketResponse, code: int, reason: str
) -> None:
    """Say goodbye, and hang up on whoever does not even take that."""
    try:
        async with asyncio.timeout(GOODBYE_SECONDS):
            await socket.close(code=code, message=reason.encode())
    except (TimeoutError, ConnectionError, RuntimeError):
        pass
    transport = request.transport
    if isinstance(transport, asyncio.Transport) and transport.get_write_buffer_size():
        transport.abort()


_LIVE = Description(
    "Watch live (WebSocket)",
    "Text messages are JSON headers, each followed by a binary message if it has "
    "bytes: `init` with `mime` (an initialization segment), `fragment` with `wall_us` "
    "and `is_key` (moof and mdat), `skipped` with `units`, `offline` with `cause` and "
    "`detail`, `idle`. It is closed within 5 s when access ends.",
    parameters=(asked.CAMERA, asked.ROLE),
    answers=(Answer(101, "The connection becomes a WebSocket."),),
    failures=(404, 422, 426, 503),
    tag="live",
)
