"""What recovery finds out about files that were left behind."""

from dataclasses import replace

import pytest

from nvr.base.errors import Conflict, NotFound
from nvr.base.model import (
    Camera,
    GapCause,
    RunId,
    SegmentId,
    SegmentState,
)
from nvr.store.catalogue import Catalogue
from nvr.store.changes import SegmentClosed
from tests.store.stream import DIGEST, Stream

S = 1_000_000


@pytest.fixture
def stream(catalogue: Catalogue, camera: Camera) -> Stream:
    return Stream(catalogue, camera.id)


@pytest.fixture
def t0(camera: Camera) -> int:
    return camera.created_us


def restart(stream: Stream) -> None:
    """The recorder was killed and a new one knows nothing of runs."""
    stream.run_id = None
    stream.epoch += 1


def test_a_file_that_holds_more_than_was_known_lengthens_its_run(
    stream: Stream, t0: int
) -> None:
    left = stream.grow(stream.open(t0), t0 + 8 * S)
    restart(stream)
    stream.open(t0 + 20 * S)

    stream.catalogue.recovered(left.id, t0 + 9 * S, 900, DIGEST)

    assert stream.runs() == [(t0, t0 + 9 * S), (t0 + 20 * S, None)]
    assert stream.gaps() == [(t0 + 9 * S, t0 + 20 * S, GapCause.KILLED)]
    settled = stream.catalogue.segment(left.id)
    assert (settled.state, settled.end_us) == (SegmentState.CLOSED, t0 + 9 * S)
    assert (settled.size_bytes, settled.digest) == (900, DIGEST)


def test_a_file_that_holds_less_than_was_told_shortens_its_run(
    stream: Stream, t0: int
) -> None:
    left = stream.open(t0)
    stream.lose(t0 + 60 * S)
    restart(stream)

    stream.catalogue.recovered(left.id, t0 + 50 * S, 900, DIGEST)

    assert stream.runs() == [(t0, t0 + 50 * S)]
    assert stream.gaps() == [
        (t0 + 50 * S, t0 + 60 * S, GapCause.KILLED),
        (t0 + 60 * S, None, GapCause.LOST),
    ]


def test_as_long_as_the_camera_is_not_back_the_gap_stays_open(
    stream: Stream, t0: int
) -> None:
    left = stream.open(t0)

    stream.catalogue.recovered(left.id, t0 + 9 * S, 900, DIGEST)

    assert stream.runs() == [(t0, t0 + 9 * S)]
    assert stream.gaps() == [(t0 + 9 * S, None, GapCause.KILLED)]


def test_a_short_file_in_the_middle_of_a_run_leaves_a_gap_there(
    stream: Stream, t0: int
) -> None:
    left = stream.open(t0)
    behind = stream.record(t0 + 60 * S, t0 + 90 * S)

    stream.catalogue.recovered(left.id, t0 + 55 * S, 900, DIGEST)

    assert stream.runs() == [(t0, t0 + 55 * S), (t0 + 60 * S, None)]
    assert stream.gaps() == [(t0 + 55 * S, t0 + 60 * S, GapCause.KILLED)]
    assert stream.catalogue.segment(behind.id).run_id == RunId(behind.id)


def test_a_file_that_ends_where_the_next_begins_leaves_none(
    stream: Stream, t0: int
) -> None:
    left = stream.open(t0)
    stream.record(t0 + 60 * S, t0 + 90 * S)
    restart(stream)

    stream.catalogue.recovered(left.id, t0 + 60 * S - 7, 900, DIGEST)

    assert stream.runs() == [(t0, None)]
    assert stream.gaps() == []


def test_a_lost_file_becomes_a_gap_of_its_time(stream: Stream, t0: int) -> None:
    first = stream.record(t0, t0 + 60 * S)
    gone = stream.record(t0 + 60 * S, t0 + 120 * S)
    last = stream.record(t0 + 120 * S, t0 + 180 * S)
    stream.lose(t0 + 180 * S)

    stream.catalogue.recovered(gone.id, 0, 0, None)

    assert stream.runs() == [(t0, t0 + 60 * S), (t0 + 120 * S, t0 + 180 * S)]
    assert stream.gaps()[0] == (t0 + 60 * S, t0 + 120 * S, GapCause.MISSING)
    assert [each.id for each in stream.segments()] == [first.id, last.id]
    assert stream.catalogue.segment(gone.id).state is SegmentState.MISSING
    assert stream.catalogue.segment(last.id).run_id == RunId(first.id)


def test_a_run_goes_with_its_only_file(stream: Stream, t0: int) -> None:
    gone = stream.grow(stream.open(t0), t0 + 60 * S)

    stream.catalogue.lost(gone.id)

    assert stream.runs() == []
    assert stream.gaps() == [
        (t0, t0 + 60 * S, GapCause.MISSING),
        (t0 + 60 * S, None, GapCause.KILLED),
    ]


def test_a_recorder_goes_on_with_a_run_that_lost_a_file(
    stream: Stream, t0: int
) -> None:
    stream.record(t0, t0 + 60 * S)
    gone = stream.record(t0 + 60 * S, t0 + 120 * S)
    stream.record(t0 + 120 * S, t0 + 180 * S)

    stream.catalogue.lost(gone.id)
    stream.record(t0 + 180 * S, t0 + 240 * S)
    stream.lose(t0 + 240 * S)

    assert stream.runs() == [(t0, t0 + 60 * S), (t0 + 120 * S, t0 + 240 * S)]


def test_to_recover_twice_does_no_harm(stream: Stream, t0: int) -> None:
    left = stream.open(t0)
    stream.catalogue.recovered(left.id, t0 + 9 * S, 900, DIGEST)
    before = stream.runs(), stream.gaps(), stream.segments()

    stream.catalogue.recovered(left.id, t0 + 5 * S, 100, b"other")
    stream.tell(SegmentClosed(left.id, t0 + 99 * S, 9_999, b"late"))

    assert (stream.runs(), stream.gaps(), stream.segments()) == before
    with pytest.raises(NotFound):
        stream.catalogue.recovered(SegmentId(9999), 1, 1, DIGEST)


def test_a_file_without_a_row_is_taken_in(stream: Stream, t0: int) -> None:
    known = stream.record(t0, t0 + 60 * S)
    restart(stream)
    stream.miss(t0 + 200 * S, GapCause.UNREACHABLE)
    next_in_run = replace(
        known, id=SegmentId(50), start_us=t0 + 60 * S, end_us=t0 + 80 * S
    )
    alone = replace(
        known,
        id=SegmentId(60),
        run_id=RunId(60),
        start_us=t0 + 100 * S,
        end_us=t0 + 110 * S,
    )

    for _ in range(2):
        stream.catalogue.adopt(next_in_run)
        stream.catalogue.adopt(alone)

    assert stream.segments() == [known, next_in_run, alone]
    assert stream.runs() == [(t0, t0 + 80 * S), (t0 + 100 * S, t0 + 110 * S)]
    assert stream.gaps() == [
        (t0 + 80 * S, t0 + 100 * S, GapCause.KILLED),
        (t0 + 110 * S, t0 + 200 * S, GapCause.KILLED),
        (t0 + 200 * S, None, GapCause.UNREACHABLE),
    ]
    assert stream.catalogue.reserve_segment_ids(1)[0] == 61


def test_an_open_file_cannot_be_taken_in(stream: Stream, t0: int) -> None:
    opened = stream.open(t0)

    with pytest.raises(Conflict, match="closed"):
        stream.catalogue.adopt(replace(opened, id=SegmentId(50)))
