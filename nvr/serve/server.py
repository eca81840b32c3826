"""`nvr serve`: everything one configuration asks for, until told to stop."""

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from nvr.base.clock import Clock, SystemClock
from nvr.base.errors import SettingsError, VolumeBusy
from nvr.base.settings import Settings, load
from nvr.serve.common import open_catalogue
from nvr.serve.supervisor import Service, Supervisor
from nvr.serve.web_address import web_address
from nvr.serve.welcome import welcome_link
from nvr.store.schema import upgrade
from nvr.store.vault import Vault
from nvr.store.volume import Volume

log = logging.getLogger(__name__)

LOCK_PATIENCE_SECONDS = 15
"""How long services of a server that was killed may hold on to a volume."""


@contextlib.asynccontextmanager
async def serving(
    config: Path,
    *,
    only: frozenset[str] = frozenset(),
    extra: tuple[Service, ...] = (),
) -> AsyncIterator[Settings]:
    """The services of `config` run meanwhile. `only` leaves out the others."""
    clock = SystemClock()
    settings = load(config)
    prepare(settings)
    with contextlib.ExitStack() as held:
        volumes: list[Volume] = []
        for path in dict.fromkeys(v.path for v in settings.volumes):
            volume = await _locked(path, settings, clock)
            held.enter_context(contextlib.closing(volume))
            volumes.append(volume)
        _register(settings, volumes, clock)
        # Ours alone now: what another server left there is stale.
        for stale in (*settings.run_dir.glob("*.sock"), settings.run_dir / "web.json"):
            stale.unlink(missing_ok=True)
        supervisor = Supervisor(
            services=(*extra, *_services(config, settings, only)),
            clock=clock,
            stop_seconds=settings.server.stop_seconds,
            held_descriptors=[fd for v in volumes if (fd := v.lock_fileno) is not None],
        )
        async with supervisor.running():
            yield settings


def prepare(settings: Settings) -> None:
    """Make folders and keys, and bring the catalogue's schema up to date."""
    try:
        settings.server.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings.run_dir.mkdir(exist_ok=True, mode=0o700)
        settings.run_dir.chmod(0o700)
    except OSError as error:
        raise SettingsError(
            f"the data folder {settings.server.data_dir} cannot be used: "
            f"{error.strerror}; choose another with `data_dir` in [server]"
        ) from error
    Vault.open_file(settings.server.data_dir / "secret.key")
    upgrade(settings.database_url)


def recorder_count(settings: Settings) -> int:
    """Recorder processes: as set, or one for each two cores."""
    return settings.recorder.workers or max(1, len(os.sched_getaffinity(0)) // 2)


def _services(config: Path, settings: Settings, only: frozenset[str]) -> list[Service]:
    count = recorder_count(settings)
    common = ["--config", str(config)]
    services = [
        Service(
            f"recorder {index}" if count > 1 else "recorder",
            ["recorder", *common, "--index", str(index), "--count", str(count)],
        )
        for index in range(count)
    ]
    services += [Service(name, [name, *common]) for name in ("web", "keeper")]
    return [s for s in services if not only or s.arguments[0] in only]


def _register(settings: Settings, volumes: list[Volume], clock: Clock) -> None:
    """Tell the catalogue where the volumes are this time."""
    with contextlib.closing(open_catalogue(settings, clock)) as catalogue:
        for volume in volumes:
            catalogue.register_volume(volume.id, volume.path)


async def _locked(path: Path, settings: Settings, clock: Clock) -> Volume:
    for _ in range(LOCK_PATIENCE_SECONDS * 5):
        try:
            return Volume.open(path, node=settings.server.name)
        except VolumeBusy:
            await clock.sleep(0.2)
    return Volume.open(path, node=settings.server.name)


async def serve(
    config: Path,
    *,
    only: frozenset[str],
    stop: asyncio.Event,
    invite: Callable[[str], None],
) -> None:
    """Run until `stop` is set. `invite` gets the link for the first account, if
    nobody has one yet; it is a secret and goes to no log."""
    async with serving(config, only=only) as settings:
        log.info("serving %s", settings.server.data_dir)
        if not only or "web" in only:
            await _welcome(settings, invite)
        await stop.wait()
    log.info("stopped")


async def _welcome(settings: Settings, invite: Callable[[str], None]) -> None:
    clock = SystemClock()
    address = await web_address(settings, clock)
    log.info("pages and API at %s", address)
    with contextlib.closing(open_catalogue(settings, clock)) as catalogue:
        if not catalogue.users():
            invite(welcome_link(settings, catalogue))
