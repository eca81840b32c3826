"""What every part of the catalogue has in common: an engine, a clock, a vault."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, inspect, text

from nvr.base.clock import Clock
from nvr.base.errors import CatalogueError
from nvr.store.engine import make_engine, reading, writing
from nvr.store.tables import REVISION
from nvr.store.vault import Vault

P = ParamSpec("P")
T = TypeVar("T")


class Database:
    """Runs a function on a connection, each call in a transaction of its own."""

    def __init__(self, url: str, *, clock: Clock, vault: Vault) -> None:
        self._engine = make_engine(url)
        self._clock = clock
        self._vault = vault
        self._is_checked = False

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _read(
        self,
        question: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        with reading(self._engine) as connection:
            self._check(connection)
            return question(connection, *args, **kwargs)

    def _write(
        self,
        change: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        with writing(self._engine) as connection:
            self._check(connection)
            return change(connection, *args, **kwargs)

    def _check(self, connection: Connection) -> None:
        """Refuse, once, a database whose schema is not this version's."""
        if not self._is_checked:
            demand_revision(connection)
            self._is_checked = True

    def _now_us(self) -> int:
        return self._clock.now().wall_us


def demand_revision(connection: Connection) -> None:
    """Raise `CatalogueError` unless the schema is the one this program knows."""
    found = None
    if inspect(connection).has_table("alembic_version"):
        found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if found is None:
        raise CatalogueError("the catalogue is not set up yet; start `nvr serve` once")
    if found != REVISION:
        raise CatalogueError(
            f"the catalogue has schema {found} and this program needs {REVISION}; "
            "start `nvr serve` of this version once, or install the version it is of"
        )
