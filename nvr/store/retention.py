"""Questions retention asks about what is kept and what is on its way out."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Select, case, delete, func, select, text, update

from nvr.base.model import (
    SECOND_US,
    CameraId,
    Segment,
    SegmentId,
    SegmentState,
    VolumeId,
)
from nvr.store.database import Database
from nvr.store.footage import SEGMENT_COLUMNS, values
from nvr.store.tables import doom, segment, volume

RATE_US = 15 * 60 * SECOND_US
RATE_SEGMENTS = 20_000
"""15 minutes of 600 cameras with two streams each in files of a minute."""

_ON_THE_WAY_OUT = (SegmentState.DOOMED, SegmentState.UNLINKING)
_IS_UNSETTLED = text("segment.state <> 1")
"""Spelled as in the partial index, or SQLite would not use it."""


@dataclass(frozen=True, slots=True)
class KeptUsage:
    """What one camera has on one volume: kept, and on its way out.

    `oldest_us` is that of what is kept; None: everything is on its way out.
    `first_us` and `newest_us` are of both.
    """

    camera_id: CameraId
    volume_id: VolumeId
    kept_bytes: int
    doomed_bytes: int
    oldest_us: int | None
    first_us: int
    newest_us: int


class RetentionCatalogue(Database):
    """See `Catalogue`."""

    def kept_usage(self) -> list[KeptUsage]:
        """The space footage takes, for each camera and volume."""
        return self._read(usage)

    def closed_segments(
        self,
        camera_id: CameraId | None,
        volume_id: VolumeId | None,
        *,
        after_id: int,
        limit: int,
    ) -> list[Segment]:
        """The next closed segments by id."""
        return self._read(closed, camera_id, volume_id, after_id, limit)

    def bytes_per_second(self, volume_id: VolumeId, now_us: int) -> int:
        """What was written to a volume lately."""
        return self._read(bytes_per_second, volume_id, now_us)

    def doomed_on(
        self,
        volume_id: VolumeId,
        *,
        after_id: int,
        limit: int,
        before_us: int | None = None,
    ) -> list[Segment]:
        """The next doomed segments of a volume by id; if asked, only those whose
        grace began by then."""
        return self._read(doomed_on, volume_id, after_id, limit, before_us)

    def doom_rules(self, ids: Sequence[SegmentId]) -> dict[SegmentId, str]:
        """Why these are on their way out."""
        return self._read(doom_rules, ids)

    def bytes_of_others(self, ending: str) -> int:
        """How much `spare_others` would take back in all."""
        return self._read(bytes_of_others, ending)

    def spare_others(self, ending: str, limit: int) -> int:
        """Take back dooms whose rule ends differently; tells how many that were."""
        return self._write(spare_others, ending, limit)


def usage(connection: Connection) -> list[KeptUsage]:
    """Walks all segments."""
    is_leaving = segment.c.state.in_(_ON_THE_WAY_OUT)
    size = segment.c.size_bytes
    question = (
        select(
            segment.c.camera_id,
            volume.c.id,
            func.sum(case((is_leaving, 0), else_=size)),
            func.sum(case((is_leaving, size), else_=0)),
            func.min(case((is_leaving, None), else_=segment.c.start_us)),
            func.min(segment.c.start_us),
            func.max(segment.c.end_us),
        )
        .join(volume, volume.c.number == segment.c.volume)
        .where(segment.c.state != SegmentState.MISSING)
        .group_by(segment.c.camera_id, volume.c.id)
        .order_by(segment.c.camera_id, volume.c.id)
    )
    return [
        KeptUsage(camera_id, volume_id, int(kept), int(leaving), *times)
        for camera_id, volume_id, kept, leaving, *times in connection.execute(question)
    ]


def closed(
    connection: Connection,
    camera_id: CameraId | None,
    volume_id: VolumeId | None,
    after_id: int,
    limit: int,
) -> list[Segment]:
    """Closed segments in the order of their ids."""
    question = (
        select(*SEGMENT_COLUMNS)
        .join(volume, volume.c.number == segment.c.volume)
        .where(segment.c.state == SegmentState.CLOSED, segment.c.id > after_id)
        .order_by(segment.c.id)
        .limit(limit)
    )
    if camera_id is not None:
        question = question.where(segment.c.camera_id == camera_id)
    if volume_id is not None:
        question = question.where(segment.c.volume == _number(connection, volume_id))
    return values(connection.execute(question))


def bytes_per_second(connection: Connection, volume_id: VolumeId, now_us: int) -> int:
    """From the segments that began within `RATE_US`; looks at the last ones only."""
    last = (
        select(segment.c.start_us, segment.c.size_bytes)
        .where(segment.c.volume == _number(connection, volume_id))
        .order_by(segment.c.id.desc())
        .limit(RATE_SEGMENTS)
        .subquery()
    )
    question = select(func.sum(last.c.size_bytes), func.min(last.c.start_us)).where(
        last.c.start_us > now_us - RATE_US, last.c.start_us <= now_us
    )
    size_bytes, first_us = connection.execute(question).one()
    if size_bytes is None:
        return 0
    written_us: int = max(60 * SECOND_US, now_us - first_us)
    return int(size_bytes) * SECOND_US // written_us


def doomed_on(
    connection: Connection,
    volume_id: VolumeId,
    after_id: int,
    limit: int,
    before_us: int | None,
) -> list[Segment]:
    """Doomed segments of one volume in the order of their ids."""
    question = (
        select(*SEGMENT_COLUMNS)
        .join(volume, volume.c.number == segment.c.volume)
        .where(
            _IS_UNSETTLED,
            segment.c.state == SegmentState.DOOMED,
            segment.c.volume == _number(connection, volume_id),
            segment.c.id > after_id,
        )
        .order_by(segment.c.id)
        .limit(limit)
    )
    if before_us is not None:
        due = select(doom.c.segment_id).where(doom.c.at_us <= before_us)
        question = question.where(segment.c.id.in_(due))
    return values(connection.execute(question))


def doom_rules(
    connection: Connection, ids: Sequence[SegmentId]
) -> dict[SegmentId, str]:
    """The rules of a handful of dooms."""
    question = select(doom.c.segment_id, doom.c.rule).where(
        doom.c.segment_id.in_(list(ids))
    )
    return {SegmentId(id): rule for id, rule in connection.execute(question)}


def spare_others(connection: Connection, ending: str, limit: int) -> int:
    """Doomed by a rule that ends otherwise, back to closed; at most `limit`."""
    question = _others(select(doom.c.segment_id), ending)
    question = question.order_by(doom.c.segment_id).limit(limit)
    others = list(connection.execute(question).scalars())
    spared = connection.execute(
        update(segment)
        .where(segment.c.id.in_(others), segment.c.state == SegmentState.DOOMED)
        .values(state=SegmentState.CLOSED)
        .returning(segment.c.id)
    )
    back = list(spared.scalars())
    connection.execute(delete(doom).where(doom.c.segment_id.in_(back)))
    return len(back)


def bytes_of_others(connection: Connection, ending: str) -> int:
    question = select(func.coalesce(func.sum(segment.c.size_bytes), 0))
    question = _others(question.select_from(doom), ending)
    return int(connection.scalar(question) or 0)


def _others(question: Select[tuple[int]], ending: str) -> Select[tuple[int]]:
    """Of what is doomed, only that whose rule ends otherwise."""
    return question.join(segment, segment.c.id == doom.c.segment_id).where(
        ~doom.c.rule.endswith(ending, autoescape=True),
        segment.c.state == SegmentState.DOOMED,
    )


def _number(connection: Connection, volume_id: VolumeId) -> int | None:
    return connection.scalar(select(volume.c.number).where(volume.c.id == volume_id))
