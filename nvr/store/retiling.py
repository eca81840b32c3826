"""Runs put right when it turns out later what of them is there.

In writing transactions whose cameras are locked, like `tiling`. Time that a run loses
here is explained by the caller: with a gap, or because somebody deleted it.
"""

from sqlalchemy import ColumnElement, and_, desc, not_, or_, select, update

from nvr.base.model import GapCause, Segment, SegmentState
from nvr.store.engine import AnyRow
from nvr.store.tables import segment
from nvr.store.tiles import Tiles

JOIN_US = 1_000_000
"""Segments of a run that are less than this apart follow each other."""


def end_after(tiles: Tiles, it: AnyRow, end_us: int) -> None:
    """The end of a settled segment is known: its run holds nothing that is not there.

    What is missing up to the run's next segment, or to what followed the run, was
    lost when the recorder was killed.
    """
    of = tiles.run(it.run_id)
    if of is None:
        return
    after = _neighbour(tiles, of, it, is_after=True)
    if after is None:
        _move_end(tiles, of, max(end_us, of.start_us))
    elif after.start_us >= end_us + JOIN_US:
        tiles.close_run(of.id, end_us)
        tiles.fill(end_us, after.start_us, GapCause.KILLED)
        tiles.insert_run(after.id, after.start_us, of.end_us, of.is_open)
        _move_segments(tiles, of, _is_after(it), after.id)


def take_out(
    tiles: Tiles, run_id: int, first: AnyRow, last: AnyRow
) -> tuple[int, int] | None:
    """Take neighbouring segments that are no longer there out of their run.

    The run begins later, ends earlier, falls in two, or goes with its last segment.
    What is behind keeps the run's id, because a recorder may still be adding to it.
    Tells what time was taken; None: there was no such run.
    """
    of = tiles.run(run_id)
    if of is None:
        return None
    before = _neighbour(tiles, of, first, is_after=False)
    after = _neighbour(tiles, of, last, is_after=True)
    # Not where the segment before ends: that may be known only after recovery.
    from_us = of.start_us if before is None else first.start_us
    to_us = max(from_us, of.end_us if after is None else after.start_us)
    if after is not None:
        tiles.change_run(run_id, start_us=to_us)
    else:
        tiles.close_run(run_id, from_us)
        if of.is_open:
            tiles.begin_gap(to_us, GapCause.KILLED)
    if before is None and after is None:
        tiles.delete_run(run_id)
    elif before is not None and after is not None:
        # The id of a segment that was taken is free: it was not the first of a run.
        tiles.insert_run(first.id, of.start_us, from_us, is_open=False)
        _move_segments(tiles, of, not_(_is_after(first)), first.id)
    return from_us, to_us


def take_in(tiles: Tiles, it: Segment) -> None:
    """A closed segment that nobody knew of joins its run, or is one by itself."""
    of = tiles.run(it.run_id)
    if of is not None and it.start_us - JOIN_US < of.end_us < it.end_us:
        _move_end(tiles, of, it.end_us)
    elif of is None or not of.start_us <= it.start_us < of.end_us:
        tiles.insert_run(it.id, it.start_us, it.end_us, is_open=False)
        tiles.connection.execute(
            update(segment).where(segment.c.id == it.id).values(run_id=it.id)
        )
        tiles.clear_gaps(it.start_us, it.end_us)


def _move_end(tiles: Tiles, of: AnyRow, end_us: int) -> None:
    tiles.close_run(of.id, end_us)
    if of.is_open:
        tiles.begin_gap(end_us, GapCause.KILLED)
    elif end_us > of.end_us:
        tiles.clear_gaps(of.end_us, end_us)
    else:
        tiles.fill(end_us, of.end_us, GapCause.KILLED)


def _neighbour(
    tiles: Tiles, of: AnyRow, it: AnyRow, *, is_after: bool
) -> AnyRow | None:
    """The nearest segment that the run has on one side of another."""
    by_time = (segment.c.start_us, segment.c.id)
    question = (
        select(segment.c.id, segment.c.start_us, segment.c.end_us)
        .where(
            tiles.of(segment),
            segment.c.start_us.between(of.start_us, of.end_us),
            segment.c.run_id == of.id,
            segment.c.state != SegmentState.MISSING,
            segment.c.id != it.id,
            _is_after(it) if is_after else not_(_is_after(it)),
        )
        .order_by(*(by_time if is_after else map(desc, by_time)))
        .limit(1)
    )
    return tiles.connection.execute(question).one_or_none()


def _is_after(it: AnyRow) -> ColumnElement[bool]:
    """The order of a run's segments; one that holds nothing starts with the next."""
    start_us, id = segment.c.start_us, segment.c.id
    return or_(start_us > it.start_us, and_(start_us == it.start_us, id > it.id))


def _move_segments(
    tiles: Tiles, of: AnyRow, where: ColumnElement[bool], run_id: int
) -> None:
    tiles.connection.execute(
        update(segment)
        .where(
            tiles.of(segment),
            segment.c.start_us.between(of.start_us, of.end_us),
            segment.c.run_id == of.id,
            where,
        )
        .values(run_id=run_id)
    )
