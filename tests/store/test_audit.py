"""The audit log's chain."""

import threading

import pytest
from sqlalchemy import text

from nvr.store.catalogue import Catalogue
from nvr.store.engine import make_engine, writing
from tests.fakes import FakeClock


def tamper(url: str, statement: str) -> None:
    engine = make_engine(url)
    with writing(engine) as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture
def filled(catalogue: Catalogue) -> Catalogue:
    for n in range(1, 8):
        catalogue.audit("sari", "camera.view", f"camera/{n}", {"n": n, "é": None})
    return catalogue


def test_entries_come_back_latest_first(filled: Catalogue, clock: FakeClock) -> None:
    latest = filled.audit_entries(limit=2)
    older = filled.audit_entries(before=latest[-1].number, limit=2)

    assert [each.number for each in latest + older] == [7, 6, 5, 4]
    assert latest[0].at_us == clock.wall_us
    assert (latest[0].actor, latest[0].action) == ("sari", "camera.view")
    assert latest[0].detail == {"n": 7, "é": None}
    assert filled.audit_head() == (7, latest[0].digest)


def test_an_untouched_chain_holds(catalogue: Catalogue, filled: Catalogue) -> None:
    assert filled.verify_audit() is None


def test_an_empty_chain_holds(catalogue: Catalogue) -> None:
    assert catalogue.audit_head() == (0, b"")
    assert catalogue.verify_audit() is None


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'budi'",
        "at_us = at_us + 1",
        "detail = '{}'",
        "detail = 'nonsense'",
        "digest = (SELECT digest FROM audit WHERE number = 3)",
    ],
)
def test_a_changed_entry_is_named(
    filled: Catalogue, catalogue_url: str, change: str
) -> None:
    tamper(catalogue_url, f"UPDATE audit SET {change} WHERE number = 4")

    assert filled.verify_audit() == 4


def test_a_removed_entry_is_named(filled: Catalogue, catalogue_url: str) -> None:
    tamper(catalogue_url, "DELETE FROM audit WHERE number = 5")

    assert filled.verify_audit() == 5


def test_a_cut_off_end_is_betrayed_by_a_noted_head(
    filled: Catalogue, catalogue_url: str
) -> None:
    noted = filled.audit_head()
    tamper(catalogue_url, "DELETE FROM audit WHERE number > 5")

    assert filled.verify_audit() is None
    assert filled.audit_head() != noted


def test_many_who_write_at_once_make_one_chain(catalogue: Catalogue) -> None:
    failures: list[BaseException] = []

    def write(actor: str) -> None:
        try:
            for n in range(10):
                catalogue.audit(actor, "export", f"clip/{n}")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(f"user-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert catalogue.audit_head()[0] == 40
    assert catalogue.verify_audit() is None


def test_nothing_that_is_not_json_gets_in(catalogue: Catalogue) -> None:
    with pytest.raises(ValueError):
        catalogue.audit("sari", "export", "clip", {"seconds": float("nan")})
    assert catalogue.audit_head() == (0, b"")
