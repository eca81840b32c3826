"""People who may sign in."""

from dataclasses import dataclass
from typing import Any, NewType

from sqlalchemy import Connection, delete, func, insert, select, update

from nvr.base.errors import Conflict, NotFound
from nvr.store.engine import AnyRow
from nvr.store.tables import session, user

UserId = NewType("UserId", int)

_CHANGEABLE = {"name", "password_hash", "is_admin", "is_enabled"}


@dataclass(frozen=True, slots=True)
class User:
    """A person with an account."""

    id: UserId
    name: str
    is_admin: bool
    is_enabled: bool
    created_us: int


USER_COLUMNS = (
    user.c.id,
    user.c.name,
    user.c.is_admin,
    user.c.is_enabled,
    user.c.created_us,
)


def add(
    connection: Connection,
    now_us: int,
    *,
    name: str,
    password_hash: str,
    is_admin: bool,
) -> User:
    """A new user. Names that differ only in case are the same name."""
    _demand_free_name(connection, name, None)
    made = connection.execute(
        insert(user)
        .values(
            name=name,
            name_key=name.casefold(),
            password_hash=password_hash,
            is_admin=is_admin,
            is_enabled=True,
            created_us=now_us,
        )
        .returning(user.c.id)
    )
    return User(UserId(made.scalar_one()), name, is_admin, True, now_us)


def every(connection: Connection) -> list[User]:
    """All users by name."""
    question = select(*USER_COLUMNS).order_by(user.c.name_key)
    return [from_row(row) for row in connection.execute(question)]


def one(connection: Connection, user_id: UserId) -> User:
    """One user."""
    question = select(*USER_COLUMNS).where(user.c.id == user_id)
    row = connection.execute(question).one_or_none()
    if row is None:
        raise NotFound("there is no such user")
    return from_row(row)


def credentials(connection: Connection, name: str) -> tuple[User, str] | None:
    """A user and the password's hash, to check a sign-in; None: no such name."""
    question = select(*USER_COLUMNS, user.c.password_hash).where(
        user.c.name_key == name.casefold()
    )
    row = connection.execute(question).one_or_none()
    return None if row is None else (from_row(row), row.password_hash)


def change(connection: Connection, user_id: UserId, fields: dict[str, Any]) -> User:
    """The user with other values; a new password or a ban ends all sessions."""
    unknown = fields.keys() - _CHANGEABLE
    if unknown:
        raise TypeError(f"a user has no field {sorted(unknown)}")
    one(connection, user_id)
    values = dict(fields)
    if "name" in values:
        _demand_free_name(connection, values["name"], user_id)
        values["name_key"] = values["name"].casefold()
    if values:
        connection.execute(update(user).where(user.c.id == user_id).values(**values))
    if "password_hash" in values or not values.get("is_enabled", True):
        connection.execute(delete(session).where(session.c.user_id == user_id))
    if not (values.get("is_admin", True) and values.get("is_enabled", True)):
        _demand_admin(connection)
    return one(connection, user_id)


def remove(connection: Connection, user_id: UserId) -> None:
    """The user is gone, and every session, token and link of theirs."""
    one(connection, user_id)
    connection.execute(delete(user).where(user.c.id == user_id))
    _demand_admin(connection)


def from_row(row: AnyRow) -> User:
    """The first `USER_COLUMNS` of a row."""
    return User(row.id, row.name, row.is_admin, row.is_enabled, row.created_us)


def _demand_free_name(
    connection: Connection, name: str, user_id: UserId | None
) -> None:
    question = select(user.c.id).where(user.c.name_key == name.casefold())
    holder = connection.execute(question).scalar_one_or_none()
    if holder is not None and holder != user_id:
        raise Conflict(f"there is already a user named {name!r}")


def _demand_admin(connection: Connection) -> None:
    question = select(func.count()).where(user.c.is_admin, user.c.is_enabled)
    if not connection.execute(question).scalar():
        raise Conflict("somebody must stay who may administer this server")
