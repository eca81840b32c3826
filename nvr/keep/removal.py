"""Which doomed files of a volume go now, and their removal.

A doomed segment waits for its grace, so that a wrong rule can be put right. Where
room is short the oldest go after a minute, but only as many as are wanted; where it
is critical nothing waits. Blocks for disk and database.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from nvr.base.model import Segment, SegmentId
from nvr.base.retention import Deletion, VolumeState
from nvr.store.catalogue import Catalogue
from nvr.store.unlinking import finish_unlinking, unlink_doomed
from nvr.store.volume import Volume

BATCH_SEGMENTS = 200
"""Files removed between two commits."""
MOST_SEGMENTS = 2000
"""Files removed from one volume in one go; then everybody is asked again."""
PAGE_SEGMENTS = 500

IsRipe = Callable[[SegmentId], bool]


@dataclass(frozen=True, slots=True)
class Removal:
    """What went. `is_cut_off`: more could go at once."""

    deletions: tuple[Deletion, ...]
    is_cut_off: bool


def remove_due(
    catalogue: Catalogue,
    volume: Volume,
    state: VolumeState,
    *,
    now_us: int,
    due_us: int | None,
    is_ripe: IsRipe,
) -> Removal:
    """Remove what may go. Whatever an error leaves half done, the next call finishes.

    `due_us`: a grace that began by then is over; None: the clock cannot tell.
    `is_ripe` tells whether a segment was doomed long enough to go for want of room.
    """
    deletions = finish_unlinking(catalogue, volume, MOST_SEGMENTS, now_us)
    chosen = list(dict.fromkeys(_chosen(catalogue, state, due_us, is_ripe)))
    ids = chosen[:MOST_SEGMENTS]
    for start in range(0, len(ids), BATCH_SEGMENTS):
        batch = ids[start : start + BATCH_SEGMENTS]
        deletions += unlink_doomed(catalogue, volume, batch, now_us)
    return Removal(tuple(deletions), len(chosen) > MOST_SEGMENTS)


def _chosen(
    catalogue: Catalogue, state: VolumeState, due_us: int | None, is_ripe: IsRipe
) -> Iterator[SegmentId]:
    yield from _for_room(catalogue, state, is_ripe)
    if due_us is not None:
        found = catalogue.doomed_on(
            state.id, after_id=-1, limit=MOST_SEGMENTS + 1, before_us=due_us
        )
        yield from (each.id for each in found)


def _for_room(
    catalogue: Catalogue, state: VolumeState, is_ripe: IsRipe
) -> Iterator[SegmentId]:
    wanted_bytes = state.wanted_bytes
    for segment in _doomed(catalogue, state) if wanted_bytes else ():
        if wanted_bytes <= 0:
            return
        if state.is_critical or is_ripe(segment.id):
            yield segment.id
        # What is not ripe yet will be soon; nothing newer goes in its place.
        wanted_bytes -= segment.size_bytes


def _doomed(catalogue: Catalogue, state: VolumeState) -> Iterator[Segment]:
    after_id, count = -1, 0
    while count <= MOST_SEGMENTS:
        page = catalogue.doomed_on(state.id, after_id=after_id, limit=PAGE_SEGMENTS)
        yield from page
        if len(page) < PAGE_SEGMENTS:
            return
        after_id, count = page[-1].id, count + len(page)
