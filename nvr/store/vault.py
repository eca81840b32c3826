"""Secrets at rest: AES-256-GCM under a key that never leaves this machine.

A sealed text is a key number (1 byte), a nonce (12 bytes) and the ciphertext with its
tag. It is bound to the name it was sealed for, so that the password of one camera
cannot be moved into the row of another. The key file holds one line for each key,
newest last, so that a new key can be added while old texts can still be opened.
"""

import base64
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nvr.base.errors import CatalogueError

KEY_BYTES = 32
NONCE_BYTES = 12


class Vault:
    """Seals and opens secrets. Thread-safe; keys are read once, in `open_file`."""

    def __init__(self, keys: dict[int, bytes]) -> None:
        self._ciphers = {number: AESGCM(key) for number, key in keys.items()}
        self._newest = max(keys)

    @classmethod
    def open_file(cls, path: Path) -> "Vault":
        """The vault of a key file, which is made (mode 0600) if it is not there."""
        try:
            if not path.exists():
                _create(path, f"1 {_fresh_key()}\n")
            return cls(_parse(path))
        except OSError as error:
            raise CatalogueError(
                f"the key file {path} cannot be used: {error.strerror}"
            ) from error

    def seal(self, secret: str, name: str) -> bytes:
        """The secret as it may lie in a database; empty stays empty."""
        if not secret:
            return b""
        nonce = secrets.token_bytes(NONCE_BYTES)
        cipher = self._ciphers[self._newest]
        sealed = cipher.encrypt(nonce, secret.encode(), name.encode())
        return bytes([self._newest]) + nonce + sealed

    def open(self, sealed: bytes, name: str) -> str:
        """The secret in the clear. Raises `CatalogueError` if the key does not fit."""
        if not sealed:
            return ""
        cipher = self._ciphers.get(sealed[0])
        if cipher is None:
            raise CatalogueError(
                f"a stored password needs key {sealed[0]}, which secret.key does not "
                "have; restore that file from the backup or enter the password again"
            )
        nonce, text = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, text, name.encode()).decode()
        except InvalidTag:
            raise CatalogueError(
                "a stored password cannot be opened with secret.key; restore the file "
                "that belongs to this catalogue or enter the password again"
            ) from None


def add_key(path: Path) -> int:
    """Add a key, with which new secrets are sealed from the next start on."""
    number = max(_parse(path)) + 1
    if number > 255:
        raise CatalogueError("secret.key is full: it has had 255 keys")
    text = path.read_text(encoding="ascii") + f"{number} {_fresh_key()}\n"
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    _write(fresh, text)
    fresh.replace(path)
    _sync_folder(path.parent)
    return number


def _parse(path: Path) -> dict[int, bytes]:
    keys = {}
    try:
        for line in path.read_text(encoding="ascii").splitlines():
            number, _, key = line.partition(" ")
            keys[int(number)] = base64.b64decode(key, validate=True)
    except ValueError:
        keys = {}
    if not keys or any(len(key) != KEY_BYTES for key in keys.values()):
        raise CatalogueError(
            f"{path} is not a key file of ours; restore it from the backup"
        )
    return keys


def _fresh_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")


def _create(path: Path, text: str) -> None:
    """Create the file whole or not at all; a process that came first wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    _write(fresh, text)
    try:
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()
        _sync_folder(path.parent)


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, text.encode("ascii"))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
