"""Settings that people change while the server runs: a JSON value for each key."""

import json
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from nvr.store.tables import setting


def every(connection: Connection) -> dict[str, Any]:
    """All stored settings by key."""
    question = select(setting.c.key, setting.c.value).order_by(setting.c.key)
    return {row.key: json.loads(row.value) for row in connection.execute(question)}


def one(connection: Connection, key: str) -> Any:
    """One stored value; None: nothing was stored."""
    question = select(setting.c.value).where(setting.c.key == key)
    value = connection.execute(question).scalar()
    return None if value is None else json.loads(value)


def store(connection: Connection, key: str, value: Any) -> None:
    """Keep a value; None removes what was stored."""
    if value is None:
        connection.execute(delete(setting).where(setting.c.key == key))
        return
    told = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    changed = connection.execute(
        update(setting).where(setting.c.key == key).values(value=told)
    )
    if not changed.rowcount:
        connection.execute(insert(setting).values(key=key, value=told))
