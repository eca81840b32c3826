"""N virtual cameras behind one RTSP server: for the demo, tests and benchmarks.

    async with Simulator(demo_cameras(4), cache_dir=folder) as cameras:
        url = cameras.url("cam1", Role.MAIN)
        await cameras.fault("cam1", "drop", seconds=5)

Everything happens on the caller's event loop; only loops that are not in the cache are
made in processes of their own, before `__aenter__` returns.
"""

import asyncio
import logging
import random
import socket
import ssl
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Self
from urllib.parse import quote
from zlib import crc32

from nvr.base import tls_socket
from nvr.base.clock import Clock, SystemClock
from nvr.base.errors import NotFound
from nvr.base.model import AUDIO, VIDEO, Role
from nvr.codec.loop import AudioLoop, VideoLoop, VideoSpec
from nvr.simulate import cache
from nvr.simulate.camera import Sets, VirtualCamera
from nvr.simulate.connection import Connection
from nvr.simulate.device import Device, Stream, first_due_us
from nvr.simulate.faults import Fault, FaultKind, fault
from nvr.simulate.feed import Feed, Reel, audio_reel, video_reel
from nvr.simulate.listener import Listener
from nvr.simulate.pacer import Pacer
from nvr.simulate.prepare import Progress, prepare
from nvr.simulate.rtsp import RtspServer
from nvr.simulate.session import Session

QUEUE_BYTES = 4 << 20
_HANDSHAKE_S = 10.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SentNal:
    """A NAL unit of a loop, for comparing what was recorded bit for bit."""

    picture: int  # in decoding order, from the start of the loop
    digest: bytes  # SHA-256
    nal: bytes


class Simulator:
    """Serves from `__aenter__` until `__aexit__`."""

    def __init__(
        self,
        cameras: Sequence[VirtualCamera],
        *,
        cache_dir: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        progress: Progress | None = None,
        keeps_log: bool = True,
        queue_bytes: int = QUEUE_BYTES,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.port = port  # the real one once it serves
        self._cameras = {camera.name: camera for camera in cameras}
        self._cache_dir = cache_dir
        self._host = host
        self._clock = clock or SystemClock()
        self._progress = progress
        self._keeps_log = keeps_log
        self._queue_bytes = queue_bytes
        self._tls = tls  # with it, cameras speak RTSPS only
        self._devices: dict[str, Device] = {}
        self._reels: dict[tuple[cache.Spec, bool], Reel] = {}
        self._listeners: dict[str, Listener] = {}  # "" is everybody's
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._endings: dict[tuple[str, FaultKind], asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        loops = await prepare(self._specs(), self._cache_dir, progress=self._progress)
        for place, camera in enumerate(self._cameras.values()):
            self._devices[camera.name] = self._device(camera, place, loops)
        self._server = RtspServer(
            self._devices, clock=self._clock, keeps_log=self._keeps_log
        )
        self._listeners[""] = Listener(self._host, self.port, self._connected)
        self.port = self._listeners[""].open()
        for camera in self._cameras.values():
            if camera.own_port:
                listener = Listener(self._host, 0, self._connected)
                listener.open()
                self._listeners[camera.name] = listener
        pacer = Pacer(list(self._devices.values()), clock=self._clock)
        self._spawn(pacer.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for listener in self._listeners.values():
            listener.close()
        for connection in list(self._connections):
            connection.close()

    def url(self, camera: str, role: Role | str = Role.MAIN) -> str:
        """Where a stream is, without credentials."""
        self.device(camera)
        listener = self._listeners.get(camera, self._listeners[""])
        host = f"[{self._host}]" if ":" in self._host else self._host
        scheme = "rtsps" if self._tls else "rtsp"
        return f"{scheme}://{host}:{listener.port}/{quote(camera)}/{Role(role).value}"

    def names(self) -> list[str]:
        """The cameras, in the order given."""
        return list(self._cameras)

    def device(self, camera: str) -> Device:
        """The camera at work. Raises `NotFound`."""
        if camera not in self._devices:
            raise NotFound(f"there is no virtual camera called {camera!r}")
        return self._devices[camera]

    async def fault(
        self, camera: str, kind: str, seconds: float = 10.0, value: float | None = None
    ) -> None:
        """Let a camera go wrong. Returns when it has begun; it ends by itself.

        A fault that shows other pictures (`resolution`, `long-gop`) makes them first.
        """
        await self.apply(camera, fault(kind, seconds, value))

    async def apply(self, camera: str, wanted: Fault) -> None:
        """The same with a ready-made fault. One of the same kind is replaced."""
        device = self.device(camera)
        reels = await self._other_reels(device, wanted)
        self._cancel_ending(camera, wanted.kind)
        device.begin(wanted, reels)
        listener = self._listeners.get(camera)
        if wanted.kind is FaultKind.REFUSE and listener is not None:
            listener.close()
        if wanted.kind in (FaultKind.DROP, FaultKind.WRAP) and wanted.seconds == 0:
            self.recover(camera, wanted.kind)
        elif wanted.seconds > 0:
            ending = self._spawn(self._end_later(camera, wanted))
            self._endings[camera, wanted.kind] = ending

    def recover(self, camera: str, kind: FaultKind | None = None) -> None:
        """End one fault of a camera, or all of them."""
        device = self.device(camera)
        for which in [kind] if kind else list(device.faults):
            self._cancel_ending(camera, which)
            device.end(which)
            listener = self._listeners.get(camera)
            if which is FaultKind.REFUSE and listener is not None:
                listener.open()

    def sessions(self, camera: str | None = None) -> list[Session]:
        """Sessions that stand now, with their counts."""
        devices = [self.device(camera)] if camera else list(self._devices.values())
        return [session for device in devices for session in device.sessions.values()]

    def video_loop(self, camera: str, role: Role | str = Role.MAIN) -> VideoLoop:
        """What the stream shows, coded."""
        return self.device(camera).streams[Role(role)].video

    def sent_nals(self, camera: str, role: Role | str = Role.MAIN) -> list[SentNal]:
        """All NAL units of the loop but parameter sets, in the order of sending."""
        return [
            SentNal(number, sha256(nal).digest(), nal)
            for number, picture in enumerate(self.video_loop(camera, role).pictures)
            for nal in picture.nals
        ]

    def _specs(self) -> list[cache.Spec]:
        specs: list[cache.Spec] = []
        for camera in self._cameras.values():
            wanted = (camera.main, camera.sub, camera.audio)
            specs += [spec for spec in wanted if spec is not None]
        return specs

    def _device(
        self, camera: VirtualCamera, place: int, loops: dict[cache.Spec, cache.Loop]
    ) -> Device:
        streams = {}
        audio = loops[camera.audio] if camera.audio else None
        assert audio is None or isinstance(audio, AudioLoop)
        for role in Role:
            spec = camera.video(role)
            if spec is None:
                continue
            video = loops[spec]
            assert isinstance(video, VideoLoop)
            in_band = camera.sets is not Sets.SDP
            feeds = {
                VIDEO: self._feed(
                    self._reel(spec, video, in_band=in_band), camera, role, place
                )
            }
            if audio is not None and camera.audio is not None:
                reel = self._reel(camera.audio, audio, in_band=in_band)
                feeds[AUDIO] = self._feed(reel, camera, role, place)
            streams[role] = Stream(video, audio, feeds)
        return Device(camera, streams)

    def _feed(self, reel: Reel, camera: VirtualCamera, role: Role, place: int) -> Feed:
        identity = f"{camera.name}/{role}/{reel.clock_rate}"
        chance = random.Random(crc32(identity.encode()))
        now_us = self._clock.now().mono_us
        return Feed(
            reel,
            start_us=first_due_us(now_us, place, reel.interval_us),
            ssrc=chance.getrandbits(32),
            sequence=chance.getrandbits(16),
            timestamp=chance.getrandbits(32),
        )

    def _reel(self, spec: cache.Spec, loop: cache.Loop, *, in_band: bool) -> Reel:
        key = spec, in_band
        if key not in self._reels:
            self._reels[key] = (
                audio_reel(loop)
                if isinstance(loop, AudioLoop)
                else video_reel(loop, in_band=in_band)
            )
        return self._reels[key]

    async def _other_reels(self, device: Device, wanted: Fault) -> dict[Role, Reel]:
        specs = {
            role: other
            for role in device.streams
            if (spec := device.camera.video(role)) and (other := _other(spec, wanted))
        }
        loops = await prepare(specs.values(), self._cache_dir, progress=self._progress)
        return {
            role: self._reel(spec, loops[spec], in_band=True)
            for role, spec in specs.items()
        }

    async def _end_later(self, camera: str, wanted: Fault) -> None:
        await self._clock.sleep(wanted.seconds)
        self._endings.pop((camera, wanted.kind), None)
        self.recover(camera, wanted.kind)

    def _cancel_ending(self, camera: str, kind: FaultKind) -> None:
        ending = self._endings.pop((camera, kind), None)
        if ending is not None:
            ending.cancel()

    def _connected(self, sock: socket.socket) -> None:
        if self._tls is None:
            self._begin(sock)
        else:
            self._spawn(self._begin_securely(tls_socket.wrap(sock, self._tls)))

    async def _begin_securely(self, sock: tls_socket.TlsSocket) -> None:
        try:
            async with asyncio.timeout(_HANDSHAKE_S):
                await tls_socket.shake_hands(sock)
            self._begin(sock)
        except (OSError, TimeoutError) as error:
            log.info("a client did not finish TLS: %s", error)
            sock.close()
        except BaseException:
            sock.close()
            raise

    def _begin(self, sock: socket.socket) -> None:
        self._connections.add(
            Connection(
                sock,
                loop=asyncio.get_running_loop(),
                serve=self._server.serve,
                ended=self._disconnected,
                queue_bytes=self._queue_bytes,
            )
        )

    def _disconnected(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._server.ended(connection)

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _other(spec: VideoSpec, wanted: Fault) -> VideoSpec | None:
    if wanted.kind is FaultKind.RESOLUTION:
        return replace(
            spec, width=spec.width * 3 // 64 * 16, height=spec.height * 3 // 64 * 16
        )
    if wanted.kind is FaultKind.LONG_GOP:
        seconds = max(spec.seconds, round(wanted.value))
        return replace(spec, seconds=seconds, gop_seconds=seconds)
    return None
