"""A catalogue in SQLite and, where it is installed, in PostgreSQL."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from nvr.base.model import Camera, VolumeId
from nvr.store import schema
from nvr.store.catalogue import Catalogue
from nvr.store.vault import Vault
from tests.fakes import FakeClock
from tests.postgres import create_database, postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

VOLUME = VolumeId("5f6b5f6e-0d4c-4f7e-9d55-0b1f3c1f9a01")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'catalogue.db'}"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a catalogue that is set up, to be copied."""
    path = tmp_path_factory.mktemp("template") / "catalogue.db"
    schema.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """The URL of a database with a catalogue that is set up, to be copied."""
    url = create_database(postgres_server)
    schema.upgrade(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def catalogue_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a catalogue that is set up."""
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
        template = request.getfixturevalue("postgres_template")
        return create_database(server, template)
    path = tmp_path / "catalogue.db"
    shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
    return f"sqlite:///{path}"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.open_file(tmp_path / "secret.key")


@pytest.fixture
def catalogue(
    catalogue_url: str, clock: FakeClock, vault: Vault, tmp_path: Path
) -> Iterator[Catalogue]:
    """A catalogue with one volume."""
    opened = Catalogue(catalogue_url, clock=clock, vault=vault)
    opened.register_volume(VOLUME, tmp_path / "footage")
    yield opened
    opened.close()


@pytest.fixture
def camera(catalogue: Catalogue) -> Camera:
    return catalogue.add_camera(name="Gate", url="rtsp://10.0.0.5/main")
