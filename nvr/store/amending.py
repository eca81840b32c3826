"""What is found out about footage later: recovered, lost and adopted files."""

from sqlalchemy import Connection, delete, select, update

from nvr.base.errors import Conflict, NotFound
from nvr.base.model import GapCause, Segment, SegmentId, SegmentState
from nvr.store import applying, retiling, tiles, volumes
from nvr.store.engine import AnyRow
from nvr.store.tables import segment, tombstone
from nvr.store.tiles import Tiles

UNSETTLED = (SegmentState.OPEN, SegmentState.SUSPECT)
GOING = (SegmentState.DOOMED, SegmentState.UNLINKING)


def recovered(
    connection: Connection,
    segment_id: SegmentId,
    end_us: int,
    size_bytes: int,
    digest: bytes,
) -> None:
    """A file that was left open or suspect is whole up to `end_us` and closed."""
    found = _locked(connection, segment_id)
    if found.state not in UNSETTLED:
        return
    end_us = max(end_us, found.start_us)
    _settle(connection, found, SegmentState.CLOSED, end_us, size_bytes, digest)
    retiling.end_after(_tiles(connection, found), found, end_us)


def lost(connection: Connection, segment_id: SegmentId) -> None:
    """The file is gone or holds nothing: a gap with cause `missing` takes its time."""
    found = _locked(connection, segment_id)
    if found.state is SegmentState.MISSING:
        return
    if found.state in GOING:
        raise Conflict(f"segment {segment_id} is being deleted")
    _settle(connection, found, SegmentState.MISSING, found.end_us, 0, b"")
    of_stream = _tiles(connection, found)
    taken = retiling.take_out(of_stream, found.run_id, found, found)
    if taken is not None:
        of_stream.fill(*taken, GapCause.MISSING)


def adopt(connection: Connection, it: Segment) -> None:
    """A closed file that describes itself but has no row gets one."""
    if it.state is not SegmentState.CLOSED:
        raise Conflict("only a file that is closed can be adopted")
    if _find(connection, it.id) is not None:
        return
    tiles.lock(connection, [it.camera_id])
    volumes.claim_segment_id(connection, it.id)
    # Deleted once, and now somebody has put the file back.
    connection.execute(delete(tombstone).where(tombstone.c.segment_id == it.id))
    applying.insert_segments(connection, [it])
    retiling.take_in(Tiles(connection, it.camera_id, it.role), it)


def _locked(connection: Connection, segment_id: SegmentId) -> AnyRow:
    found = _find(connection, segment_id)
    if found is not None:
        # Whoever changes runs locks the camera first; then the row is as it stays.
        tiles.lock(connection, [found.camera_id])
        found = _find(connection, segment_id)
    if found is None:
        raise NotFound(f"there is no segment {segment_id}")
    return found


def _find(connection: Connection, segment_id: SegmentId) -> AnyRow | None:
    question = select(segment).where(segment.c.id == segment_id)
    return connection.execute(question).one_or_none()


def _tiles(connection: Connection, row: AnyRow) -> Tiles:
    return Tiles(connection, row.camera_id, row.role)


def _settle(
    connection: Connection,
    found: AnyRow,
    state: SegmentState,
    end_us: int,
    size_bytes: int,
    digest: bytes,
) -> None:
    connection.execute(
        update(segment)
        .where(segment.c.id == found.id, segment.c.state == found.state)
        .values(state=state, end_us=end_us, size_bytes=size_bytes, digest=digest)
    )
