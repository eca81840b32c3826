"""The catalogue's schema, made and brought up to date.

Migrations lie in the package `nvr.migrations` and go forward only. All of an upgrade
is one transaction under a lock, so that of two processes that start together one
upgrades and the other waits and finds nothing to do.
"""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text

from nvr.base.errors import CatalogueError
from nvr.store.engine import make_engine, writing

ADVISORY_LOCK = 0x6E7672  # any number that no other program of the database uses


def upgrade(url: str) -> None:
    """Bring the database to this version of the program; make it if it is empty."""
    # SQLite copies a table to change it, which breaks references for a moment.
    engine = make_engine(url, has_foreign_keys=False)
    try:
        with writing(engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK}
                )
            command.upgrade(_config(connection), "head")
    except CommandError as error:
        raise CatalogueError(
            f"the catalogue cannot be brought up to date: {error}; "
            "was it made by a later version of this program?"
        ) from error
    finally:
        engine.dispose()


def _config(connection: Connection) -> Config:
    config = Config()
    folder = str(files("nvr.migrations"))
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
