"""`nvr simulate` as a service: options in, cameras served until it is cancelled."""

import asyncio
import json
import logging
import os
import resource
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from nvr.base.clock import Clock, SystemClock
from nvr.base.errors import SettingsError
from nvr.base.model import Codec, Role
from nvr.codec.loop import AudioSpec
from nvr.simulate.camera import Auth, Sets, VirtualCamera, bench_cameras, demo_cameras
from nvr.simulate.control import Control
from nvr.simulate.faults import PlannedFault, parse_plan
from nvr.simulate.prepare import Making, Progress
from nvr.simulate.simulator import Simulator

log = logging.getLogger(__name__)

_AUDIO_RATES = {Codec.AAC: 16_000, Codec.PCMA: 8_000, Codec.PCMU: 8_000}
_FILES_PER_CAMERA = 8
_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class SimulateOptions:
    """Everything `nvr simulate` needs to know."""

    cameras: tuple[VirtualCamera, ...]
    cache_dir: Path
    host: str = "127.0.0.1"
    port: int = 8554
    control_port: int | None = None  # None: no control door; 0: any free port
    faults: tuple[PlannedFault, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Serving:
    """Told once, when all cameras can be reached."""

    urls: dict[str, dict[str, str]]  # camera to role to address
    control_port: int | None


def make_options(
    *,
    cache_dir: Path,
    cameras: int = 4,
    host: str = "127.0.0.1",
    port: int = 8554,
    control_port: int | None = None,
    bench: bool = False,
    codec: str = "",
    audio: str = "",
    width: int = 0,
    height: int = 0,
    frames_per_second: int = 0,
    bitrate: int = 0,
    gop_seconds: int = 0,
    b_frames: int = 0,
    auth: str = "none",
    username: str = "",
    password: str = "",
    sets: str = "both",
    clock_offset_seconds: float = 0.0,
    faults: Sequence[str] = (),
) -> SimulateOptions:
    """Options from plain values; what is empty or 0 stays as the cameras have it.

    Raises `SettingsError` with what to change.
    """
    if not 1 <= cameras <= 10_000:
        raise SettingsError(f"{cameras} cameras: choose between 1 and 10000")
    pictures: dict[str, Any] = {
        "codec": _one_of(Codec, codec) if codec else None,
        "width": width,
        "height": height,
        "frames_per_second": frames_per_second,
        "bitrate": bitrate,
        "gop_seconds": gop_seconds,
        "b_frames": b_frames,
    }
    changes = {name: value for name, value in pictures.items() if value}
    chosen = []
    for camera in bench_cameras(cameras) if bench else demo_cameras(cameras):
        main = replace(camera.main, **changes)
        # A loop is whole GOPs, so that its seam is an ordinary key frame.
        gops = max(1, round(main.seconds / main.gop_seconds))
        chosen.append(
            replace(
                camera,
                main=replace(main, seconds=gops * main.gop_seconds),
                audio=_audio(audio, camera),
                auth=_one_of(Auth, auth),
                username=username,
                password=password,
                sets=_one_of(Sets, sets),
                clock_offset_us=round(clock_offset_seconds * 1e6),
            )
        )
    plans = tuple(parse_plan(text) for text in faults)
    names = {camera.name for camera in chosen}
    for plan in plans:
        if plan.camera not in names:
            raise SettingsError(f"a fault for {plan.camera!r}, which is not a camera")
    return SimulateOptions(tuple(chosen), cache_dir, host, port, control_port, plans)


def from_options(
    *,
    cameras: int,
    host: str,
    port: int,
    username: str,
    password: str,
    cache: Path | None,
    fault: Sequence[str],
) -> SimulateOptions:
    """What the command line says. A user name asks for digest sign-in."""
    return make_options(
        cache_dir=cache or default_cache(),
        cameras=cameras,
        host=host,
        port=port,
        auth="digest" if username else "none",
        username=username,
        password=password,
        faults=fault,
    )


def default_cache() -> Path:
    """The user's own folder for what can be made again."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "nvr" / "loops"


async def run(
    options: SimulateOptions,
    stop: asyncio.Event | None = None,
    *,
    progress: Progress | None = None,
    ready: Callable[[Serving], None] | None = None,
    clock: Clock | None = None,
) -> None:
    """Serve until `stop` is set, or cancelled.

    `ready` is called when every camera can be reached.
    """
    clock = clock or SystemClock()
    allow_many_sockets(len(options.cameras) * _FILES_PER_CAMERA)
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(
            Simulator(
                options.cameras,
                cache_dir=options.cache_dir,
                host=options.host,
                port=options.port,
                clock=clock,
                progress=progress or _Diary(),
                keeps_log=False,
            )
        )
        control = None
        if options.control_port is not None:
            control = await stack.enter_async_context(
                Control(simulator, port=options.control_port)
            )
        serving = Serving(_urls(simulator), control.port if control else None)
        for camera, urls in serving.urls.items():
            log.info("%s: %s", camera, " ".join(urls.values()))
        if ready is not None:
            ready(serving)
        plans = [
            asyncio.create_task(_carry_out(simulator, plan, clock))
            for plan in options.faults
        ]
        try:
            await (stop or asyncio.Event()).wait()
        finally:
            for plan in plans:
                plan.cancel()
            await asyncio.gather(*plans, return_exceptions=True)


class _Diary:
    """Tells the log how far the pictures are, at each fifth."""

    def __init__(self) -> None:
        self._told = 0

    def __call__(self, making: Making) -> None:
        fifths = int(making.share * 5)
        if fifths > self._told:
            self._told = fifths
            log.info("pictures: %d %% made", fifths * 20)


def allow_many_sockets(count: int) -> None:
    """Raise this process's soft limit of open files as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(max(soft, count + 256), hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def as_text(serving: Serving) -> str:
    """One line of JSON, for a parent process that waits for it."""
    return json.dumps({"urls": serving.urls, "control_port": serving.control_port})


async def _carry_out(simulator: Simulator, plan: PlannedFault, clock: Clock) -> None:
    await clock.sleep(plan.after_seconds)
    await simulator.apply(plan.camera, plan.fault)


def _urls(simulator: Simulator) -> dict[str, dict[str, str]]:
    return {
        name: {
            role.value: simulator.url(name, role)
            for role in Role
            if role in simulator.device(name).streams
        }
        for name in simulator.names()
    }


def _audio(name: str, camera: VirtualCamera) -> AudioSpec | None:
    if not name:
        return camera.audio
    if name == "none":
        return None
    codec = _one_of(Codec, name)
    if codec not in _AUDIO_RATES:
        raise SettingsError(f"{name!r} is not sound; there are: aac, pcma, pcmu, none")
    return AudioSpec(codec, _AUDIO_RATES[codec], seed=camera.main.seed)


def _one_of(kind: type[_Choice], name: str) -> _Choice:
    try:
        return kind(name)
    except ValueError:
        names = ", ".join(choice.value for choice in kind)
        raise SettingsError(f"{name!r} is not known; choose from: {names}") from None
