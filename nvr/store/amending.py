"""What is found out about footage later: recovered, lost and adopted files."""

from dataclasses import replace

from sqlalchemy import Connection, insert, select, update

from nvr.base.errors import Conflict, NotFound
from nvr.base.model import GapCause, RunId, Segment, SegmentId, SegmentState
from nvr.store import applying, tiling, volumes
from nvr.store.engine import AnyRow
from nvr.store.tables import run, segment

JOIN_US = 1_000_000
"""A found file that starts so soon after its run's end belongs to it."""


def recovered(
    connection: Connection,
    segment_id: SegmentId,
    end_us: int,
    size_bytes: int,
    digest: bytes,
) -> None:
    """A file that was left open or suspect is whole up to `end_us` and closed."""
    found = _unsettled(connection, segment_id)
    if found is None:
        return
    _settle(connection, segment_id, SegmentState.CLOSED, end_us, size_bytes, digest)
    ended = connection.execute(
        select(run).where(run.c.id == found.run_id)
    ).one_or_none()
    if ended is not None and tiling.is_last(connection, ended, found):
        tiling.move_end(connection, ended, end_us)


def lost(connection: Connection, segment_id: SegmentId) -> None:
    """The file is gone or holds nothing: a gap with cause `missing` takes its time."""
    found = _row(connection, segment_id)
    if found.state is SegmentState.MISSING:
        return
    if found.state in (SegmentState.DOOMED, SegmentState.UNLINKING):
        raise Conflict(f"segment {segment_id} is being deleted")
    tiling.lock(connection, [found.camera_id])
    _settle(connection, segment_id, SegmentState.MISSING, found.end_us, 0, b"")
    taken = tiling.take_out(connection, found.run_id, found, found)
    if taken is not None:
        tiling.add_gap(
            connection, found.camera_id, found.role, *taken, GapCause.MISSING
        )


def adopt(connection: Connection, it: Segment) -> None:
    """A closed file that describes itself but has no row gets one."""
    if it.state is not SegmentState.CLOSED:
        raise Conflict("only a file that is closed can be adopted")
    if _find(connection, it.id) is not None:
        return
    tiling.lock(connection, [it.camera_id])
    volumes.claim_segment_id(connection, it.id)
    before = connection.execute(
        select(run).where(
            run.c.id == it.run_id,
            run.c.end_us.between(it.start_us - JOIN_US, it.end_us),
        )
    ).one_or_none()
    if before is not None:
        connection.execute(insert(segment), applying.segment_values(connection, it))
        if not before.is_open:
            tiling.move_end(connection, before, it.end_us)
        return
    alone = replace(it, run_id=RunId(it.id))
    connection.execute(insert(segment), applying.segment_values(connection, alone))
    tiling.insert_past_run(connection, alone)


def _unsettled(connection: Connection, segment_id: SegmentId) -> AnyRow | None:
    found = _row(connection, segment_id)
    if found.state not in (SegmentState.OPEN, SegmentState.SUSPECT):
        return None
    tiling.lock(connection, [found.camera_id])
    return found


def _row(connection: Connection, segment_id: SegmentId) -> AnyRow:
    found = _find(connection, segment_id)
    if found is None:
        raise NotFound(f"there is no segment {segment_id}")
    return found


def _find(connection: Connection, segment_id: SegmentId) -> AnyRow | None:
    question = select(segment).where(segment.c.id == segment_id)
    return connection.execute(question.with_for_update()).one_or_none()


def _settle(
    connection: Connection,
    segment_id: SegmentId,
    state: SegmentState,
    end_us: int,
    size_bytes: int,
    digest: bytes,
) -> None:
    connection.execute(
        update(segment)
        .where(segment.c.id == segment_id)
        .values(state=state, end_us=end_us, size_bytes=size_bytes, digest=digest)
    )
