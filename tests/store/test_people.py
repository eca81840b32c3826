"""Users and the secrets that let them in."""

import threading
from pathlib import Path

import pytest

from nvr.base.errors import Conflict, NotFound
from nvr.store.admission import Link
from nvr.store.catalogue import Catalogue
from nvr.store.users import User, UserId
from tests.fakes import FakeClock

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US


@pytest.fixture
def admin(catalogue: Catalogue) -> User:
    return catalogue.add_user(name="Sari", password_hash="$argon2id$1", is_admin=True)


def test_a_user_is_found_by_name_in_any_case(catalogue: Catalogue, admin: User) -> None:
    assert catalogue.credentials("SARI") == (admin, "$argon2id$1")
    assert catalogue.credentials("Budi") is None
    assert catalogue.users() == [admin]
    assert catalogue.user(admin.id) == admin


def test_a_user_name_is_given_once(catalogue: Catalogue, admin: User) -> None:
    with pytest.raises(Conflict, match="already a user named 'sari'"):
        catalogue.add_user(name="sari", password_hash="x")


def test_somebody_must_stay_who_may_administer(
    catalogue: Catalogue, admin: User
) -> None:
    for change in ({"is_admin": False}, {"is_enabled": False}):
        with pytest.raises(Conflict, match="somebody must stay"):
            catalogue.change_user(admin.id, **change)
    with pytest.raises(Conflict):
        catalogue.remove_user(admin.id)
    assert catalogue.user(admin.id) == admin

    catalogue.add_user(name="Budi", password_hash="x", is_admin=True)
    catalogue.remove_user(admin.id)

    assert [user.name for user in catalogue.users()] == ["Budi"]
    with pytest.raises(NotFound):
        catalogue.user(admin.id)
    with pytest.raises(TypeError):
        catalogue.change_user(admin.id, created_us=1)


def test_a_session_lasts_as_long_as_it_is_used(
    catalogue: Catalogue, admin: User, clock: FakeClock
) -> None:
    secret = catalogue.begin_session(admin.id, idle_us=HOUR_US)
    for _ in range(3):
        clock.advance_us(HOUR_US - 1)
        found = catalogue.find_session(secret)
        assert found is not None
        assert found.user == admin

    clock.advance_us(HOUR_US)

    assert catalogue.find_session(secret) is None
    assert catalogue.find_session("guess") is None


def test_use_is_noted_once_a_minute(
    catalogue: Catalogue, admin: User, clock: FakeClock
) -> None:
    secret = catalogue.begin_session(admin.id, idle_us=HOUR_US)
    began_us = clock.wall_us
    seen = []
    for _ in range(4):
        clock.advance_us(MINUTE_US // 2)
        found = catalogue.find_session(secret)
        assert found is not None
        seen.append(found.used_us - began_us)

    assert seen == [0, 0, MINUTE_US, MINUTE_US]


def test_signing_out_ends_a_session_or_all(catalogue: Catalogue, admin: User) -> None:
    first, second, third = (
        catalogue.begin_session(admin.id, idle_us=HOUR_US) for _ in range(3)
    )

    catalogue.end_session(first)
    assert catalogue.find_session(first) is None
    assert catalogue.find_session(second) is not None

    catalogue.end_sessions(admin.id)
    assert catalogue.find_session(second) is None
    assert catalogue.find_session(third) is None


def test_a_new_password_or_a_ban_ends_sessions(
    catalogue: Catalogue, admin: User
) -> None:
    budi = catalogue.add_user(name="Budi", password_hash="x")
    first = catalogue.begin_session(budi.id, idle_us=HOUR_US)
    catalogue.change_user(budi.id, password_hash="y")
    second = catalogue.begin_session(budi.id, idle_us=HOUR_US)
    token = catalogue.add_token("script", user_id=budi.id)
    catalogue.change_user(budi.id, is_enabled=False)

    assert catalogue.find_session(first) is None
    assert catalogue.find_session(second) is None
    assert catalogue.find_token(token) is None

    catalogue.change_user(budi.id, is_enabled=True)
    assert catalogue.find_session(second) is None
    assert catalogue.find_token(token) is not None


def test_a_token_works_until_it_is_revoked(
    catalogue: Catalogue, clock: FakeClock
) -> None:
    secret = catalogue.add_token("demo")
    with pytest.raises(Conflict, match="already a token named 'Demo'"):
        catalogue.add_token("Demo")

    found = catalogue.find_token(secret)
    assert found is not None
    assert (found.name, found.user_id, found.used_us) == ("demo", None, None)
    [listed] = catalogue.tokens()
    assert listed.used_us == clock.wall_us
    assert catalogue.find_token("guess") is None

    catalogue.revoke_token(found.id)
    assert catalogue.find_token(secret) is None
    assert catalogue.tokens() == []
    with pytest.raises(NotFound):
        catalogue.revoke_token(found.id)
    assert catalogue.add_token("demo") != secret


def test_a_link_works_once_and_not_for_long(
    catalogue: Catalogue, clock: FakeClock
) -> None:
    used = catalogue.add_link("setup", lifetime_us=HOUR_US)
    late = catalogue.add_link("setup", lifetime_us=HOUR_US)
    expected = Link("setup", None, clock.wall_us + HOUR_US)

    assert catalogue.find_link(used, "setup") == expected
    assert catalogue.find_link(used, "sign-in") is None
    assert catalogue.use_link(used, "sign-in") is None
    assert catalogue.use_link(used, "setup") == expected
    assert catalogue.use_link(used, "setup") is None
    assert catalogue.find_link(used, "setup") is None

    clock.advance_us(HOUR_US)
    assert catalogue.use_link(late, "setup") is None


def test_of_many_who_use_a_link_at_once_one_gets_it(
    catalogue: Catalogue, admin: User
) -> None:
    secret = catalogue.add_link("sign-in", lifetime_us=HOUR_US, user_id=admin.id)
    got: list[Link | None] = []
    threads = [
        threading.Thread(
            target=lambda: got.append(catalogue.use_link(secret, "sign-in"))
        )
        for _ in range(6)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [link.user_id for link in got if link] == [admin.id]


def test_what_has_run_out_is_swept_away(
    catalogue: Catalogue, admin: User, clock: FakeClock
) -> None:
    catalogue.begin_session(admin.id, idle_us=MINUTE_US)
    kept = catalogue.begin_session(admin.id, idle_us=HOUR_US)
    catalogue.add_link("setup", lifetime_us=MINUTE_US)
    clock.advance_us(2 * MINUTE_US)

    catalogue.sweep_secrets()

    assert catalogue.find_session(kept) is not None


def test_no_secret_lies_in_the_database(
    catalogue: Catalogue, catalogue_url: str, admin: User, tmp_path: Path
) -> None:
    secrets = [
        catalogue.begin_session(admin.id, idle_us=HOUR_US),
        catalogue.add_token("demo"),
        catalogue.add_link("setup", lifetime_us=HOUR_US),
    ]
    catalogue.add_camera(name="Gate", url="rtsp://10.0.0.5/", password="canary%21")

    assert all(len(secret) >= 43 for secret in secrets)
    if catalogue_url.startswith("sqlite"):
        stored = b"".join(path.read_bytes() for path in tmp_path.glob("catalogue.db*"))
        assert not [each for each in (*secrets, "canary") if each.encode() in stored]


def test_settings_are_kept_as_json(catalogue: Catalogue) -> None:
    catalogue.store_setting("retention", {"days": 30, "cameras": ["a", None]})
    catalogue.store_setting("language", "id")
    catalogue.store_setting("language", "en")

    assert catalogue.stored_setting("retention") == {
        "days": 30,
        "cameras": ["a", None],
    }
    assert catalogue.stored_settings()["language"] == "en"

    catalogue.store_setting("language", None)
    assert catalogue.stored_setting("language") is None
    assert list(catalogue.stored_settings()) == ["retention"]


def test_an_unknown_user_has_no_session(catalogue: Catalogue) -> None:
    with pytest.raises(Conflict):
        catalogue.begin_session(UserId(99), idle_us=HOUR_US)
