"""The way out of a segment."""

import threading

import pytest

from nvr.base.errors import Conflict
from nvr.base.model import Camera, GapCause, Role, SegmentId, SegmentState
from nvr.store.catalogue import Catalogue
from nvr.store.deletion import Usage
from tests.store.stream import VOLUME, Stream

S = 1_000_000


@pytest.fixture
def stream(catalogue: Catalogue, camera: Camera) -> Stream:
    return Stream(catalogue, camera.id)


@pytest.fixture
def t0(camera: Camera) -> int:
    return camera.created_us


def minutes(stream: Stream, t0: int, count: int) -> list[SegmentId]:
    return [
        stream.record(t0 + n * 60 * S, t0 + (n + 1) * 60 * S).id for n in range(count)
    ]


def delete(stream: Stream, *ids: SegmentId) -> None:
    stream.catalogue.doom(ids, "age", 1)
    stream.catalogue.begin_unlink(ids)
    stream.catalogue.forget(ids)


def test_the_oldest_come_first_and_only_closed_ones(stream: Stream, t0: int) -> None:
    ids = minutes(stream, t0, 4)
    stream.open(t0 + 240 * S)

    def oldest(**asked: object) -> list[SegmentId]:
        found = stream.catalogue.oldest_segments(**asked)  # type: ignore[arg-type]
        return [each.id for each in found]

    assert oldest(limit=2) == ids[:2]
    assert oldest(limit=9, camera_id=stream.camera_id) == ids
    assert oldest(limit=9, volume_id=VOLUME) == ids
    assert oldest(limit=9, before_us=t0 + 120 * S) == ids[:2]
    assert (
        oldest(limit=9, camera_id=stream.camera_id, before_us=t0 + 179 * S) == ids[:2]
    )
    assert oldest(limit=9, before_us=t0) == []


def test_age_does_not_fool_the_order_where_the_clock_was_wrong(
    stream: Stream, t0: int
) -> None:
    future = stream.record(t0 + 10**15, t0 + 10**15 + 60 * S)
    stream.lose(t0 + 10**15 + 60 * S, GapCause.CLOCK)
    present = stream.record(t0, t0 + 60 * S)

    found = stream.catalogue.oldest_segments(stream.camera_id, limit=2)

    assert [each.id for each in found] == [future.id, present.id]


def test_a_doomed_segment_can_still_be_read_and_spared(stream: Stream, t0: int) -> None:
    [id] = minutes(stream, t0, 1)

    [doomed] = stream.catalogue.doom([id], "age", t0 + 5)

    assert doomed.state is SegmentState.DOOMED
    assert stream.segments() == [doomed]
    assert stream.catalogue.doomed(t0 + 4, 10) == []
    assert stream.catalogue.doomed(t0 + 5, 10) == [doomed]
    [spared] = stream.catalogue.spare([id])
    assert spared.state is SegmentState.CLOSED
    assert stream.catalogue.doomed(t0 + 5, 10) == []
    assert stream.catalogue.begin_unlink([id]) == []


def test_what_is_being_written_or_gone_cannot_be_doomed(
    stream: Stream, t0: int
) -> None:
    [closed] = minutes(stream, t0, 1)
    opened = stream.open(t0 + 60 * S)
    asked = [closed, opened.id, SegmentId(9999)]

    assert [each.id for each in stream.catalogue.doom(asked, "age", 1)] == [closed]
    assert stream.catalogue.doom(asked, "age", 1) == []


def test_a_step_of_deletion_cannot_be_left_out(stream: Stream, t0: int) -> None:
    [id] = minutes(stream, t0, 1)

    assert stream.catalogue.begin_unlink([id]) == []
    stream.catalogue.forget([id])

    assert stream.catalogue.segment(id).state is SegmentState.CLOSED


def test_a_half_deleted_segment_is_found_after_a_crash(stream: Stream, t0: int) -> None:
    [id, _] = minutes(stream, t0, 2)
    stream.catalogue.doom([id], "age", 1)
    [going] = stream.catalogue.begin_unlink([id])

    assert going.state is SegmentState.UNLINKING
    assert stream.catalogue.unlinking_segments(10) == [going]
    assert id not in [each.id for each in stream.segments()]
    assert stream.catalogue.spare([id]) == []
    with pytest.raises(Conflict, match="being deleted"):
        stream.catalogue.lost(id)


def test_a_run_begins_later_when_its_oldest_files_are_gone(
    stream: Stream, t0: int
) -> None:
    ids = minutes(stream, t0, 4)

    delete(stream, *ids[:2])

    assert stream.runs() == [(t0 + 120 * S, None)]
    assert [each.id for each in stream.segments()] == ids[2:]
    assert stream.gaps() == []
    extent = stream.catalogue.extent(stream.camera_id, Role.MAIN)
    assert extent == (t0 + 120 * S, t0 + 240 * S)


def test_a_run_falls_in_two_around_what_is_gone(stream: Stream, t0: int) -> None:
    ids = minutes(stream, t0, 6)

    delete(stream, ids[1], ids[2], ids[4])
    stream.record(t0 + 360 * S, t0 + 420 * S)
    stream.lose(t0 + 420 * S)

    assert stream.runs() == [
        (t0, t0 + 60 * S),
        (t0 + 180 * S, t0 + 240 * S),
        (t0 + 300 * S, t0 + 420 * S),
    ]
    assert stream.gaps() == [(t0 + 420 * S, None, GapCause.LOST)]


def test_a_run_is_gone_with_all_of_its_files(stream: Stream, t0: int) -> None:
    ids = minutes(stream, t0, 2)
    stream.lose(t0 + 120 * S)
    kept = minutes(stream, t0 + 180 * S, 1)

    delete(stream, *ids)

    assert stream.runs() == [(t0 + 180 * S, None)]
    assert [each.id for each in stream.segments()] == kept


def test_a_deleted_segment_does_not_come_back(stream: Stream, t0: int) -> None:
    ids = minutes(stream, t0, 2)
    delete(stream, ids[0])

    stream.catalogue.apply(stream.told)
    stream.catalogue.forget([ids[0]])

    assert [each.id for each in stream.segments()] == ids[1:]
    assert stream.runs() == [(t0 + 60 * S, None)]


def test_usage_counts_every_file_that_is_there(stream: Stream, t0: int) -> None:
    ids = minutes(stream, t0, 3)
    stream.catalogue.doom(ids[1:2], "age", 1)
    delete(stream, ids[0])

    assert stream.catalogue.footage_usage() == [
        Usage(stream.camera_id, VOLUME, 4_000, t0 + 60 * S, t0 + 180 * S)
    ]


def test_many_go_in_one_call(stream: Stream, t0: int) -> None:
    ids = minutes(stream, t0, 30)
    more = [SegmentId(n) for n in range(10_000, 12_000)]

    assert len(stream.catalogue.doom([*more, *ids], "space", 1)) == 30
    assert len(stream.catalogue.begin_unlink([*ids, *more])) == 30
    stream.catalogue.forget([*ids, *more])

    assert stream.segments() == []


def test_of_two_who_doom_the_same_one_gets_it(stream: Stream, t0: int) -> None:
    ids = minutes(stream, t0, 20)
    got: list[SegmentId] = []

    def doom() -> None:
        got.extend(each.id for each in stream.catalogue.doom(ids, "age", 1))

    threads = [threading.Thread(target=doom) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(got) == ids
