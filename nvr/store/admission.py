"""Secrets that let someone in: sessions, API tokens and one-time links.

A secret is made here from 32 random bytes, told once and kept only as its SHA-256:
whoever reads the database cannot come in with what they find. No salt is needed,
because nobody can try 2**256 guesses.
"""

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from nvr.base.errors import Conflict, NotFound
from nvr.base.model import SECOND_US
from nvr.store.tables import link, session, token, user
from nvr.store.users import USER_COLUMNS, User, UserId, from_row

SECRET_BYTES = 32
TOUCH_US = 60 * SECOND_US
"""How exactly the last use of a session or token is known; saves a write each time."""


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. It ends `idle_us` after its last use."""

    id: int
    user: User
    created_us: int
    used_us: int
    idle_us: int


@dataclass(frozen=True, slots=True)
class Token:
    """Lets a program in: as its user, or as the server's owner if `user_id` is None.

    `used_us` is None until its first use.
    """

    id: int
    name: str
    user_id: UserId | None
    created_us: int
    used_us: int | None


@dataclass(frozen=True, slots=True)
class Link:
    """Opens one door once. `user_id` is None where no user exists yet."""

    purpose: str
    user_id: UserId | None
    expires_us: int


_TOKEN_COLUMNS = (
    token.c.id,
    token.c.name,
    token.c.user_id,
    token.c.created_us,
    token.c.used_us,
)


def begin_session(
    connection: Connection, user_id: UserId, idle_us: int, now_us: int
) -> str:
    """The secret of a new session."""
    return _insert(
        connection,
        session,
        user_id=user_id,
        idle_us=idle_us,
        created_us=now_us,
        used_us=now_us,
    )


def find_session(connection: Connection, secret: str, now_us: int) -> Session | None:
    """The session of a secret if it goes on and its user may come in."""
    question = (
        select(
            *USER_COLUMNS,
            session.c.id.label("session_id"),
            session.c.created_us.label("began_us"),
            session.c.used_us,
            session.c.idle_us,
        )
        .join(user, user.c.id == session.c.user_id)
        .where(
            session.c.digest == _digest(secret),
            session.c.used_us + session.c.idle_us > now_us,
            user.c.is_enabled,
        )
    )
    row = connection.execute(question).one_or_none()
    if row is None:
        return None
    return Session(
        row.session_id, from_row(row), row.began_us, row.used_us, row.idle_us
    )


def touch_session(connection: Connection, session_id: int, now_us: int) -> None:
    """The session was used now."""
    connection.execute(
        update(session).where(session.c.id == session_id).values(used_us=now_us)
    )


def end_session(connection: Connection, secret: str) -> None:
    """Nobody comes in with this secret any more."""
    connection.execute(delete(session).where(session.c.digest == _digest(secret)))


def end_sessions(connection: Connection, user_id: UserId) -> None:
    """Sign a user out everywhere."""
    connection.execute(delete(session).where(session.c.user_id == user_id))


def sweep(connection: Connection, now_us: int) -> None:
    """Remove sessions and links that have run out."""
    connection.execute(
        delete(session).where(session.c.used_us + session.c.idle_us <= now_us)
    )
    connection.execute(delete(link).where(link.c.expires_us <= now_us))


def add_token(
    connection: Connection, name: str, user_id: UserId | None, now_us: int
) -> str:
    """The secret of a new token. Raises `Conflict` if the name is in use."""
    taken = select(token.c.id).where(token.c.name_key == name.casefold())
    if connection.execute(taken).first() is not None:
        raise Conflict(f"there is already a token named {name!r}")
    return _insert(
        connection,
        token,
        name=name,
        name_key=name.casefold(),
        user_id=user_id,
        created_us=now_us,
    )


def find_token(connection: Connection, secret: str) -> Token | None:
    """The token of a secret unless it was revoked or its user may not come in."""
    question = (
        select(*_TOKEN_COLUMNS)
        .outerjoin(user, user.c.id == token.c.user_id)
        .where(
            token.c.digest == _digest(secret),
            token.c.revoked_us.is_(None),
            token.c.user_id.is_(None) | user.c.is_enabled,
        )
    )
    row = connection.execute(question).one_or_none()
    return None if row is None else Token(*row)


def touch_token(connection: Connection, token_id: int, now_us: int) -> None:
    """The token was used now."""
    connection.execute(
        update(token).where(token.c.id == token_id).values(used_us=now_us)
    )


def tokens(connection: Connection) -> list[Token]:
    """Tokens that were not revoked, by name."""
    question = (
        select(*_TOKEN_COLUMNS)
        .where(token.c.revoked_us.is_(None))
        .order_by(token.c.name_key)
    )
    return [Token(*row) for row in connection.execute(question)]


def revoke_token(connection: Connection, token_id: int, now_us: int) -> None:
    """Nobody comes in with this token any more; its name is free."""
    revoked = connection.execute(
        update(token)
        .where(token.c.id == token_id, token.c.revoked_us.is_(None))
        .values(revoked_us=now_us, name_key=None)
    )
    if not revoked.rowcount:
        raise NotFound("there is no such token")


def add_link(
    connection: Connection,
    purpose: str,
    user_id: UserId | None,
    lifetime_us: int,
    now_us: int,
) -> str:
    """The secret of a link that works once and for so long."""
    return _insert(
        connection,
        link,
        purpose=purpose,
        user_id=user_id,
        created_us=now_us,
        expires_us=now_us + lifetime_us,
    )


def find_link(
    connection: Connection, secret: str, purpose: str, now_us: int
) -> Link | None:
    """The link of a secret if it still works; it is not used up by looking."""
    question = select(link.c.purpose, link.c.user_id, link.c.expires_us).where(
        link.c.digest == _digest(secret),
        link.c.purpose == purpose,
        link.c.used_us.is_(None),
        link.c.expires_us > now_us,
    )
    row = connection.execute(question).one_or_none()
    return None if row is None else Link(*row)


def use_link(
    connection: Connection, secret: str, purpose: str, now_us: int
) -> Link | None:
    """Use a link up. Of many who try at once, one gets it."""
    used = connection.execute(
        update(link)
        .where(
            link.c.digest == _digest(secret),
            link.c.purpose == purpose,
            link.c.used_us.is_(None),
            link.c.expires_us > now_us,
        )
        .values(used_us=now_us)
        .returning(link.c.purpose, link.c.user_id, link.c.expires_us)
    )
    row = used.one_or_none()
    return None if row is None else Link(*row)


def _insert(connection: Connection, table: Any, **values: Any) -> str:
    secret = secrets.token_urlsafe(SECRET_BYTES)
    connection.execute(insert(table).values(digest=_digest(secret), **values))
    return secret


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
