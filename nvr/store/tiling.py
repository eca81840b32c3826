"""Runs and gaps of a stream: together they cover its time, and one of them is open.

Every function here takes a connection in a writing transaction whose streams are
locked (`lock`). A new run or gap begins where the one before it ended, or earlier if
somebody set the clock back; so there is never a hole. Footage is never hidden: after
the clock was set back two runs may tell of the same wall time, because it was
recorded twice. A gap, in contrast, begins only behind everything that is known.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from nvr.base.model import (
    CameraId,
    GapCause,
    Role,
    RunId,
    Segment,
    SegmentId,
    SegmentState,
)
from nvr.store.engine import AnyRow
from nvr.store.tables import camera, gap, run, segment


def lock(connection: Connection, camera_ids: Iterable[CameraId]) -> None:
    """Keep other transactions off these cameras' runs and gaps until the end.

    SQLite has one writer anyway. In PostgreSQL inserting segments stays possible.
    """
    if connection.dialect.name == "postgresql":
        wanted = sorted(set(camera_ids))
        connection.execute(
            select(camera.c.id)
            .where(camera.c.id.in_(wanted))
            .order_by(camera.c.id)
            .with_for_update(key_share=True)
        )


def start(
    connection: Connection,
    camera_id: CameraId,
    role: Role,
    start_us: int,
    cause: GapCause,
) -> None:
    """The first gap of a stream, unless it has a past."""
    for table in (gap, run):
        past = select(table.c.start_us).where(_of(table, camera_id, role)).limit(1)
        if connection.execute(past).first() is not None:
            return
    _insert_gap(connection, camera_id, role, start_us, None, cause)


def begin_run(
    connection: Connection,
    run_id: RunId,
    camera_id: CameraId,
    role: Role,
    start_us: int,
    end_us: int,
) -> None:
    """A run starts and what was open ends there."""
    running = _open_run(connection, camera_id, role)
    if running is not None:
        # Nobody said that it ended, so whoever wrote it died.
        _close_run(connection, running.id, running.end_us)
        if running.end_us < start_us:
            _insert_gap(
                connection,
                camera_id,
                role,
                running.end_us,
                start_us,
                GapCause.KILLED,
            )
    else:
        _end_open_gap(connection, camera_id, role, start_us)
    connection.execute(
        insert(run).values(
            id=run_id,
            camera_id=camera_id,
            role=role,
            start_us=start_us,
            end_us=max(start_us, end_us),
            is_open=True,
        )
    )


def end_run(
    connection: Connection,
    run_id: RunId,
    camera_id: CameraId,
    role: Role,
    end_us: int,
) -> None:
    """An open run ends, and an open gap without a known cause begins."""
    running = _open_run(connection, camera_id, role)
    if running is None or running.id != run_id:
        return
    end_us = max(running.end_us, end_us)
    _close_run(connection, run_id, end_us)
    _open_gap(connection, camera_id, role, end_us, GapCause.KILLED)


def begin_gap(
    connection: Connection,
    camera_id: CameraId,
    role: Role,
    start_us: int,
    cause: GapCause,
    detail: str,
) -> None:
    """A gap starts, or goes on if it has this cause already."""
    running = _open_run(connection, camera_id, role)
    if running is not None:
        if start_us < running.start_us:
            return  # told before: the run is what came after this gap
        _close_run(connection, running.id, running.end_us)
        _open_gap(connection, camera_id, role, running.end_us, GapCause.KILLED)
    open_gap = _one_open_gap(connection, camera_id, role)
    if open_gap is not None:
        if open_gap.cause == cause or _is_told(
            connection, camera_id, role, start_us, cause
        ):
            return
        _end_open_gap(connection, camera_id, role, start_us)
        start_us = max(start_us, open_gap.start_us)
    _open_gap(connection, camera_id, role, start_us, cause, detail)


def end_gap(
    connection: Connection, camera_id: CameraId, role: Role, end_us: int
) -> None:
    """The open gap's cause is over; what follows has no known cause yet."""
    open_gap = _one_open_gap(connection, camera_id, role)
    if open_gap is None or end_us <= open_gap.start_us:
        return
    _end_open_gap(connection, camera_id, role, end_us)
    _open_gap(connection, camera_id, role, end_us, GapCause.KILLED)


def note_progress(
    connection: Connection, ends: Sequence[tuple[SegmentId, int]]
) -> None:
    """Open runs reach as far as their segments are known to reach."""
    if not ends:
        return
    of_segment = (
        select(segment.c.run_id)
        .where(segment.c.id == bindparam("segment_id"))
        .scalar_subquery()
    )
    connection.execute(
        update(run)
        .where(
            run.c.id == of_segment,
            run.c.is_open,
            run.c.end_us < bindparam("reached_us"),
        )
        .values(end_us=bindparam("reached_us")),
        [{"segment_id": id, "reached_us": end_us} for id, end_us in ends],
    )


def move_end(connection: Connection, moved: AnyRow, end_us: int) -> None:
    """A run that nobody writes any more ends elsewhere than was known."""
    end_us = max(end_us, moved.start_us)
    stream = _of(gap, moved.camera_id, moved.role)
    _close_run(connection, moved.id, end_us)
    if moved.is_open:
        _open_gap(connection, moved.camera_id, moved.role, end_us, GapCause.KILLED)
    elif end_us > moved.end_us:
        told = and_(stream, gap.c.start_us >= moved.end_us, gap.c.start_us < end_us)
        connection.execute(delete(gap).where(told, gap.c.end_us <= end_us))
        connection.execute(update(gap).where(told).values(start_us=end_us))
    elif end_us < moved.end_us:
        _insert_gap(
            connection,
            moved.camera_id,
            moved.role,
            end_us,
            moved.end_us,
            GapCause.KILLED,
        )


def is_last(connection: Connection, of_run: AnyRow, it: AnyRow) -> bool:
    """Whether a run has no segment behind this one."""
    question = (
        select(segment.c.id)
        .where(
            _of(segment, of_run.camera_id, of_run.role),
            segment.c.start_us > it.start_us,
            segment.c.run_id == of_run.id,
        )
        .limit(1)
    )
    return connection.execute(question).first() is None


def insert_past_run(connection: Connection, alone: Segment) -> None:
    """A run of one segment that nobody knew of; told gaps give way to it."""
    connection.execute(
        insert(run).values(
            id=alone.id,
            camera_id=alone.camera_id,
            role=alone.role,
            start_us=alone.start_us,
            end_us=alone.end_us,
            is_open=False,
        )
    )


def add_gap(
    connection: Connection,
    camera_id: CameraId,
    role: Role,
    start_us: int,
    end_us: int,
    cause: GapCause,
) -> None:
    """Explain a stretch that has just been taken out of a run."""
    if start_us < end_us:
        _insert_gap(connection, camera_id, role, start_us, end_us, cause)


def take_out(
    connection: Connection, run_id: int, first: AnyRow, last: AnyRow
) -> tuple[int, int] | None:
    """Take neighbouring segments that are no longer there out of their run.

    The run begins later, ends earlier, falls in two, or goes with its last segment.
    What is behind keeps the run's id, because a recorder may still be adding to it.
    Tells what time was taken; None: there was no such run.
    """
    cut = connection.execute(select(run).where(run.c.id == run_id)).one_or_none()
    if cut is None:
        return None
    before = _neighbour(connection, cut, segment.c.start_us < first.start_us, False)
    after = _neighbour(connection, cut, segment.c.start_us > last.start_us, True)
    from_us = cut.start_us if before is None else before.end_us
    to_us = max(from_us, cut.end_us if after is None else after.start_us)
    if after is None:
        _close_run(connection, run_id, from_us)
        if cut.is_open:
            _open_gap(connection, cut.camera_id, cut.role, to_us, GapCause.KILLED)
    else:
        _change_run(connection, run_id, start_us=to_us)
    if before is None and after is None:
        connection.execute(delete(run).where(run.c.id == run_id))
    elif before is not None and after is not None:
        _split_off(connection, cut, first, from_us)
    return from_us, to_us


def _neighbour(
    connection: Connection, cut: AnyRow, where: ColumnElement[bool], is_after: bool
) -> AnyRow | None:
    """The nearest segment that the run still has on one side."""
    by_time = segment.c.start_us.asc() if is_after else segment.c.start_us.desc()
    question = (
        select(segment.c.start_us, segment.c.end_us)
        .where(
            _of(segment, cut.camera_id, cut.role),
            segment.c.start_us.between(cut.start_us, cut.end_us),
            segment.c.run_id == cut.id,
            segment.c.state != SegmentState.MISSING,
            where,
        )
        .order_by(by_time)
        .limit(1)
    )
    return connection.execute(question).one_or_none()


def _split_off(connection: Connection, cut: AnyRow, gone: AnyRow, end_us: int) -> None:
    # The id of a segment that was taken is free: it was not the first of a run.
    connection.execute(
        insert(run).values(
            id=gone.id,
            camera_id=cut.camera_id,
            role=cut.role,
            start_us=cut.start_us,
            end_us=end_us,
            is_open=False,
        )
    )
    connection.execute(
        update(segment)
        .where(
            _of(segment, cut.camera_id, cut.role),
            segment.c.start_us >= cut.start_us,
            segment.c.start_us < gone.start_us,
            segment.c.run_id == cut.id,
        )
        .values(run_id=gone.id)
    )


def _of(table: Table, camera_id: CameraId, role: Role) -> ColumnElement[bool]:
    return and_(table.c.camera_id == camera_id, table.c.role == role)


def _open_run(connection: Connection, camera_id: CameraId, role: Role) -> AnyRow | None:
    question = select(run).where(_of(run, camera_id, role), run.c.is_open)
    return connection.execute(question).one_or_none()


def _one_open_gap(
    connection: Connection, camera_id: CameraId, role: Role
) -> AnyRow | None:
    question = select(gap).where(_of(gap, camera_id, role), gap.c.end_us.is_(None))
    return connection.execute(question).one_or_none()


def _is_told(
    connection: Connection,
    camera_id: CameraId,
    role: Role,
    start_us: int,
    cause: GapCause,
) -> bool:
    question = select(gap.c.start_us).where(
        _of(gap, camera_id, role), gap.c.start_us == start_us, gap.c.cause == cause
    )
    return connection.execute(question).first() is not None


def _close_run(connection: Connection, run_id: int, end_us: int) -> None:
    _change_run(connection, run_id, end_us=end_us, is_open=False)


def _change_run(connection: Connection, run_id: int, **values: Any) -> None:
    connection.execute(update(run).where(run.c.id == run_id).values(**values))


def _end_open_gap(
    connection: Connection, camera_id: CameraId, role: Role, end_us: int
) -> None:
    is_it = and_(_of(gap, camera_id, role), gap.c.end_us.is_(None))
    connection.execute(delete(gap).where(is_it, gap.c.start_us >= end_us))
    connection.execute(update(gap).where(is_it).values(end_us=end_us))


def _open_gap(
    connection: Connection,
    camera_id: CameraId,
    role: Role,
    start_us: int,
    cause: GapCause,
    detail: str = "",
) -> None:
    for table in (run, gap):
        known = select(func.max(table.c.end_us)).where(_of(table, camera_id, role))
        start_us = max(start_us, connection.execute(known).scalar() or 0)
    _insert_gap(connection, camera_id, role, start_us, None, cause, detail)


def _insert_gap(
    connection: Connection,
    camera_id: CameraId,
    role: Role,
    start_us: int,
    end_us: int | None,
    cause: GapCause,
    detail: str = "",
) -> None:
    connection.execute(
        insert(gap).values(
            camera_id=camera_id,
            role=role,
            start_us=start_us,
            end_us=end_us,
            cause=cause.value,
            detail=detail,
        )
    )
