"""Connections to the catalogue's database, alike for SQLite and PostgreSQL.

`reading` and `writing` are the only ways to a connection. A writing transaction of
SQLite takes the write lock at once (`BEGIN IMMEDIATE`), so that it never fails half
way because it wants to write after it has read. What is committed is on the disk
when `writing` ends. Errors of the database leave here as `CatalogueError`, without
the values that were being written.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    SQLAlchemyError,
    StatementError,
)

from nvr.base.errors import CatalogueError, Conflict

AnyRow = Any
"""A row of an answer. SQLAlchemy 2.0 and 2.1 give its type different parameters."""

BUSY_SECONDS = 10
"""How long one writer of SQLite waits for another before it gives up."""


def make_engine(url: str, *, has_foreign_keys: bool = True) -> Engine:
    """An engine for a `sqlite:///` or `postgresql+psycopg://` URL; connects later."""
    with _our_errors():
        backend = make_url(url).get_backend_name()
        if backend == "sqlite":
            engine = create_engine(
                url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS}
            )
            prepare = partial(_prepare_sqlite, has_foreign_keys=has_foreign_keys)
            event.listen(engine, "connect", prepare)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        if backend == "postgresql":
            return create_engine(
                url,
                hide_parameters=True,
                pool_pre_ping=True,
                connect_args={"connect_timeout": BUSY_SECONDS},
            )
    raise CatalogueError(
        f"a catalogue in {backend!r} is not supported; "
        "use sqlite:///… or postgresql+psycopg://…"
    )


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one state of the database and changes nothing."""
    options: dict[str, Any] = {}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with _our_errors(), engine.connect() as connection:
        connection = connection.execution_options(**options)
        with connection.begin():
            yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that is on the disk when this ends, or has left nothing."""
    with _our_errors(), engine.connect() as connection:
        connection = connection.execution_options(nvr_is_writing=True)
        with connection.begin():
            yield connection


def _prepare_sqlite(connection: Any, record: Any, *, has_foreign_keys: bool) -> None:
    # The driver's own BEGIN comes too late and is never IMMEDIATE.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA foreign_keys = {int(has_foreign_keys)}")


def _begin_sqlite(connection: Connection) -> None:
    is_writing = connection.get_execution_options().get("nvr_is_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


@contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except (IntegrityError, DataError) as error:
        # The same change would be refused again, whenever it is tried.
        raise Conflict(f"the catalogue refuses the change: {_cause(error)}") from error
    except SQLAlchemyError as error:
        if isinstance(error, StatementError) and not isinstance(error, DBAPIError):
            raise Conflict(f"the catalogue cannot keep this: {error.orig}") from error
        raise CatalogueError(f"the catalogue cannot answer: {_cause(error)}") from error


def _cause(error: SQLAlchemyError) -> str:
    # PostgreSQL's second line (DETAIL) repeats values of the row.
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
