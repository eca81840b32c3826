"""Changes of a recorder put into the tables, a whole batch at a time.

Rows of segments go in with one statement for each kind of change. What concerns runs
and gaps follows in the order in which it was told.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from nvr.base.model import CameraId, RunId, Segment, SegmentId, SegmentState
from nvr.store import tiles, tiling, volumes
from nvr.store.changes import (
    Change,
    GapBegan,
    GapEnded,
    RunEnded,
    SegmentClosed,
    SegmentFailed,
    SegmentGrown,
    SegmentOpened,
)
from nvr.store.tables import run, segment, tombstone
from nvr.store.tiles import Tiles


def apply(connection: Connection, changes: Sequence[Change]) -> None:
    """The batch in one transaction. What was applied before is passed over."""
    tiles.lock(connection, _cameras(changes))
    fresh = _insert_segments(connection, changes)
    _grow_segments(connection, changes)
    _close_segments(connection, changes)
    _fail_segments(connection, changes)
    _tile(connection, changes, fresh)


def _cameras(changes: Sequence[Change]) -> set[CameraId]:
    found = set()
    for change in changes:
        if isinstance(change, SegmentOpened):
            found.add(change.segment.camera_id)
        elif isinstance(change, RunEnded | GapBegan | GapEnded):
            found.add(change.camera_id)
    return found


def _insert_segments(
    connection: Connection, changes: Sequence[Change]
) -> set[SegmentId]:
    opened = {c.segment.id: c.segment for c in changes if isinstance(c, SegmentOpened)}
    if not opened:
        return set()
    ids = list(opened)
    rows = select(segment.c.id).where(segment.c.id.in_(ids))
    deleted = select(tombstone.c.segment_id).where(tombstone.c.segment_id.in_(ids))
    for known in connection.execute(rows.union_all(deleted)).scalars().all():
        del opened[known]
    if opened:
        insert_segments(connection, list(opened.values()))
    return set(opened)


def insert_segments(connection: Connection, fresh: Sequence[Segment]) -> None:
    """New rows for segments whose volumes are known."""
    numbers = volumes.numbers(connection, {each.volume_id for each in fresh})
    connection.execute(
        insert(segment),
        [
            {
                "id": it.id,
                "camera_id": it.camera_id,
                "role": it.role,
                "run_id": it.run_id,
                "volume": numbers[it.volume_id],
                "epoch": it.epoch,
                "state": it.state,
                "start_us": it.start_us,
                "end_us": it.end_us,
                "size_bytes": it.size_bytes,
                "digest": it.digest,
            }
            for it in fresh
        ],
    )


def _grow_segments(connection: Connection, changes: Sequence[Change]) -> None:
    grown = {c.segment_id: c for c in changes if isinstance(c, SegmentGrown)}
    if not grown:
        return
    connection.execute(
        update(segment)
        .where(
            segment.c.id == bindparam("grown_id"),
            segment.c.state == SegmentState.OPEN,
            segment.c.end_us <= bindparam("reached_us"),
        )
        .values(end_us=bindparam("reached_us"), size_bytes=bindparam("grown_bytes")),
        [
            {
                "grown_id": c.segment_id,
                "reached_us": c.end_us,
                "grown_bytes": c.size_bytes,
            }
            for c in grown.values()
        ],
    )


def _close_segments(connection: Connection, changes: Sequence[Change]) -> None:
    closed = [c for c in changes if isinstance(c, SegmentClosed)]
    if not closed:
        return
    connection.execute(
        update(segment)
        .where(
            segment.c.id == bindparam("closed_id"),
            or_(
                segment.c.state == SegmentState.OPEN,
                segment.c.state == SegmentState.SUSPECT,
            ),
        )
        .values(
            state=SegmentState.CLOSED,
            end_us=bindparam("closed_us"),
            size_bytes=bindparam("closed_bytes"),
            digest=bindparam("closed_digest"),
        ),
        [
            {
                "closed_id": c.segment_id,
                "closed_us": c.end_us,
                "closed_bytes": c.size_bytes,
                "closed_digest": c.digest,
            }
            for c in closed
        ],
    )


def _fail_segments(connection: Connection, changes: Sequence[Change]) -> None:
    failed = [c.segment_id for c in changes if isinstance(c, SegmentFailed)]
    if failed:
        connection.execute(
            update(segment)
            .where(segment.c.id.in_(failed), segment.c.state == SegmentState.OPEN)
            .values(state=SegmentState.SUSPECT)
        )


def _tile(
    connection: Connection, changes: Sequence[Change], fresh: set[SegmentId]
) -> None:
    running = _open_runs(connection, changes)
    reached: list[tuple[SegmentId, int]] = []
    for change in changes:
        match change:
            case SegmentGrown() | SegmentClosed():
                reached.append((change.segment_id, change.end_us))
                continue
            case SegmentFailed():
                continue
            case SegmentOpened(it) if it.id not in fresh or it.run_id in running:
                continue
        # What was open may end here; it must end as far as it is known to reach.
        tiling.note_progress(connection, reached)
        reached = []
        match change:
            case SegmentOpened(it):
                running.add(_begin_run(connection, it))
            case RunEnded(run_id, camera_id, role, end_us):
                running.discard(run_id)
                tiling.end_run(Tiles(connection, camera_id, role), run_id, end_us)
            case GapBegan(camera_id, role, start_us, cause, detail):
                of_stream = Tiles(connection, camera_id, role)
                tiling.begin_gap(of_stream, start_us, cause, detail)
            case GapEnded(camera_id, role, end_us):
                tiling.end_gap(Tiles(connection, camera_id, role), end_us)
    tiling.note_progress(connection, reached)


def _open_runs(connection: Connection, changes: Sequence[Change]) -> set[RunId]:
    wanted = {c.segment.run_id for c in changes if isinstance(c, SegmentOpened)}
    if not wanted:
        return set()
    question = select(run.c.id).where(run.c.id.in_(list(wanted)), run.c.is_open)
    return set(connection.execute(question).scalars())


def _begin_run(connection: Connection, it: Segment) -> RunId:
    # If its run was ended meanwhile, a later segment is the first of another.
    run_id = RunId(it.id)
    of_stream = Tiles(connection, it.camera_id, it.role)
    tiling.begin_run(of_stream, run_id, it.start_us, it.end_us)
    if it.run_id != run_id:
        connection.execute(
            update(segment).where(segment.c.id == it.id).values(run_id=run_id)
        )
    return run_id
