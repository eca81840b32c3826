"""Everything that the catalogue tells about an interval of one stream, at one time."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from nvr.base.model import CameraId, Gap, Role
from nvr.store import footage, intervals
from nvr.store.intervals import Interval
from nvr.store.tables import camera, gap, run, tombstone


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of an interval. Parts may reach beyond it, and overlap.

    `added_us` is when the camera was added. `known_us` is where the knowledge of the
    stream ends: nothing is written down yet about later; None: a gap is still open.
    """

    recorded: tuple[Interval, ...]
    gaps: tuple[Gap, ...]
    deleted: tuple[Interval, ...]
    added_us: int
    known_us: int | None


def told(
    connection: Connection, camera_id: CameraId, role: Role, start_us: int, end_us: int
) -> Told:
    """One answer of one transaction, so that its parts fit each other."""
    added_us = connection.scalar(
        select(camera.c.created_us).where(camera.c.id == camera_id)
    )
    return Told(
        recorded=tuple(footage.coverage(connection, camera_id, role, start_us, end_us)),
        gaps=tuple(footage.gaps(connection, camera_id, role, start_us, end_us)),
        deleted=tuple(_deleted(connection, camera_id, role, start_us, end_us)),
        added_us=added_us or 0,
        known_us=_known_us(connection, camera_id, role, added_us or 0),
    )


def _deleted(
    connection: Connection, camera_id: CameraId, role: Role, start_us: int, end_us: int
) -> list[Interval]:
    question = select(tombstone.c.start_us, tombstone.c.end_us).where(
        tombstone.c.camera_id == camera_id,
        tombstone.c.role == role,
        tombstone.c.start_us > start_us - footage.LONGEST_SEGMENT_US,
        tombstone.c.start_us < end_us,
        tombstone.c.end_us > start_us,
    )
    rows = connection.execute(question)
    return intervals.merged((row.start_us, row.end_us) for row in rows)


def _known_us(
    connection: Connection, camera_id: CameraId, role: Role, added_us: int
) -> int | None:
    open_gaps = select(func.count()).where(
        gap.c.camera_id == camera_id, gap.c.role == role, gap.c.end_us.is_(None)
    )
    if connection.scalar(open_gaps):
        return None
    known_us = added_us
    for table in (run, gap):
        last_us = connection.scalar(
            select(func.max(table.c.end_us)).where(
                table.c.camera_id == camera_id, table.c.role == role
            )
        )
        known_us = max(known_us, last_us or 0)
    return known_us
