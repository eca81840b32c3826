"""The rows of one stream's runs and gaps, within one transaction."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from nvr.base.model import CameraId, GapCause, Role
from nvr.store.engine import AnyRow
from nvr.store.tables import camera, gap, run


def lock(connection: Connection, camera_ids: Iterable[CameraId]) -> None:
    """Keep other transactions off these cameras' runs and gaps until the end.

    SQLite has one writer anyway. In PostgreSQL inserting segments stays possible.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(
            select(camera.c.id)
            .where(camera.c.id.in_(sorted(set(camera_ids))))
            .order_by(camera.c.id)
            .with_for_update(key_share=True)
        )


class Tiles:
    """Reads and writes; what makes sense is decided in `tiling` and `retiling`."""

    def __init__(self, connection: Connection, camera_id: CameraId, role: Role) -> None:
        self.connection = connection
        self.camera_id = camera_id
        self.role = role

    def of(self, table: Table) -> ColumnElement[bool]:
        """The condition that a row is this stream's."""
        return and_(table.c.camera_id == self.camera_id, table.c.role == self.role)

    def has_past(self) -> bool:
        """Whether there ever was a run or a gap."""
        questions = [
            select(t.c.start_us).where(self.of(t)).limit(1) for t in (gap, run)
        ]
        return any(self.connection.execute(q).first() for q in questions)

    def run(self, run_id: int) -> AnyRow | None:
        question = select(run).where(run.c.id == run_id)
        return self.connection.execute(question).one_or_none()

    def open_run(self) -> AnyRow | None:
        question = select(run).where(self.of(run), run.c.is_open)
        return self.connection.execute(question).one_or_none()

    def open_gap(self) -> AnyRow | None:
        question = select(gap).where(self.of(gap), gap.c.end_us.is_(None))
        return self.connection.execute(question).one_or_none()

    def has_gap(self, start_us: int, cause: GapCause) -> bool:
        question = select(gap.c.start_us).where(
            self.of(gap), gap.c.start_us == start_us, gap.c.cause == cause
        )
        return self.connection.execute(question).first() is not None

    def insert_run(
        self, run_id: int, start_us: int, end_us: int, is_open: bool
    ) -> None:
        self.connection.execute(
            insert(run).values(
                id=run_id,
                camera_id=self.camera_id,
                role=self.role,
                start_us=start_us,
                end_us=end_us,
                is_open=is_open,
            )
        )

    def change_run(self, run_id: int, **values: Any) -> None:
        self.connection.execute(update(run).where(run.c.id == run_id).values(**values))

    def close_run(self, run_id: int, end_us: int) -> None:
        self.change_run(run_id, end_us=end_us, is_open=False)

    def delete_run(self, run_id: int) -> None:
        self.connection.execute(delete(run).where(run.c.id == run_id))

    def fill(self, start_us: int, end_us: int, cause: GapCause) -> None:
        """A gap in as much of an interval as no other gap has explained."""
        question = (
            select(gap.c.start_us, gap.c.end_us)
            .where(
                self.of(gap),
                gap.c.start_us < end_us,
                or_(gap.c.end_us.is_(None), gap.c.end_us > start_us),
            )
            .order_by(gap.c.start_us)
        )
        for told in self.connection.execute(question).all():
            if start_us < told.start_us:
                self._insert_gap(start_us, told.start_us, cause)
            start_us = end_us if told.end_us is None else max(start_us, told.end_us)
        if start_us < end_us:
            self._insert_gap(start_us, end_us, cause)

    def begin_gap(self, start_us: int, cause: GapCause, detail: str = "") -> None:
        """An open gap from then on, but behind everything that is known."""
        for table in (run, gap):
            known = select(func.max(table.c.end_us)).where(self.of(table))
            start_us = max(start_us, self.connection.execute(known).scalar() or 0)
        self._insert_gap(start_us, None, cause, detail)

    def end_gap(self, end_us: int) -> None:
        """End the open gap; it vanishes if it took no time."""
        is_it = and_(self.of(gap), gap.c.end_us.is_(None))
        self.connection.execute(delete(gap).where(is_it, gap.c.start_us >= end_us))
        self.connection.execute(update(gap).where(is_it).values(end_us=end_us))

    def clear_gaps(self, start_us: int, end_us: int) -> None:
        """Gaps that start in an interval give it up."""
        starts = and_(self.of(gap), gap.c.start_us >= start_us, gap.c.start_us < end_us)
        self.connection.execute(delete(gap).where(starts, gap.c.end_us <= end_us))
        self.connection.execute(update(gap).where(starts).values(start_us=end_us))

    def _insert_gap(
        self, start_us: int, end_us: int | None, cause: GapCause, detail: str = ""
    ) -> None:
        self.connection.execute(
            insert(gap).values(
                camera_id=self.camera_id,
                role=self.role,
                start_us=start_us,
                end_us=end_us,
                cause=cause.value,
                detail=detail,
            )
        )
