"""Volumes, epochs and segment ids: what a recorder asks for before it writes."""

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Connection, insert, select, update

from nvr.base.errors import NotFound
from nvr.base.model import Moment, SegmentId, VolumeId
from nvr.store import counters
from nvr.store.tables import epoch, volume


def register(connection: Connection, volume_id: VolumeId, path: Path) -> None:
    """A volume and where it is mounted now."""
    moved = connection.execute(
        update(volume).where(volume.c.id == volume_id).values(path=str(path))
    )
    if not moved.rowcount:
        connection.execute(insert(volume).values(id=volume_id, path=str(path)))


def every(connection: Connection) -> dict[VolumeId, Path]:
    """Each volume that was ever registered, with its last path."""
    question = select(volume.c.id, volume.c.path).order_by(volume.c.number)
    return {VolumeId(row.id): Path(row.path) for row in connection.execute(question)}


def numbers(
    connection: Connection, volume_ids: Iterable[VolumeId]
) -> dict[VolumeId, int]:
    """The short numbers of volumes in the rows of their segments."""
    wanted = set(volume_ids)
    question = select(volume.c.id, volume.c.number).where(volume.c.id.in_(wanted))
    found = {VolumeId(id): number for id, number in connection.execute(question)}
    if missing := wanted - found.keys():
        raise NotFound(f"volume {missing.pop()} is not registered")
    return found


def begin_epoch(connection: Connection, moment: Moment, boot_id: str, node: str) -> int:
    """A new start of the server: a number larger than any before."""
    made = connection.execute(
        insert(epoch)
        .values(
            node=node, boot_id=boot_id, wall_us=moment.wall_us, mono_us=moment.mono_us
        )
        .returning(epoch.c.id)
    )
    return int(made.scalar_one())


def reserve_segment_ids(connection: Connection, count: int) -> range:
    """That many ids which nobody else gets, now or later."""
    last = counters.next_value(connection, "segment_id", count)
    return range(last - count + 1, last + 1)


def claim_segment_id(connection: Connection, segment_id: SegmentId) -> None:
    """An id found on a disk is never handed out, even if the counter was lost."""
    known = counters.value(connection, "segment_id")
    if known < segment_id:
        counters.next_value(connection, "segment_id", segment_id - known)
