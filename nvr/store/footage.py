"""Questions about footage on a connection: which files, which runs, which gaps."""

from collections.abc import Iterable

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    func,
    or_,
    select,
    text,
)

from nvr.base.errors import NotFound
from nvr.base.model import (
    CameraId,
    Gap,
    GapCause,
    Role,
    Run,
    RunId,
    Segment,
    SegmentId,
    SegmentState,
    VolumeId,
)
from nvr.store import intervals
from nvr.store.engine import AnyRow
from nvr.store.tables import gap, run, segment, volume

LONGEST_SEGMENT_US = 2 * 3600 * 1_000_000
"""No file is longer, so that what reaches into an interval started at most so early."""

READABLE = (
    SegmentState.OPEN,
    SegmentState.CLOSED,
    SegmentState.SUSPECT,
    SegmentState.DOOMED,
)
"""States in which the file is there and may be read."""

SEGMENT_COLUMNS = (
    segment.c.id,
    segment.c.camera_id,
    segment.c.role,
    segment.c.run_id,
    volume.c.id.label("volume_id"),
    segment.c.epoch,
    segment.c.state,
    segment.c.start_us,
    segment.c.end_us,
    segment.c.size_bytes,
    segment.c.digest,
)


def segments(
    connection: Connection, camera_id: CameraId, role: Role, start_us: int, end_us: int
) -> list[Segment]:
    """Files that hold footage of an interval, in order of their start."""
    question = (
        select(*SEGMENT_COLUMNS)
        .join(volume, volume.c.number == segment.c.volume)
        .where(
            segment.c.camera_id == camera_id,
            segment.c.role == role,
            segment.c.start_us > start_us - LONGEST_SEGMENT_US,
            segment.c.start_us < end_us,
            or_(segment.c.end_us > start_us, segment.c.state == SegmentState.OPEN),
            segment.c.state.in_(READABLE),
        )
        .order_by(segment.c.start_us, segment.c.id)
    )
    return values(connection.execute(question))


def one_segment(connection: Connection, segment_id: SegmentId) -> Segment:
    """One segment in any state."""
    question = (
        select(*SEGMENT_COLUMNS)
        .join(volume, volume.c.number == segment.c.volume)
        .where(segment.c.id == segment_id)
    )
    row = connection.execute(question).one_or_none()
    if row is None:
        raise NotFound(f"there is no segment {segment_id}")
    return Segment(*row)


def unfinished(connection: Connection, before_epoch: int | None) -> list[Segment]:
    """Segments that nobody writes any more and that were never closed."""
    question = (
        select(*SEGMENT_COLUMNS)
        .join(volume, volume.c.number == segment.c.volume)
        .where(
            # Spelled as in the partial index, or SQLite would not use it.
            text("segment.state <> 1"),
            segment.c.state.in_((SegmentState.OPEN, SegmentState.SUSPECT)),
        )
        .order_by(segment.c.id)
    )
    if before_epoch is not None:
        question = question.where(segment.c.epoch < before_epoch)
    return values(connection.execute(question))


def on_volume(
    connection: Connection, volume_id: VolumeId, after: int, limit: int
) -> list[Segment]:
    """Segments of one volume in any state, in order of id, from `after` on."""
    question = (
        select(*SEGMENT_COLUMNS)
        .join(volume, volume.c.number == segment.c.volume)
        .where(volume.c.id == volume_id, segment.c.id > after)
        .order_by(segment.c.id)
        .limit(limit)
    )
    return values(connection.execute(question))


def runs(
    connection: Connection, camera_id: CameraId, role: Role, start_us: int, end_us: int
) -> list[Run]:
    """Runs that reach into an interval, whole, in order of their start."""
    return [
        _run(row) for row in _run_rows(connection, camera_id, role, start_us, end_us)
    ]


def gaps(
    connection: Connection, camera_id: CameraId, role: Role, start_us: int, end_us: int
) -> list[Gap]:
    """Gaps that reach into an interval, in order of their start.

    Where the clock was set back, footage may have come to lie in an older gap; that
    part of it is no gap.
    """
    question = (
        select(gap)
        .where(
            _of(gap, camera_id, role),
            gap.c.start_us < end_us,
            or_(gap.c.end_us.is_(None), gap.c.end_us > start_us),
        )
        .order_by(gap.c.start_us)
    )
    told = [_gap(row) for row in connection.execute(question)]
    if not told:
        return []
    last_us = max(end_us, *(each.end_us or 0 for each in told))
    recorded = [
        (row.start_us, row.end_us)
        for row in _run_rows(connection, camera_id, role, told[0].start_us, last_us)
    ]
    return [
        piece
        for piece in intervals.uncovered(told, intervals.merged(recorded))
        if piece.start_us < end_us and (piece.end_us is None or piece.end_us > start_us)
    ]


def coverage(
    connection: Connection, camera_id: CameraId, role: Role, start_us: int, end_us: int
) -> list[tuple[int, int]]:
    """The recorded parts of an interval, disjoint and in order."""
    rows = _run_rows(connection, camera_id, role, start_us, end_us)
    parts = ((max(r.start_us, start_us), min(r.end_us, end_us)) for r in rows)
    return intervals.merged(part for part in parts if part[0] < part[1])


def extent(
    connection: Connection, camera_id: CameraId, role: Role
) -> tuple[int, int] | None:
    """First and last instant with footage; None: there is none."""
    question = select(func.min(run.c.start_us), func.max(run.c.end_us)).where(
        _of(run, camera_id, role)
    )
    start_us, end_us = connection.execute(question).one()
    return None if start_us is None else (start_us, end_us)


def values(rows: Iterable[AnyRow]) -> list[Segment]:
    """Rows of `SEGMENT_COLUMNS` as segments."""
    return [Segment(*row) for row in rows]


def _run_rows(
    connection: Connection, camera_id: CameraId, role: Role, start_us: int, end_us: int
) -> list[AnyRow]:
    question = (
        select(run)
        .where(
            _of(run, camera_id, role),
            run.c.start_us < end_us,
            or_(run.c.end_us > start_us, run.c.is_open),
        )
        .order_by(run.c.start_us, run.c.id)
    )
    return list(connection.execute(question))


def _of(table: Table, camera_id: CameraId, role: Role) -> ColumnElement[bool]:
    return and_(table.c.camera_id == camera_id, table.c.role == role)


def _run(row: AnyRow) -> Run:
    end_us = None if row.is_open else row.end_us
    return Run(RunId(row.id), CameraId(row.camera_id), row.role, row.start_us, end_us)


def _gap(row: AnyRow) -> Gap:
    return Gap(
        CameraId(row.camera_id),
        row.role,
        row.start_us,
        row.end_us,
        GapCause(row.cause),
        row.detail,
    )
