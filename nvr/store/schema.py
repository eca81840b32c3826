"""The catalogue's schema: made and brought up to date, or found wanting."""

from nvr.store.engine import make_engine, writing
from nvr.store.tables import metadata


def upgrade(url: str) -> None:
    """Bring the database to this version of the program."""
    engine = make_engine(url)
    try:
        with writing(engine) as connection:
            metadata.create_all(connection)
    finally:
        engine.dispose()
