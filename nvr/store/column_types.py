"""How our values are kept in columns, alike in SQLite and PostgreSQL."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, SmallInteger
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine

from nvr.base.model import Role, SegmentState

LongKey = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit primary key; in SQLite it must be spelled INTEGER to be the row's own id."""


class UuidText(TypeDecorator[str]):
    """Canonical text of a UUID: 16 bytes in SQLite, `uuid` in PostgreSQL."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.UUID(as_uuid=True))
        return dialect.type_descriptor(LargeBinary(16))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        parsed = _parsed(value)
        return parsed if dialect.name == "postgresql" else parsed.bytes

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return _text(value)


class NumberedRole(TypeDecorator[Role]):
    """A stream's role in one small number, which never changes its meaning."""

    impl = SmallInteger
    cache_ok = True
    _numbers: Mapping[Role, int] = {Role.MAIN: 0, Role.SUB: 1}
    _roles: Mapping[int, Role] = {n: r for r, n in _numbers.items()}

    def process_bind_param(self, value: Role | None, dialect: Dialect) -> int | None:
        return None if value is None else self._numbers[value]

    def process_result_value(self, value: Any, dialect: Dialect) -> Role | None:
        return None if value is None else self._roles[value]


class NumberedState(TypeDecorator[SegmentState]):
    """A segment's state in one small number, which never changes its meaning."""

    impl = SmallInteger
    cache_ok = True
    _numbers: Mapping[SegmentState, int] = {
        SegmentState.OPEN: 0,
        SegmentState.CLOSED: 1,
        SegmentState.SUSPECT: 2,
        SegmentState.DOOMED: 3,
        SegmentState.UNLINKING: 4,
        SegmentState.MISSING: 5,
    }
    _states: Mapping[int, SegmentState] = {n: s for s, n in _numbers.items()}

    def process_bind_param(
        self, value: SegmentState | None, dialect: Dialect
    ) -> int | None:
        return None if value is None else self._numbers[value]

    def process_result_value(self, value: Any, dialect: Dialect) -> SegmentState | None:
        return None if value is None else self._states[value]


# A day of one camera has the same two UUIDs in each of its 1,440 rows.
@lru_cache(maxsize=4096)
def _parsed(text: str) -> UUID:
    return UUID(text)


@lru_cache(maxsize=4096)
def _text(stored: UUID | bytes) -> str:
    return str(stored if isinstance(stored, UUID) else UUID(bytes=stored))
