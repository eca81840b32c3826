"""Numbers that only grow: the revision of the cameras, segment ids."""

from sqlalchemy import Connection, insert, select, update

from nvr.store.tables import counter


def value(connection: Connection, name: str) -> int:
    """The counter as it stands; 0 before its first use."""
    question = select(counter.c.value).where(counter.c.name == name)
    return connection.execute(question).scalar() or 0


def next_value(connection: Connection, name: str, step: int = 1) -> int:
    """Advance the counter and tell its new value. Two callers never get the same."""
    advance = (
        update(counter)
        .where(counter.c.name == name)
        .values(value=counter.c.value + step)
        .returning(counter.c.value)
    )
    advanced = connection.execute(advance).scalar()
    if advanced is None:
        # The migration makes the rows; a counter of a later version starts here.
        connection.execute(insert(counter).values(name=name, value=step))
        return step
    return int(advanced)
