"""How much was not recorded lately, of all streams at once."""

from sqlalchemy import Connection, or_, select

from nvr.base.model import CameraId, Role
from nvr.store.tables import camera, gap


def gaps_by_cause(
    connection: Connection, start_us: int, end_us: int
) -> dict[tuple[CameraId, Role, str], int]:
    """Microseconds of an interval in gaps, of every camera that was not removed.

    As written down: where the clock was set back, footage may lie in an older gap.
    """
    question = (
        select(gap.c.camera_id, gap.c.role, gap.c.cause, gap.c.start_us, gap.c.end_us)
        .join(camera, camera.c.id == gap.c.camera_id)
        .where(
            camera.c.removed_us.is_(None),
            gap.c.start_us < end_us,
            or_(gap.c.end_us.is_(None), gap.c.end_us > start_us),
        )
    )
    sums: dict[tuple[CameraId, Role, str], int] = {}
    for row in connection.execute(question):
        key = (CameraId(row.camera_id), row.role, row.cause)
        until_us = end_us if row.end_us is None else min(row.end_us, end_us)
        sums[key] = sums.get(key, 0) + until_us - max(row.start_us, start_us)
    return sums
