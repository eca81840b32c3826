"""Whatever happens, each second of a stream is recorded or a gap with a cause."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from nvr.base.model import GapCause, Role, RunId, Segment, SegmentId, SegmentState
from nvr.store.catalogue import Catalogue
from nvr.store.changes import (
    Change,
    GapBegan,
    RunEnded,
    SegmentClosed,
    SegmentGrown,
    SegmentOpened,
)
from nvr.store.intervals import merged
from tests.store.stream import DIGEST, VOLUME

SECOND = 1_000_000
SPANS = st.integers(min_value=1, max_value=40).map(lambda s: s * SECOND)
CAUSES = st.sampled_from(
    [GapCause.LOST, GapCause.UNREACHABLE, GapCause.SILENT, GapCause.DISK]
)


class Life(RuleBasedStateMachine):
    """A recorder that records, loses its camera, is killed and comes again."""

    catalogue: Catalogue
    count = 0

    def __init__(self) -> None:
        super().__init__()
        Life.count += 1
        self.camera = self.catalogue.add_camera(
            name=f"Camera {Life.count}-{id(self)}", url="rtsp://10.0.0.5/"
        )
        self.now_us = self.latest_us = self.camera.created_us
        self.end_us = 0  # of the newest footage of this process
        self.run_id: RunId | None = None
        self.open: Segment | None = None
        self.unsettled: list[tuple[Segment, int]] = []  # with where it truly ends
        self.late: list[Change] = []  # what the volume's writer has yet to tell
        self.batch: list[Change] = []
        self.is_gathering = False
        self.told: list[Change] = []
        self.was_set_back = False
        self.deleted: list[tuple[int, int]] = []

    # What the recorder does

    @rule(span_us=SPANS)
    def time_passes(self, span_us: int) -> None:
        self.now_us += span_us

    @precondition(lambda self: self.open is None)
    @rule()
    def opens(self) -> None:
        self._open()

    @precondition(lambda self: self.open is not None)
    @rule()
    def rotates(self) -> None:
        self._close()
        self._open()

    @precondition(lambda self: self.open is not None)
    @rule()
    def grows(self) -> None:
        assert self.open is not None
        self.open = replace(self.open, end_us=self.now_us)
        self.end_us = self.now_us
        self._tell(SegmentGrown(self.open.id, self.now_us, 1))

    @rule(cause=CAUSES)
    def loses_the_camera(self, cause: GapCause) -> None:
        self._stop(cause)

    @rule(cause=CAUSES, start=st.booleans())
    def is_killed(self, cause: GapCause, start: bool) -> None:
        if self.open is not None:
            self.unsettled.append((self.open, self.now_us))
        self.open = self.run_id = None
        self.late.clear()
        self.end_us = 0
        if start:
            self._open()
        else:
            self._tell(GapBegan(self.camera.id, Role.MAIN, self.now_us, cause))

    @rule(span_us=SPANS)
    def meets_a_clock_set_forward(self, span_us: int) -> None:
        self._stop(GapCause.CLOCK)
        self.now_us += 10 * span_us

    @rule(span_us=SPANS)
    def meets_a_clock_set_back(self, span_us: int) -> None:
        self._stop(GapCause.CLOCK)
        self.latest_us = max(self.latest_us, self.now_us)
        self.now_us = max(self.now_us - span_us, self.camera.created_us)
        self.end_us = 0
        self.was_set_back = True
        self._commit()
        self.told.clear()  # see `nvr.store.changes`

    # What others do

    @rule()
    def the_writer_tells_what_is_closed(self) -> None:
        self.batch += self.late
        for change in self.late:
            if isinstance(change, SegmentClosed):
                self.unsettled = [
                    pair for pair in self.unsettled if pair[0].id != change.segment_id
                ]
        self.late.clear()
        self._commit()

    @rule()
    def commits_wait(self) -> None:
        self.is_gathering = True

    @rule(count=st.integers(1, 12))
    def what_was_told_is_told_again(self, count: int) -> None:
        self._commit()
        self.catalogue.apply(self.told[-count:])

    @precondition(lambda self: self.unsettled)
    @rule(data=st.data())
    def recovery_settles_a_file(self, data: st.DataObject) -> None:
        self._commit()
        mine = {c.segment_id for c in self.late if isinstance(c, SegmentClosed)}
        dead = [pair for pair in self.unsettled if pair[0].id not in mine]
        if not dead:
            return
        it, most_us = data.draw(st.sampled_from(dead))
        self.unsettled.remove((it, most_us))
        if data.draw(st.booleans()):
            least_us = it.end_us
            more = data.draw(st.integers(0, max(0, most_us - least_us) // SECOND))
            end_us = least_us + more * SECOND
            self.catalogue.recovered(it.id, end_us, 5, DIGEST)
        else:
            self.catalogue.recovered(it.id, 0, 0, None)

    @rule(limit=st.integers(1, 4), skip=st.integers(0, 2))
    def retention_deletes(self, limit: int, skip: int) -> None:
        self._commit()
        oldest = self.catalogue.oldest_segments(self.camera.id, limit=limit + skip)
        ids = [each.id for each in oldest[skip:]]
        self.catalogue.doom(ids, "age", 1)
        for gone in self.catalogue.begin_unlink(ids):
            self.deleted.append((gone.start_us, gone.end_us))
        self.catalogue.forget(ids)

    # What must be true

    @invariant()
    def all_time_is_explained(self) -> None:
        if self.batch and self.is_gathering:
            return
        self._commit()
        runs = self.catalogue.runs(self.camera.id, Role.MAIN, 0, 1 << 60)
        gaps = self.catalogue.gaps(self.camera.id, Role.MAIN, 0, 1 << 60)
        now_us = max(self.now_us, self.latest_us)
        recorded = self.catalogue.coverage(self.camera.id, Role.MAIN, 0, 1 << 60)
        missed = [(g.start_us, now_us if g.end_us is None else g.end_us) for g in gaps]
        missed = [part for part in missed if part[0] < part[1]]
        open_run = [(r.start_us, max(now_us, r.start_us)) for r in runs if not r.end_us]

        assert disjoint(missed), missed
        assert disjoint(sorted(missed + recorded)), (missed, recorded)
        assert len(open_run) + sum(g.end_us is None for g in gaps) == 1
        if not self.was_set_back:
            assert disjoint([(r.start_us, r.end_us or now_us) for r in runs]), runs
        covered = merged(missed + recorded + open_run + self.deleted)
        if self.camera.created_us < now_us:
            assert covers(covered, self.camera.created_us, now_us), (covered, now_us)

    @invariant()
    def all_footage_is_in_a_run(self) -> None:
        recorded = self.catalogue.coverage(self.camera.id, Role.MAIN, 0, 1 << 60)
        found = self.catalogue.segments(self.camera.id, Role.MAIN, 0, 1 << 60)
        for each in found:
            if each.end_us > each.start_us:
                assert covers(recorded, each.start_us, each.end_us), (each, recorded)

    def _open(self) -> None:
        start_us = max(self.now_us, self.end_us)
        id = SegmentId(self.catalogue.reserve_segment_ids(1)[0])
        self.run_id = self.run_id or RunId(id)
        self.open = Segment(
            id=id,
            camera_id=self.camera.id,
            role=Role.MAIN,
            run_id=self.run_id,
            volume_id=VOLUME,
            epoch=1,
            state=SegmentState.OPEN,
            start_us=start_us,
            end_us=start_us,
            size_bytes=0,
            digest=b"",
        )
        self.end_us = start_us
        self._tell(SegmentOpened(self.open))

    def _close(self) -> None:
        assert self.open is not None
        self.unsettled.append((self.open, self.now_us))
        self.late.append(SegmentClosed(self.open.id, self.now_us, 9, DIGEST))
        self.end_us = self.now_us
        self.open = None

    def _stop(self, cause: GapCause) -> None:
        if self.open is not None:
            self._close()
        start_us = self.now_us
        if self.run_id is not None:
            start_us = self.end_us
            run_id, self.run_id = self.run_id, None
            self._tell(RunEnded(run_id, self.camera.id, Role.MAIN, start_us))
        self._tell(GapBegan(self.camera.id, Role.MAIN, start_us, cause))

    def _tell(self, *changes: Change) -> None:
        self.batch += changes

    def _commit(self) -> None:
        self.catalogue.apply(self.batch)
        self.told += self.batch
        self.batch.clear()
        self.is_gathering = False


def disjoint(parts: Sequence[tuple[int, int]]) -> bool:
    return all(before[1] <= after[0] for before, after in pairwise(sorted(parts)))


def covers(parts: Sequence[tuple[int, int]], start_us: int, end_us: int) -> bool:
    return any(part[0] <= start_us and end_us <= part[1] for part in parts)


def test_each_second_is_recorded_or_a_gap_with_a_cause(catalogue: Catalogue) -> None:
    Life.catalogue = catalogue

    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
