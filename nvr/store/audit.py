"""The audit log: who did what, in rows that are only ever added.

Entries are numbered from 1 without a hole, and each carries the SHA-256 of itself and
of the one before. Whoever changes or removes an entry in the database breaks the
chain from there on; whoever cuts off its end is betrayed by a head noted elsewhere.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, insert, select, text

from nvr.store.engine import AnyRow
from nvr.store.tables import audit

PAGE_ENTRIES = 1_000


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act. `detail` holds only JSON values and never a secret."""

    number: int
    at_us: int
    actor: str
    action: str
    object: str
    detail: dict[str, Any]
    digest: bytes


def add(
    connection: Connection,
    now_us: int,
    actor: str,
    action: str,
    object: str,
    detail: dict[str, Any],
) -> int:
    """Append an entry; tells its number."""
    if connection.dialect.name == "postgresql":
        # One at a time until commit; readers go on. SQLite has one writer anyway.
        connection.execute(text("LOCK TABLE audit IN SHARE ROW EXCLUSIVE MODE"))
    number, before = head(connection)
    number += 1
    detail_text = _canonical(detail)
    connection.execute(
        insert(audit).values(
            number=number,
            at_us=now_us,
            actor=actor,
            action=action,
            object=object,
            detail=detail_text,
            digest=digest(before, number, now_us, actor, action, object, detail_text),
        )
    )
    return number


def head(connection: Connection) -> tuple[int, bytes]:
    """Number and digest of the last entry; (0, b"") before the first."""
    question = (
        select(audit.c.number, audit.c.digest).order_by(audit.c.number.desc()).limit(1)
    )
    row = connection.execute(question).one_or_none()
    return (0, b"") if row is None else (row.number, row.digest)


def entries(connection: Connection, before: int | None, limit: int) -> list[AuditEntry]:
    """Entries with smaller numbers than `before`, latest first."""
    question = select(audit).order_by(audit.c.number.desc()).limit(limit)
    if before is not None:
        question = question.where(audit.c.number < before)
    return [_entry(row) for row in connection.execute(question)]


def first_bad(connection: Connection) -> int | None:
    """Walk the whole chain: number of the first entry that does not fit, or None."""
    number, before = 0, b""
    while True:
        question = (
            select(audit)
            .where(audit.c.number > number)
            .order_by(audit.c.number)
            .limit(PAGE_ENTRIES)
        )
        page = list(connection.execute(question))
        if not page:
            return None
        for row in page:
            number += 1
            if row.number != number or row.digest != _expected(before, row):
                return number
            before = row.digest


def digest(
    before: bytes,
    number: int,
    at_us: int,
    actor: str,
    action: str,
    object: str,
    detail_text: str,
) -> bytes:
    """SHA-256 over the canonical JSON of an entry and the digest before it."""
    entry = {
        "action": action,
        "actor": actor,
        "at_us": at_us,
        "before": before.hex(),
        "detail": json.loads(detail_text),
        "number": number,
        "object": object,
    }
    return sha256(_canonical(entry).encode()).digest()


def _expected(before: bytes, row: AnyRow) -> bytes | None:
    """The digest a row should have; None: its detail is not even JSON."""
    try:
        return digest(
            before,
            row.number,
            row.at_us,
            row.actor,
            row.action,
            row.object,
            row.detail,
        )
    except ValueError:
        return None


def _canonical(value: dict[str, Any]) -> str:
    return json.dumps(
        value,
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
    )


def _entry(row: AnyRow) -> AuditEntry:
    return AuditEntry(
        row.number,
        row.at_us,
        row.actor,
        row.action,
        row.object,
        json.loads(row.detail),
        row.digest,
    )
