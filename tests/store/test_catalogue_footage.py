"""What a recorder tells comes back as footage, runs and gaps."""

from itertools import pairwise
from pathlib import Path

import pytest

from nvr.base.errors import Conflict, NotFound
from nvr.base.model import (
    Camera,
    GapCause,
    Moment,
    Role,
    Segment,
    SegmentId,
    SegmentState,
    VolumeId,
)
from nvr.store.catalogue import Catalogue
from nvr.store.changes import GapEnded, SegmentFailed, SegmentOpened
from tests.store.stream import VOLUME, Stream

SECOND = 1_000_000


@pytest.fixture
def stream(catalogue: Catalogue, camera: Camera) -> Stream:
    return Stream(catalogue, camera.id)


@pytest.fixture
def t0(camera: Camera) -> int:
    return camera.created_us


def test_segments_come_back_as_they_were_told(stream: Stream, t0: int) -> None:
    first = stream.record(t0, t0 + 60 * SECOND)
    second = stream.grow(stream.open(t0 + 60 * SECOND), t0 + 62 * SECOND)

    assert stream.segments() == [first, second]
    assert stream.catalogue.segment(first.id) == first


def test_an_interval_finds_exactly_what_reaches_into_it(
    stream: Stream, t0: int
) -> None:
    minutes = [t0 + n * 60 * SECOND for n in range(5)]
    for start, end in pairwise(minutes):
        stream.record(start, end)

    def found(start_us: int, end_us: int) -> list[int]:
        asked = stream.catalogue.segments(stream.camera_id, Role.MAIN, start_us, end_us)
        return [minutes.index(each.start_us) for each in asked]

    assert found(minutes[1], minutes[2]) == [1]
    assert found(minutes[1] - 1, minutes[2] + 1) == [0, 1, 2]
    assert found(minutes[1] + 5, minutes[1] + 6) == [1]
    assert found(0, t0) == []
    assert found(minutes[4], minutes[4] + SECOND) == []


def test_a_lost_and_found_camera_leaves_a_gap_with_its_cause(
    stream: Stream, t0: int
) -> None:
    stream.record(t0 + 5, t0 + 100)
    stream.lose(t0 + 100)
    stream.miss(t0 + 150, GapCause.UNREACHABLE, "no route to host")
    stream.miss(t0 + 170, GapCause.UNREACHABLE, "no route to host")
    stream.open(t0 + 200)

    assert stream.runs() == [(t0 + 5, t0 + 100), (t0 + 200, None)]
    assert stream.gaps() == [
        (t0, t0 + 5, GapCause.STARTING),
        (t0 + 100, t0 + 150, GapCause.LOST),
        (t0 + 150, t0 + 200, GapCause.UNREACHABLE),
    ]
    assert stream.whole_gaps()[2].detail == "no route to host"


def test_a_gap_that_took_no_time_is_none(stream: Stream, t0: int) -> None:
    stream.record(t0, t0 + 100)
    stream.lose(t0 + 100)
    stream.miss(t0 + 100, GapCause.REFUSED)
    stream.open(t0 + 100)

    assert stream.gaps() == []


def test_a_run_that_was_ended_without_a_reason_leaves_a_gap(
    stream: Stream, t0: int
) -> None:
    stream.record(t0, t0 + 100)
    stream.end(t0 + 100)

    assert stream.gaps() == [(t0 + 100, None, GapCause.KILLED)]


def test_a_new_run_explains_that_the_one_before_was_killed(
    stream: Stream, t0: int
) -> None:
    stream.grow(stream.open(t0), t0 + 80)
    stream.run_id = None
    stream.open(t0 + 200)

    assert stream.runs() == [(t0, t0 + 80), (t0 + 200, None)]
    assert stream.gaps() == [(t0 + 80, t0 + 200, GapCause.KILLED)]


def test_a_gap_after_a_kill_starts_with_the_time_nobody_recorded(
    stream: Stream, t0: int
) -> None:
    stream.grow(stream.open(t0), t0 + 80)
    stream.run_id = None
    stream.miss(t0 + 200, GapCause.UNREACHABLE)

    assert stream.gaps() == [
        (t0 + 80, t0 + 200, GapCause.KILLED),
        (t0 + 200, None, GapCause.UNREACHABLE),
    ]


def test_an_ended_gap_is_followed_by_one_that_nobody_explained_yet(
    stream: Stream, t0: int
) -> None:
    stream.miss(t0, GapCause.DISABLED)
    stream.tell(GapEnded(stream.camera_id, stream.role, t0 + 50))
    assert stream.gaps()[-1] == (t0 + 50, None, GapCause.KILLED)

    stream.miss(t0 + 50, GapCause.STARTING)

    assert stream.gaps() == [
        (t0, t0 + 50, GapCause.DISABLED),
        (t0 + 50, None, GapCause.STARTING),
    ]


def test_where_the_clock_was_set_back_nothing_is_hidden(
    stream: Stream, t0: int
) -> None:
    stream.record(t0, t0 + 100)
    stream.lose(t0 + 100)
    stream.miss(t0 + 110, GapCause.REFUSED)
    stream.open(t0 + 120)
    stream.end(t0 + 200)
    stream.miss(t0 + 200, GapCause.CLOCK)
    second = stream.record(t0 + 50, t0 + 105)

    assert stream.runs() == [
        (t0, t0 + 100),
        (t0 + 50, None),
        (t0 + 120, t0 + 200),
    ]
    assert stream.gaps() == [
        (t0 + 105, t0 + 110, GapCause.LOST),
        (t0 + 110, t0 + 120, GapCause.REFUSED),
    ]
    assert second in stream.segments()


def test_coverage_is_what_was_recorded_and_no_more(stream: Stream, t0: int) -> None:
    stream.record(t0, t0 + 100)
    stream.lose(t0 + 100)
    stream.grow(stream.open(t0 + 200), t0 + 300)

    def covered(start_us: int, end_us: int) -> list[tuple[int, int]]:
        return stream.catalogue.coverage(
            stream.camera_id, stream.role, start_us, end_us
        )

    assert covered(0, t0 * 2) == [(t0, t0 + 100), (t0 + 200, t0 + 300)]
    assert covered(t0 + 50, t0 + 250) == [(t0 + 50, t0 + 100), (t0 + 200, t0 + 250)]
    assert covered(t0 + 120, t0 + 180) == []
    assert stream.catalogue.extent(stream.camera_id, stream.role) == (t0, t0 + 300)
    assert stream.catalogue.extent(stream.camera_id, Role.SUB) is None


def test_what_is_told_of_an_interval_has_the_deleted_too(
    stream: Stream, t0: int
) -> None:
    gone = stream.record(t0, t0 + 100)
    stream.record(t0 + 100, t0 + 200)
    stream.lose(t0 + 200)
    catalogue = stream.catalogue
    while_lost = catalogue.told(stream.camera_id, stream.role, t0, t0 + 500)
    stream.grow(stream.open(t0 + 300), t0 + 400)
    catalogue.doom([gone.id], "age [x]", 0)
    catalogue.begin_unlink([gone.id])
    catalogue.forget([gone.id])

    told = catalogue.told(stream.camera_id, stream.role, t0, t0 + 500)

    assert while_lost.known_us is None
    assert told.recorded == ((t0 + 100, t0 + 200), (t0 + 300, t0 + 400))
    assert [(g.start_us, g.end_us) for g in told.gaps if g.start_us >= t0] == [
        (t0 + 200, t0 + 300)
    ]
    assert told.deleted == ((t0, t0 + 100),)
    assert told.known_us == t0 + 400
    assert told.added_us == catalogue.camera(stream.camera_id).created_us


def test_gaps_of_all_streams_are_summed_by_cause(
    stream: Stream, camera: Camera, t0: int
) -> None:
    stream.record(t0, t0 + 100)
    stream.lose(t0 + 100)
    stream.record(t0 + 150, t0 + 200)
    stream.lose(t0 + 200, GapCause.SILENT)
    catalogue = stream.catalogue

    def sums(start_us: int, end_us: int) -> dict[str, int]:
        found = catalogue.gaps_by_cause(start_us, end_us)
        return {
            cause: us
            for (id, role, cause), us in found.items()
            if (id, role) == (camera.id, stream.role)
        }

    assert sums(t0, t0 + 500) == {"lost": 50, "silent": 300}
    assert sums(t0 + 120, t0 + 140) == {"lost": 20}
    assert sums(t0, t0 + 100) == {}
    catalogue.remove_camera(camera.id)
    assert sums(t0, t0 + 500) == {}


def test_all_of_it_told_again_changes_nothing(stream: Stream, t0: int) -> None:
    stream.record(t0 + 5, t0 + 60)
    stream.record(t0 + 60, t0 + 100)
    stream.lose(t0 + 100)
    stream.miss(t0 + 150, GapCause.UNREACHABLE)
    stream.record(t0 + 200, t0 + 260)
    stream.lose(t0 + 260, GapCause.SILENT)
    before = stream.runs(), stream.gaps(), stream.segments()

    stream.catalogue.apply(stream.told)

    assert (stream.runs(), stream.gaps(), stream.segments()) == before


def test_one_bad_change_leaves_nothing_of_its_batch(stream: Stream, t0: int) -> None:
    opened = stream.open(t0)
    unknown = VolumeId("00000000-0000-4000-8000-000000000000")
    bad = Segment(
        **{
            **{name: getattr(opened, name) for name in Segment.__slots__},
            "id": SegmentId(99),
            "volume_id": unknown,
        }
    )

    with pytest.raises(NotFound, match="is not registered"):
        stream.catalogue.apply([SegmentFailed(opened.id), SegmentOpened(bad)])

    assert stream.segments() == [opened]


def test_a_change_of_an_unknown_camera_is_refused_for_good(stream: Stream) -> None:
    stream.camera_id = type(stream.camera_id)("00000000-0000-4000-8000-000000000000")

    with pytest.raises(Conflict) as caught:
        stream.miss(5)
    assert not caught.value.can_retry


def test_a_failed_segment_is_unfinished(stream: Stream, t0: int) -> None:
    closed = stream.record(t0, t0 + 60)
    failed = stream.open(t0 + 60)
    stream.tell(SegmentFailed(failed.id), SegmentFailed(closed.id))
    stream.epoch = 2
    opened = stream.open(t0 + 120)

    unfinished = stream.catalogue.unfinished_segments()

    assert [(each.id, each.state) for each in unfinished] == [
        (failed.id, SegmentState.SUSPECT),
        (opened.id, SegmentState.OPEN),
    ]
    assert len(stream.catalogue.unfinished_segments(before_epoch=2)) == 1


def test_ids_and_epochs_are_never_given_twice(catalogue: Catalogue) -> None:
    first = catalogue.reserve_segment_ids(1000)
    second = catalogue.reserve_segment_ids(10)
    epochs = [catalogue.begin_epoch(Moment(1, 1), "boot", "node") for _ in range(3)]

    assert (len(first), len(second)) == (1000, 10)
    assert not set(first) & set(second)
    assert epochs == sorted(set(epochs))


def test_a_volume_that_moved_keeps_its_segments(
    stream: Stream, t0: int, tmp_path: Path
) -> None:
    told = stream.record(t0, t0 + 60)

    stream.catalogue.register_volume(VOLUME, tmp_path / "elsewhere")

    assert stream.catalogue.volumes() == {VOLUME: tmp_path / "elsewhere"}
    assert stream.segments() == [told]
