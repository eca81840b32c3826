"""A small HTTP door on loopback, to make cameras go wrong from outside.

    GET  /cameras                          names, addresses, what is wrong with each
    GET  /sessions                         who receives what, and how much was sent
    POST /cameras/NAME/faults              {"fault": "drop", "seconds": 5, "value": 1}
    DELETE /cameras/NAME/faults[/FAULT]    be right again

The name `*` means every camera.

Whoever can reach it may break cameras that are not real; it has no sign-in and must
never listen beyond loopback.
"""

import asyncio
import json
from typing import Any
from urllib.parse import unquote, urlsplit

from nvr.base.errors import NotFound, NvrError, SettingsError
from nvr.simulate.faults import FaultKind
from nvr.simulate.simulator import Simulator

_MAX_BODY_BYTES = 65_536
_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found"}


class Control:
    """Serves one simulator from `__aenter__` until `__aexit__`."""

    def __init__(self, simulator: Simulator, *, port: int = 0) -> None:
        self.port = port  # the real one once it serves
        self._simulator = simulator

    async def __aenter__(self) -> "Control":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            async with asyncio.timeout(60):
                method, path, body = await _read_request(reader)
                status, reply = await self._reply(method, path, body)
        except (ValueError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
            status, reply = 400, {"error": str(error) or "not a request"}
        text = json.dumps(reply).encode()
        writer.write(
            f"HTTP/1.1 {status} {_REASONS[status]}\r\n"
            "Content-Type: application/json\r\n"
            f"Content-Length: {len(text)}\r\nConnection: close\r\n\r\n".encode()
            + text
        )
        writer.close()

    async def _reply(
        self, method: str, path: list[str], body: dict[str, Any]
    ) -> tuple[int, object]:
        try:
            match method, path:
                case "GET", ["cameras"]:
                    return 200, [self._camera(name) for name in self._simulator.names()]
                case "GET", ["sessions"]:
                    return 200, self._sessions()
                case "POST", ["cameras", name, "faults"]:
                    fields = _fault_fields(body)
                    for camera in self._named(name):
                        await self._simulator.fault(camera, **fields)
                    return 200, [self._camera(each) for each in self._named(name)]
                case "DELETE", ["cameras", name, "faults", *kinds]:
                    for camera in self._named(name):
                        for kind in kinds or FaultKind:
                            self._simulator.recover(camera, FaultKind(kind))
                    return 200, [self._camera(each) for each in self._named(name)]
        except NotFound as error:
            return 404, {"error": str(error)}
        except NvrError as error:
            return 400, {"error": str(error)}
        return 404, {"error": f"there is no {method} /{'/'.join(path)}"}

    def _named(self, name: str) -> list[str]:
        return self._simulator.names() if name == "*" else [name]

    def _camera(self, name: str) -> dict[str, object]:
        device = self._simulator.device(name)
        return {
            "name": name,
            "urls": {role: self._simulator.url(name, role) for role in device.streams},
            "faults": [
                {"fault": f.kind, "seconds": f.seconds, "value": f.value}
                for f in device.faults.values()
            ],
        }

    def _sessions(self) -> list[dict[str, object]]:
        return [
            {
                "camera": session.camera,
                "role": session.role,
                "peer": session.connection.peer,
                "frames_sent": session.frames_sent,
                "frames_dropped": session.frames_dropped,
                "audio_frames_sent": session.audio_frames_sent,
            }
            for session in self._simulator.sessions()
        ]


async def _read_request(
    reader: asyncio.StreamReader,
) -> tuple[str, list[str], dict[str, Any]]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ")
    length = 0
    for line in lines:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            length = int(value)
    if not 0 <= length <= _MAX_BODY_BYTES:
        raise ValueError(f"a body of {length} bytes")
    body = json.loads(await reader.readexactly(length)) if length else {}
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    path = [unquote(part) for part in urlsplit(target).path.split("/") if part]
    return method, path, body


def _fault_fields(body: dict[str, Any]) -> dict[str, Any]:
    unknown = body.keys() - {"fault", "seconds", "value"}
    if unknown or not isinstance(body.get("fault"), str):
        raise SettingsError('the body is {"fault": NAME, "seconds": S, "value": V}')
    fields = {"kind": body["fault"], "seconds": float(body.get("seconds", 10))}
    if "value" in body:
        fields["value"] = float(body["value"])
    return fields
