"""Answering RTSP requests for all virtual cameras of one server (RFC 2326)."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from nvr.base.clock import Clock
from nvr.base.model import AUDIO, VIDEO, Role
from nvr.simulate.camera import Sets
from nvr.simulate.connection import Connection
from nvr.simulate.device import Device, Stream
from nvr.simulate.faults import FaultKind
from nvr.simulate.rtsp_message import Request, answer
from nvr.simulate.sdp import describe
from nvr.simulate.session import (
    DatagramReceiver,
    InterleavedReceiver,
    Session,
    TrackReceiver,
)

SESSION_TIMEOUT_S = 60
_METHODS = (
    "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER"
)
_INTERLEAVED = re.compile(r"interleaved=(\d+)")
_CLIENT_PORT = re.compile(r"client_port=(\d+)(?:-(\d+))?")
_TRACKS = {"trackID=0": VIDEO, "trackID=1": AUDIO}


@dataclass(frozen=True, slots=True)
class _Place:
    """What a URL points to. `track` is None for the whole stream."""

    device: Device
    role: Role
    stream: Stream
    track: int | None


class _Refused(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class RtspServer:
    """The dialogue; sockets belong to `Connection`, time to whoever calls."""

    def __init__(
        self, devices: dict[str, Device], *, clock: Clock, keeps_log: bool
    ) -> None:
        self._devices = devices
        self._clock = clock
        self._keeps_log = keeps_log
        self._methods: dict[str, Callable[[Connection, Request, _Place], bytes]] = {
            "DESCRIBE": self._describe,
            "SETUP": self._setup,
            "PLAY": self._play,
            "PAUSE": self._pause,
            "TEARDOWN": self._teardown,
            "GET_PARAMETER": self._keep_alive,
            "SET_PARAMETER": self._keep_alive,
        }

    def serve(self, connection: Connection, request: Request) -> None:
        """Answer one request, or not, if the camera is to be wrong in this way."""
        device = self._devices.get((request.path or [""])[0])
        faults = device.faults if device else {}
        if FaultKind.HALF_OPEN in faults:
            return
        if FaultKind.DROP in faults:
            connection.close()
            return
        try:
            reply = self._answer(connection, request, device)
        except _Refused as refusal:
            reply = answer(request, refusal.status)
        connection.send(reply)
        if request.method == "PLAY" and b"200 OK" in reply[:16]:
            self._start(request)

    def ended(self, connection: Connection) -> None:
        """A connection is closed: so are its sessions."""
        for device in self._devices.values():
            for session in list(device.sessions.values()):
                if session.connection is connection:
                    device.forget(session)

    def _answer(
        self, connection: Connection, request: Request, device: Device | None
    ) -> bytes:
        if "require" in request.headers:
            return answer(request, 551, {"Unsupported": request.headers["require"]})
        if request.method == "OPTIONS":
            self._heard(request, device)
            return answer(request, 200, {"Public": _METHODS})
        method = self._methods.get(request.method)
        if method is None:
            raise _Refused(501)
        place = self._place(request, device)
        if FaultKind.REFUSE in place.device.faults:
            raise _Refused(503)
        camera, keeper = place.device.camera, place.device.doorkeeper
        is_barred = FaultKind.UNAUTHORIZED in place.device.faults
        if is_barred or not keeper.admits(camera, request):
            return answer(request, 401, {"WWW-Authenticate": keeper.challenge(camera)})
        self._heard(request, place.device)
        return method(connection, request, place)

    def _place(self, request: Request, device: Device | None) -> _Place:
        path = request.path
        if device is None or not 2 <= len(path) <= 3 or path[1] not in tuple(Role):
            raise _Refused(404)
        role = Role(path[1])
        stream = device.streams.get(role)
        track = _TRACKS.get(path[2]) if len(path) == 3 else None
        if stream is None or (len(path) == 3 and track not in stream.feeds):
            raise _Refused(404)
        return _Place(device, role, stream, track)

    def _describe(
        self, connection: Connection, request: Request, place: _Place
    ) -> bytes:
        body = describe(
            connection.local_host,
            place.device.camera.name,
            place.stream.video,
            place.stream.audio,
            has_sets=place.device.camera.sets is not Sets.IN_BAND,
        )
        headers = {
            "Content-Base": request.url.rstrip("/") + "/",
            "Content-Type": "application/sdp",
        }
        return answer(request, 200, headers, body)

    def _setup(self, connection: Connection, request: Request, place: _Place) -> bytes:
        if place.track is None:
            raise _Refused(459)
        session = self._session_of(request, place.device)
        if session is None:
            session = Session(
                id=secrets.token_hex(8),
                camera=place.device.camera.name,
                role=place.role,
                connection=connection,
                now_us=self._clock.now().mono_us,
            )
        elif place.track in session.receivers or session.role is not place.role:
            raise _Refused(455)
        wish = request.headers.get("transport", "")
        receiver, transport = self._receiver(connection, wish, place.track)
        session.receivers[place.track] = receiver
        place.device.sessions[session.id] = session
        ssrc = place.stream.feeds[place.track].ssrc
        return answer(
            request,
            200,
            {
                "Transport": f"{transport};ssrc={ssrc:08X}",
                "Session": f"{session.id};timeout={SESSION_TIMEOUT_S}",
            },
        )

    def _receiver(
        self, connection: Connection, wish: str, track: int
    ) -> tuple[TrackReceiver, str]:
        for form in wish.split(","):
            if "RTP/AVP/TCP" in form.upper():
                match = _INTERLEAVED.search(form)
                channel = int(match[1]) if match else 2 * track
                if channel > 254:
                    raise _Refused(461)
                return (
                    InterleavedReceiver(connection, channel, keeps_log=self._keeps_log),
                    f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}",
                )
            match = _CLIENT_PORT.search(form)
            if match and "multicast" not in form:
                ports = int(match[1]), int(match[2] or int(match[1]) + 1)
                receiver = DatagramReceiver(
                    connection.local_host,
                    connection.peer_host,
                    ports,
                    keeps_log=self._keeps_log,
                )
                ours = receiver.ports
                return receiver, (
                    f"RTP/AVP;unicast;client_port={ports[0]}-{ports[1]};"
                    f"server_port={ours[0]}-{ours[1]}"
                )
        raise _Refused(461)

    def _play(self, connection: Connection, request: Request, place: _Place) -> bytes:
        session = self._needed_session(request, place.device)
        base = request.url.rstrip("/")
        parts = []
        for track in session.receivers:
            feed = place.stream.feeds[track]
            url = base if place.track is not None else f"{base}/trackID={track}"
            parts.append(
                f"url={url};seq={feed.sequence};rtptime={feed.next_timestamp()}"
            )
        headers = {
            "Session": session.id,
            "Range": "npt=now-",
            "RTP-Info": ",".join(parts),
        }
        return answer(request, 200, headers)

    def _start(self, request: Request) -> None:
        # After the answer is on its way: no packet may come before it.
        device = self._devices[request.path[0]]
        session = self._session_of(request, device)
        if session is not None:
            now = self._clock.now()
            device.play(session, now)
            device.report(session, now)

    def _pause(self, connection: Connection, request: Request, place: _Place) -> bytes:
        session = self._needed_session(request, place.device)
        place.device.pause(session)
        return answer(request, 200, {"Session": session.id})

    def _teardown(
        self, connection: Connection, request: Request, place: _Place
    ) -> bytes:
        place.device.forget(self._needed_session(request, place.device))
        return answer(request)

    def _keep_alive(
        self, connection: Connection, request: Request, place: _Place
    ) -> bytes:
        session = self._session_of(request, place.device)
        if session is None and "session" in request.headers:
            raise _Refused(454)
        return answer(request, 200, {"Session": session.id} if session else {})

    def _needed_session(self, request: Request, device: Device) -> Session:
        session = self._session_of(request, device)
        if session is None:
            raise _Refused(454)
        return session

    def _session_of(self, request: Request, device: Device) -> Session | None:
        return device.sessions.get(request.headers.get("session", "").split(";")[0])

    def _heard(self, request: Request, device: Device | None) -> None:
        session = self._session_of(request, device) if device else None
        if session is not None:
            session.last_heard_us = self._clock.now().mono_us
