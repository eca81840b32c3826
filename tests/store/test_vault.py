"""Secrets at rest."""

import stat
import threading
from pathlib import Path

import pytest

from nvr.base.errors import CatalogueError
from nvr.store.vault import Vault, add_key


def test_what_was_sealed_comes_out_again(vault: Vault) -> None:
    sealed = vault.seal("rahasia %21@:", "camera-1")

    assert b"rahasia" not in sealed
    assert vault.open(sealed, "camera-1") == "rahasia %21@:"


def test_the_same_secret_never_looks_the_same(vault: Vault) -> None:
    assert vault.seal("secret", "camera-1") != vault.seal("secret", "camera-1")


def test_no_secret_needs_no_key(vault: Vault) -> None:
    assert vault.seal("", "camera-1") == b""
    assert vault.open(b"", "camera-1") == ""


def test_a_secret_cannot_be_moved_to_another_camera(vault: Vault) -> None:
    sealed = vault.seal("secret", "camera-1")

    with pytest.raises(CatalogueError, match="cannot be opened with"):
        vault.open(sealed, "camera-2")


def test_the_key_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret.key"

    Vault.open_file(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["secret.key"]


def test_the_key_stays_when_it_is_opened_again(tmp_path: Path) -> None:
    sealed = Vault.open_file(tmp_path / "secret.key").seal("secret", "camera-1")

    again = Vault.open_file(tmp_path / "secret.key")

    assert again.open(sealed, "camera-1") == "secret"


def test_all_who_make_the_key_at_once_get_the_same(tmp_path: Path) -> None:
    vaults: list[Vault] = []
    path = tmp_path / "secret.key"
    threads = [
        threading.Thread(target=lambda: vaults.append(Vault.open_file(path)))
        for _ in range(8)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    sealed = vaults[0].seal("secret", "camera-1")
    assert len(vaults) == 8
    assert {each.open(sealed, "camera-1") for each in vaults} == {"secret"}


def test_another_key_opens_nothing_and_says_so(tmp_path: Path) -> None:
    sealed = Vault.open_file(tmp_path / "one.key").seal("canary", "camera-1")
    other = Vault.open_file(tmp_path / "other.key")

    with pytest.raises(CatalogueError, match="enter the password again") as caught:
        other.open(sealed, "camera-1")
    assert "canary" not in str(caught.value)


def test_after_a_new_key_old_secrets_still_open(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    before = Vault.open_file(path)
    old = before.seal("old", "camera-1")

    add_key(path)
    after = Vault.open_file(path)
    new = after.seal("new", "camera-1")

    assert (old[0], new[0]) == (1, 2)
    assert after.open(old, "camera-1") == "old"
    assert after.open(new, "camera-1") == "new"
    with pytest.raises(CatalogueError, match="needs key 2"):
        before.open(new, "camera-1")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "nonsense", "1 AAAA\n", "x " + "A" * 44])
def test_a_damaged_key_file_is_not_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secret.key"
    path.write_text(text)

    with pytest.raises(CatalogueError, match="restore it from the backup"):
        Vault.open_file(path)
    assert path.read_text() == text
