"""The whole web application on a real catalogue, asked by a real client."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from nvr.web.app import make_app

from nvr.base import settings
from nvr.hooks import build as build_plugins
from nvr.store import schema
from nvr.store.catalogue import Catalogue
from nvr.store.vault import Vault
from tests.fakes import FakeClock
from tests.play.recording import Recording, make_recording
from tests.web.whole_site import QUICK, Site


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue that is set up: copying it is quicker than making one each time."""
    path = tmp_path_factory.mktemp("template") / "catalogue.db"
    schema.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def database(tmp_path: Path, empty_database: Path) -> Path:
    return Path(shutil.copy(empty_database, tmp_path / "catalogue.db"))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def catalogue(tmp_path: Path, database: Path, clock: FakeClock) -> Iterator[Catalogue]:
    vault = Vault.open_file(tmp_path / "secret.key")
    opened = Catalogue(f"sqlite:///{database}", clock=clock, vault=vault)
    yield opened
    opened.close()


@pytest.fixture
async def site(
    tmp_path: Path, catalogue: Catalogue, clock: FakeClock
) -> AsyncIterator[Site]:
    """A site with an administrator `ada` and a viewer `vic`."""
    async with opened(tmp_path, catalogue, clock) as made:
        made.add_people()
        yield made


@pytest.fixture
async def new_site(
    tmp_path: Path, catalogue: Catalogue, clock: FakeClock
) -> AsyncIterator[Site]:
    """A site on its first boot: without any account."""
    async with opened(tmp_path, catalogue, clock) as made:
        yield made


@pytest.fixture
def recording(tmp_path: Path, database: Path) -> Iterator[Recording]:
    """An empty recording; its writer is stopped at the end."""
    made = make_recording(tmp_path)
    yield made
    made.stop()


@pytest.fixture
async def cinema(
    tmp_path: Path, recording: Recording, clock: FakeClock
) -> AsyncIterator[Site]:
    """A site on the catalogue of the recording."""
    async with opened(tmp_path, recording.catalogue, clock) as made:
        made.add_people()
        yield made


def opened(path: Path, catalogue: Catalogue, clock: FakeClock) -> "_Opened":
    return _Opened(path, catalogue, clock)


class _Opened:
    def __init__(self, path: Path, catalogue: Catalogue, clock: FakeClock) -> None:
        self._catalogue, self._clock = catalogue, clock
        table = {
            "server": {"data_dir": "."},
            "cameras": {"allowed_networks": ["127.0.0.2/32"]},
            "web": {"trusted_proxies": ["10.1.0.0/16"]},
        }
        self._settings = settings.build(table, base=path)
        self._settings.run_dir.mkdir(exist_ok=True)

    async def __aenter__(self) -> Site:
        app = make_app(
            settings=self._settings,
            catalogue=self._catalogue,
            clock=self._clock,
            plugins=build_plugins({}),
            hasher=QUICK,
        )
        self._client = TestClient(TestServer(app))
        await self._client.start_server()
        return Site(app, self._client, self._catalogue, self._clock, self._settings)

    async def __aexit__(self, *exc: object) -> None:
        await self._client.close()
