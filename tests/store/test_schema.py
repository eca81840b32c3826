"""The schema: made by migrations, the same as the tables say."""

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from nvr.base.errors import CatalogueError
from nvr.store import schema
from nvr.store.catalogue import Catalogue
from nvr.store.engine import make_engine, writing
from nvr.store.tables import REVISION, metadata
from nvr.store.vault import Vault
from tests.fakes import FakeClock


def test_an_upgraded_database_has_exactly_our_tables(catalogue_url: str) -> None:
    engine = make_engine(catalogue_url)

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, metadata)

    assert differences == []
    engine.dispose()


def test_the_program_knows_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", "nvr.migrations:")

    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


def test_an_upgrade_twice_changes_nothing(
    catalogue_url: str, catalogue: Catalogue
) -> None:
    added = catalogue.add_camera(name="Gate", url="rtsp://10.0.0.5/")

    schema.upgrade(catalogue_url)

    assert catalogue.cameras() == [added]


def test_two_that_start_together_both_find_the_schema(empty_url: str) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        try:
            schema.upgrade(empty_url)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []


def test_an_empty_database_is_refused_with_what_to_do(
    empty_url: str, clock: FakeClock, vault: Vault
) -> None:
    catalogue = Catalogue(empty_url, clock=clock, vault=vault)

    with pytest.raises(CatalogueError, match="not set up yet; start `nvr serve`"):
        catalogue.cameras()
    catalogue.close()


def test_a_later_schema_is_refused(
    catalogue_url: str, clock: FakeClock, vault: Vault
) -> None:
    engine = make_engine(catalogue_url)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    catalogue = Catalogue(catalogue_url, clock=clock, vault=vault)

    with pytest.raises(CatalogueError, match="has schema 9999"):
        catalogue.cameras()
    with pytest.raises(CatalogueError, match="later version"):
        schema.upgrade(catalogue_url)
    catalogue.close()


def test_other_databases_are_refused() -> None:
    with pytest.raises(CatalogueError, match="'mysql' is not supported"):
        make_engine("mysql://localhost/nvr")


def test_a_wrong_url_is_told_without_its_password() -> None:
    with pytest.raises(CatalogueError) as caught:
        schema.upgrade("postgresql+psycopg://nvr:canary@127.0.0.1:1/nvr")

    assert "canary" not in str(caught.value)
