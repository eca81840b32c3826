"""The way out of a segment: doomed, being unlinked, a tombstone.

Each step's condition stands in the statement that takes it, so that whatever was
decided on an older view cannot take a segment that has changed meanwhile. Order is
the order of ids, which never follows the wall clock.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import (
    ColumnElement,
    Connection,
    delete,
    func,
    insert,
    select,
    text,
    update,
)

from nvr.base.model import CameraId, Role, Segment, SegmentId, SegmentState, VolumeId
from nvr.store import retiling, tiles
from nvr.store.engine import AnyRow
from nvr.store.footage import SEGMENT_COLUMNS, values
from nvr.store.tables import doom, segment, tombstone, volume
from nvr.store.tiles import Tiles

STEP_SEGMENTS = 500
"""Most segments in one statement; both databases limit its parameters."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one camera has on one volume, deleted files that still exist included."""

    camera_id: CameraId
    volume_id: VolumeId
    size_bytes: int
    oldest_us: int
    newest_us: int


def usage(connection: Connection) -> list[Usage]:
    """The space footage takes, for each camera and volume. Walks all segments."""
    question = (
        select(
            segment.c.camera_id,
            volume.c.id,
            func.sum(segment.c.size_bytes),
            func.min(segment.c.start_us),
            func.max(segment.c.end_us),
        )
        .join(volume, volume.c.number == segment.c.volume)
        .where(segment.c.state != SegmentState.MISSING)
        .group_by(segment.c.camera_id, volume.c.id)
    )
    return [
        Usage(camera_id, volume_id, int(size), oldest_us, newest_us)
        for camera_id, volume_id, size, oldest_us, newest_us in connection.execute(
            question
        )
    ]


def oldest(
    connection: Connection,
    camera_id: CameraId | None,
    volume_id: VolumeId | None,
    limit: int,
    before_us: int | None,
) -> list[Segment]:
    """The first closed segments by id, if asked only those that ended before."""
    question = (
        select(*SEGMENT_COLUMNS)
        .join(volume, volume.c.number == segment.c.volume)
        .where(_may_be_doomed())
        .limit(limit)
    )
    if camera_id is not None:
        question = question.where(segment.c.camera_id == camera_id)
    if volume_id is not None:
        question = question.where(volume.c.id == volume_id)
    if before_us is None:
        return values(connection.execute(question.order_by(segment.c.id)))
    # By time, so that the answer "none" does not take a walk over all segments.
    question = question.where(
        segment.c.role.in_(Role),  # any, but so the index by time can be used
        segment.c.start_us < before_us,
        segment.c.end_us <= before_us,
    ).order_by(segment.c.start_us, segment.c.id)
    return sorted(values(connection.execute(question)), key=lambda it: it.id)


def mark(
    connection: Connection, ids: Sequence[SegmentId], rule: str, now_us: int
) -> list[Segment]:
    """Doom what is closed among these; tells which that were."""
    doomed: list[SegmentId] = []
    for step in _steps(ids):
        doomed += _move(connection, step, _may_be_doomed(), SegmentState.DOOMED)
    if doomed:
        connection.execute(
            insert(doom),
            [{"segment_id": id, "rule": rule, "at_us": now_us} for id in doomed],
        )
    return _segments(connection, doomed)


def spare(connection: Connection, ids: Sequence[SegmentId]) -> list[Segment]:
    """Take back the doom of those that are not being unlinked yet."""
    spared: list[SegmentId] = []
    for step in _steps(ids):
        is_doomed = segment.c.state == SegmentState.DOOMED
        back = _move(connection, step, is_doomed, SegmentState.CLOSED)
        connection.execute(delete(doom).where(doom.c.segment_id.in_(back)))
        spared += back
    return _segments(connection, spared)


def doomed(connection: Connection, before_us: int, limit: int) -> list[Segment]:
    """Segments doomed up to then and not being unlinked yet, by id."""
    question = (
        select(*SEGMENT_COLUMNS)
        .join(doom, doom.c.segment_id == segment.c.id)
        .join(volume, volume.c.number == segment.c.volume)
        .where(doom.c.at_us <= before_us, segment.c.state == SegmentState.DOOMED)
        .order_by(segment.c.id)
        .limit(limit)
    )
    return values(connection.execute(question))


def begin_unlink(connection: Connection, ids: Sequence[SegmentId]) -> list[Segment]:
    """From now on these files may be removed; tells which were doomed until now."""
    started: list[SegmentId] = []
    for step in _steps(ids):
        is_doomed = segment.c.state == SegmentState.DOOMED
        started += _move(connection, step, is_doomed, SegmentState.UNLINKING)
    return _segments(connection, started)


def unlinking(connection: Connection, limit: int) -> list[Segment]:
    """Segments whose file may be half way removed, for instance after a crash."""
    question = (
        select(*SEGMENT_COLUMNS)
        .join(volume, volume.c.number == segment.c.volume)
        .where(text("segment.state <> 1"), segment.c.state == SegmentState.UNLINKING)
        .order_by(segment.c.id)
        .limit(limit)
    )
    return values(connection.execute(question))


def forget(connection: Connection, ids: Sequence[SegmentId], now_us: int) -> None:
    """The files are gone: rows become tombstones, runs lose that time."""
    for step in _steps(ids):
        question = (
            select(segment, doom.c.rule)
            .outerjoin(doom, doom.c.segment_id == segment.c.id)
            .where(segment.c.id.in_(step), segment.c.state == SegmentState.UNLINKING)
            .order_by(segment.c.id)
        )
        gone = list(connection.execute(question))
        if not gone:
            continue
        tiles.lock(connection, {row.camera_id for row in gone})
        connection.execute(insert(tombstone), [_tombstone(row, now_us) for row in gone])
        gone_ids = [row.id for row in gone]
        connection.execute(delete(doom).where(doom.c.segment_id.in_(gone_ids)))
        connection.execute(delete(segment).where(segment.c.id.in_(gone_ids)))
        for run_id, of_run in groupby(
            sorted(gone, key=_by_run), lambda row: row.run_id
        ):
            _shorten(connection, run_id, list(of_run))


def _shorten(connection: Connection, run_id: int, gone: list[AnyRow]) -> None:
    first, last = gone[0], gone[-1]
    between = (
        select(segment.c.id)
        .where(
            segment.c.camera_id == first.camera_id,
            segment.c.role == first.role,
            segment.c.start_us.between(first.start_us, last.start_us),
            segment.c.run_id == run_id,
        )
        .limit(1)
    )
    of_stream = Tiles(connection, first.camera_id, first.role)
    if connection.execute(between).first() is None:
        retiling.take_out(of_stream, run_id, first, last)
        return
    # Something in between was kept, for instance held: cut by cut.
    for row in gone:
        retiling.take_out(of_stream, run_id, row, row)


def _may_be_doomed() -> ColumnElement[bool]:
    return segment.c.state == SegmentState.CLOSED


def _move(
    connection: Connection,
    ids: Sequence[SegmentId],
    where: ColumnElement[bool],
    state: SegmentState,
) -> list[SegmentId]:
    moved = connection.execute(
        update(segment)
        .where(segment.c.id.in_(ids), where)
        .values(state=state)
        .returning(segment.c.id)
    )
    return sorted(moved.scalars())


def _segments(connection: Connection, ids: Sequence[SegmentId]) -> list[Segment]:
    found: list[Segment] = []
    for step in _steps(ids):
        question = (
            select(*SEGMENT_COLUMNS)
            .join(volume, volume.c.number == segment.c.volume)
            .where(segment.c.id.in_(step))
            .order_by(segment.c.id)
        )
        found += values(connection.execute(question))
    return found


def _steps(ids: Sequence[SegmentId]) -> Iterator[Sequence[SegmentId]]:
    for start in range(0, len(ids), STEP_SEGMENTS):
        yield ids[start : start + STEP_SEGMENTS]


def _by_run(row: AnyRow) -> tuple[int, int]:
    return row.run_id, row.id


def _tombstone(row: AnyRow, now_us: int) -> dict[str, object]:
    return {
        "segment_id": row.id,
        "camera_id": row.camera_id,
        "role": row.role,
        "start_us": row.start_us,
        "end_us": row.end_us,
        "digest": row.digest,
        "rule": row.rule or "",
        "at_us": now_us,
    }
