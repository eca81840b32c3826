"""Runs and gaps of a stream: together they cover its time, and one of them is open.

Each function is one thing a recorder tells, in a writing transaction whose cameras
are locked. A new run or gap begins where the one before it ended, or earlier if
somebody set the clock back; so there is never a hole. Footage is never hidden: after
the clock was set back two runs may tell of the same wall time, because it was
recorded twice. A gap, in contrast, begins only behind everything that is known.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select, update

from nvr.base.model import GapCause, RunId, SegmentId
from nvr.store.tables import run, segment
from nvr.store.tiles import Tiles


def start(tiles: Tiles, start_us: int, cause: GapCause) -> None:
    """The first gap of a stream, unless it has a past."""
    if not tiles.has_past():
        tiles.begin_gap(start_us, cause)


def begin_run(tiles: Tiles, run_id: RunId, start_us: int, end_us: int) -> None:
    """A run starts and what was open ends there."""
    running = tiles.open_run()
    if running is not None:
        # Nobody said that it ended, so whoever wrote it died.
        tiles.close_run(running.id, running.end_us)
        tiles.begin_gap(running.end_us, GapCause.KILLED)
    tiles.end_gap(start_us)
    tiles.insert_run(run_id, start_us, max(start_us, end_us), is_open=True)


def end_run(tiles: Tiles, run_id: RunId, end_us: int) -> None:
    """An open run ends, and an open gap without a known cause begins."""
    running = tiles.open_run()
    if running is not None and running.id == run_id:
        end_us = max(running.end_us, end_us)
        tiles.close_run(run_id, end_us)
        tiles.begin_gap(end_us, GapCause.KILLED)


def begin_gap(tiles: Tiles, start_us: int, cause: GapCause, detail: str) -> None:
    """A gap starts, or goes on if it has this cause already."""
    running = tiles.open_run()
    if running is not None:
        if start_us <= running.start_us:
            return  # told before: the run is what came after this gap
        tiles.close_run(running.id, running.end_us)
        tiles.begin_gap(running.end_us, GapCause.KILLED)
    open_gap = tiles.open_gap()
    if open_gap is not None:
        if open_gap.cause == cause or tiles.has_gap(start_us, cause):
            return
        tiles.end_gap(start_us)
        start_us = max(start_us, open_gap.start_us)
    tiles.begin_gap(start_us, cause, detail)


def end_gap(tiles: Tiles, end_us: int) -> None:
    """The open gap's cause is over; what follows has no known cause yet."""
    open_gap = tiles.open_gap()
    if open_gap is not None and end_us > open_gap.start_us:
        tiles.end_gap(end_us)
        tiles.begin_gap(end_us, GapCause.KILLED)


def note_progress(
    connection: Connection, ends: Sequence[tuple[SegmentId, int]]
) -> None:
    """Open runs reach as far as their segments are known to reach."""
    if not ends:
        return
    of_segment = (
        select(segment.c.run_id)
        .where(segment.c.id == bindparam("segment_id"))
        .scalar_subquery()
    )
    connection.execute(
        update(run)
        .where(
            run.c.id == of_segment,
            run.c.is_open,
            run.c.end_us < bindparam("reached_us"),
        )
        .values(end_us=bindparam("reached_us")),
        [{"segment_id": id, "reached_us": end_us} for id, end_us in ends],
    )
