"""A catalogue in SQLite and, where it is installed, in PostgreSQL."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

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


@pytest.fixture(params=["sqlite", "postgresql"])
def catalogue_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a catalogue that is set up."""
    if request.param == "postgresql":
        server = str(request.getfixturevalue("postgres_server"))
        return create_database(server, _postgres_template(server))
    path = tmp_path / "catalogue.db"
    path.write_bytes(_sqlite_template())
    return f"sqlite:///{path}"


# A copy of a catalogue that is set up takes a tenth of the time of the migrations.
@cache
def _sqlite_template() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "catalogue.db"
        schema.upgrade(f"sqlite:///{path}")
        return path.read_bytes()


@cache
def _postgres_template(server: str) -> str:
    url = create_database(server)
    schema.upgrade(url)
    return url


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
