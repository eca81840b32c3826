"""`nvr demo`: simulated cameras, recorded by the real server on embedded defaults.

Everything lies in one folder: a configuration like anybody's, the cameras' pictures,
the catalogue, the footage. A second start goes on where the first one ended.
"""

import asyncio
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path

from nvr.base import settings
from nvr.base.clock import SystemClock
from nvr.base.errors import NvrError, SettingsError
from nvr.base.model import Role
from nvr.base.settings import Settings
from nvr.serve.common import open_catalogue
from nvr.serve.demo_plan import Plan
from nvr.serve.server import prepare, serving
from nvr.serve.supervisor import Service
from nvr.serve.web_address import web_address
from nvr.serve.welcome import sign_in_link
from nvr.simulate.camera import demo_cameras
from nvr.simulate.prepare import Progress
from nvr.simulate.prepare import prepare as prepare_pictures
from nvr.store.catalogue import Catalogue

RTSP_PORT = 18554
WEB_PORT = 8080
_PORT = re.compile(r"^port = \d+$", re.MULTILINE)
MOST_CAMERAS = 64
TOKEN_FILE = "admin-token"

_CONFIGURATION = """\
# Made by `nvr demo`; change it as you like, the demo keeps your changes.

[server]
data_dir = "."
name = "demo"

[web]
port = {port}

[cameras]
# The simulated cameras are on this machine, which is refused otherwise.
allowed_networks = ["127.0.0.0/8"]

[log]
level = "warning"

[plugins.size]
# Enough for some hours of each camera; the oldest goes first.
gigabytes_per_camera = 4
"""


class Demo:
    """One demo folder. `make_pictures`, then `run`."""

    def __init__(self, folder: Path, *, cameras: int, port: int | None) -> None:
        if not 1 <= cameras <= MOST_CAMERAS:
            raise SettingsError(f"--cameras takes a number from 1 to {MOST_CAMERAS}")
        self.folder = folder
        self.config = folder / "nvr.toml"
        self._cameras = cameras
        self._port = port

    async def make_pictures(self, progress: Progress) -> None:
        """Draw and encode what the cameras show; instant when done before."""
        specs = [
            spec
            for camera in demo_cameras(self._cameras)
            for spec in (camera.main, camera.sub, camera.audio)
            if spec is not None
        ]
        await prepare_pictures(specs, self._cache, progress=progress)

    async def run(self, stop: asyncio.Event, show: Callable[[str, Path], None]) -> None:
        """Serve until `stop`; `show` gets the sign-in link once it can be opened."""
        loaded = self._configure()
        prepare(loaded)
        plan_file = self.folder / "simulator.json"
        plan = Plan(self._cameras, _free_port(RTSP_PORT), self._cache)
        plan.save(plan_file)
        catalogue = open_catalogue(loaded, SystemClock())
        _add_cameras(catalogue, plan)
        _write_token(catalogue, self.folder / TOKEN_FILE)
        arguments = [
            "simulator",
            "--config",
            str(self.config),
            "--plan",
            str(plan_file),
        ]
        simulator = Service("simulator", arguments)
        async with serving(self.config, extra=(simulator,)):
            address = await web_address(loaded, SystemClock())
            show(sign_in_link(catalogue, address), self.folder)
            await stop.wait()

    @property
    def _cache(self) -> Path:
        return self.folder / "pictures"

    def _configure(self) -> Settings:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not self.config.exists():
                port = self._port or _free_port(WEB_PORT)
                self.config.write_text(_CONFIGURATION.format(port=port))
            elif self._port is not None:
                text = self.config.read_text()
                self.config.write_text(_PORT.sub(f"port = {self._port}", text, count=1))
        except OSError as error:
            raise NvrError(
                f"the folder {self.folder} cannot be used: {error.strerror}; "
                "choose another with --dir"
            ) from error
        return settings.load(self.config)


def _add_cameras(catalogue: Catalogue, plan: Plan) -> None:
    """Have the simulated cameras in the catalogue, at today's port."""
    known = {camera.name: camera for camera in catalogue.cameras()}
    for camera in plan.virtual_cameras():
        urls = {
            role: f"rtsp://127.0.0.1:{plan.port}/{camera.name}/{role}" for role in Role
        }
        main, sub = urls[Role.MAIN], urls[Role.SUB] if camera.sub else ""
        before = known.get(camera.main.title)
        if before is None:
            catalogue.add_camera(name=camera.main.title, url=main, sub_url=sub)
        elif before.url != main:
            catalogue.change_camera(before.id, url=main, sub_url=sub)


def _write_token(catalogue: Catalogue, path: Path) -> None:
    """Keep an API token in a file that only this user can read."""
    if path.exists() and catalogue.find_token(path.read_text().strip()) is not None:
        return
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(catalogue.add_token("demo") + "\n")


def _free_port(wanted: int) -> int:
    """The port if nobody listens on it, else one that is free now."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise NvrError("no free port can be had on 127.0.0.1")
