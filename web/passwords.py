"""Passwords as argon2id hashes.

A hash takes some 64 MB and 0.2 s on purpose. So it is made in a thread, few at a time,
and who comes when many are waiting is asked to come again.
"""

import asyncio
import secrets
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from nvr.web.problems import Problem, invalid

SHORTEST = 10
LONGEST = 1024
"""Characters; more only cost time."""
AT_ONCE = 2
MOST_WAITING = 32

_FORM = "$argon2id$"

P = ParamSpec("P")
T = TypeVar("T")


class Passwords:
    """Makes and checks hashes. Belongs to one event loop."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """The hash to keep, with a salt of its own."""
        return await self._run(self._hasher.hash, password)

    async def verify(self, hashed: str | None, password: str) -> bool:
        """Whether the password is right. None stands for a name that is not there and
        takes the same time."""
        return await self._run(self._verify, hashed, password)

    def _verify(self, hashed: str | None, password: str) -> bool:
        if self._nobodys is None:
            self._nobodys = self._hasher.hash(secrets.token_urlsafe())
        # Some users have no password at all: that must not show in the time either.
        has_password = hashed is not None and hashed.startswith(_FORM)
        try:
            return (
                self._hasher.verify(
                    hashed if hashed and has_password else self._nobodys, password
                )
                and has_password
            )
        except (Argon2Error, InvalidHashError):
            return False

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._waiting >= MOST_WAITING:
            raise Problem(
                503,
                "busy",
                "Too many people are signing in at this moment. Try again soon.",
                headers={"Retry-After": "5"},
            )
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work, *args, **kwargs)
        finally:
            self._waiting -= 1


def demand_good(password: str, field: str = "password") -> None:
    """Raise a `Problem` if this cannot be anybody's password."""
    if len(password) < SHORTEST:
        raise invalid(field, f"A password has at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise invalid(field, f"A password has at most {LONGEST} characters.")
