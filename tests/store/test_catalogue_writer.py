"""The thread between recording and the catalogue."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from nvr.base.errors import CatalogueError, Conflict
from nvr.base.model import (
    Camera,
    CameraId,
    GapCause,
    Role,
    RunId,
    Segment,
    SegmentId,
    SegmentState,
)
from nvr.store import catalogue_writer, engine
from nvr.store.catalogue import Catalogue
from nvr.store.catalogue_writer import CatalogueWriter
from nvr.store.changes import (
    Change,
    GapBegan,
    SegmentClosed,
    SegmentFailed,
    SegmentGrown,
    SegmentOpened,
)
from tests.fakes import FakeClock
from tests.store.stream import DIGEST, VOLUME


class Disk:
    """Where batches arrive; may be broken for a while."""

    def __init__(self) -> None:
        self.batches: list[list[Change]] = []
        self.error: CatalogueError | None = None
        self.tried = threading.Event()

    def apply(self, changes: Sequence[Change]) -> None:
        self.tried.set()
        if self.error is not None:
            raise self.error
        self.batches.append(list(changes))

    @property
    def changes(self) -> list[Change]:
        return [change for batch in self.batches for change in batch]


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def make(disk: Disk) -> Iterator[Callable[..., CatalogueWriter]]:
    made: list[CatalogueWriter] = []

    def writer(
        apply: Callable[[Sequence[Change]], None] = disk.apply, **options: int
    ) -> CatalogueWriter:
        made.append(CatalogueWriter(apply, clock=FakeClock(), **options))
        return made[-1]

    yield writer
    for each in made:
        each.stop(0.1)


def grown(segment_id: int, end_us: int) -> SegmentGrown:
    return SegmentGrown(SegmentId(segment_id), end_us, end_us)


def failed(segment_id: int) -> SegmentFailed:
    return SegmentFailed(SegmentId(segment_id))


def test_what_comes_together_is_one_commit_in_order(
    make: Callable[..., CatalogueWriter], disk: Disk
) -> None:
    writer = make()
    writer.start()
    for n in range(20):
        writer.submit(failed(n))

    assert writer.flush(5)

    assert disk.changes == [failed(n) for n in range(20)]
    assert len(disk.batches) <= 2
    assert writer.waiting == 0


def test_a_change_is_committed_within_a_quarter_of_a_second(
    make: Callable[..., CatalogueWriter], disk: Disk
) -> None:
    writer = make()
    writer.start()
    before = time.monotonic()
    writer.submit(failed(1))

    assert disk.tried.wait(5)

    assert time.monotonic() - before < 0.45  # 0.2 and room for a busy machine


def test_of_a_growing_segment_only_the_latest_state_is_told(
    make: Callable[..., CatalogueWriter], disk: Disk
) -> None:
    writer = make()
    for n in range(1, 50):
        writer.submit(grown(1, n), grown(2, n))
    writer.submit(failed(3))
    closed = SegmentClosed(SegmentId(2), 60, 60, DIGEST)
    writer.submit(closed)
    writer.start()

    assert writer.flush(5)

    assert disk.changes == [grown(1, 49), failed(3), closed]


def test_growth_alone_is_told_every_few_seconds(disk: Disk) -> None:
    clock = FakeClock()
    writer = CatalogueWriter(disk.apply, clock=clock)
    writer.start()
    writer.submit(grown(1, 1), failed(1))
    assert disk.tried.wait(5)
    while not disk.batches:
        time.sleep(0.001)
    disk.tried.clear()

    clock.advance_us(round(catalogue_writer.GROWTH_SECONDS * 1e6))
    writer.submit(failed(2))
    assert disk.tried.wait(5)

    assert writer.stop(5)
    assert disk.batches == [[failed(1)], [grown(1, 1), failed(2)]]


def test_nothing_is_lost_while_the_database_is_away(
    make: Callable[..., CatalogueWriter],
    disk: Disk,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catalogue_writer, "FIRST_RETRY_SECONDS", 0.01)
    disk.error = CatalogueError("the catalogue cannot answer: database is locked")
    writer = make()
    writer.start()
    with caplog.at_level(logging.WARNING):
        writer.submit(failed(1))
        assert disk.tried.wait(5)
        writer.submit(failed(2), failed(3))
        assert not writer.flush(0.3)
        disk.error = None
        assert writer.flush(10)

    assert disk.changes == [failed(1), failed(2), failed(3)]
    assert [record.message for record in caplog.records] == [
        "the catalogue cannot answer: database is locked; 1 changes wait in memory"
    ]


def test_a_change_that_is_refused_for_good_does_not_hold_up_others(
    make: Callable[..., CatalogueWriter], caplog: pytest.LogCaptureFixture
) -> None:
    arrived: list[Change] = []

    def apply(changes: Sequence[Change]) -> None:
        if failed(2) in changes:
            raise Conflict("no such camera")
        arrived.extend(changes)

    writer = make(apply)
    writer.submit(failed(1), failed(2), failed(3))
    writer.start()

    assert writer.flush(5)

    assert arrived == [failed(1), failed(3)]
    assert writer.dropped == 1
    assert "left out of the catalogue: no such camera" in caplog.text


def test_a_full_queue_refuses_what_comes_later(
    make: Callable[..., CatalogueWriter], disk: Disk
) -> None:
    writer = make(queue_changes=2)
    writer.submit(grown(1, 1), failed(1), failed(2))
    writer.submit(failed(3), grown(1, 2), failed(4))
    writer.start()

    assert writer.flush(5)

    assert disk.changes == [grown(1, 2), failed(1), failed(2)]
    assert writer.dropped == 2


def test_stopping_commits_what_is_waiting(
    make: Callable[..., CatalogueWriter], disk: Disk
) -> None:
    writer = make()
    writer.start()
    writer.submit(failed(1))

    assert writer.stop(5)

    assert disk.changes == [failed(1)]


def test_stopping_takes_a_bounded_time(
    make: Callable[..., CatalogueWriter],
    disk: Disk,
    caplog: pytest.LogCaptureFixture,
) -> None:
    disk.error = CatalogueError("away")
    writer = make()
    writer.start()
    writer.submit(failed(1), failed(2))
    assert disk.tried.wait(5)

    assert not writer.stop(0.2)

    assert writer.waiting == 2
    assert "2 changes did not reach the catalogue" in caplog.text


def test_a_locked_sqlite_file_delays_and_loses_nothing(
    make: Callable[..., CatalogueWriter],
    catalogue: Catalogue,
    catalogue_url: str,
    camera: Camera,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not catalogue_url.startswith("sqlite"):
        pytest.skip("PostgreSQL does not lock the whole database")
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    impatient = Catalogue(catalogue_url, clock=FakeClock(), vault=catalogue._vault)
    writer = make(impatient.apply)
    writer.start()
    other = sqlite3.connect(tmp_path / "catalogue.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    writer.submit(GapBegan(camera.id, Role.MAIN, camera.created_us + 9, GapCause.LOST))
    assert not writer.flush(0.6)

    other.execute("COMMIT")

    assert writer.flush(10)
    gaps = catalogue.gaps(camera.id, Role.MAIN, 0, 1 << 60)
    assert [gap.cause for gap in gaps] == [GapCause.STARTING, GapCause.LOST]
    other.close()
    impatient.close()


def test_two_recorders_write_side_by_side(
    make: Callable[..., CatalogueWriter], catalogue: Catalogue
) -> None:
    cameras = [
        catalogue.add_camera(name=f"Camera {n}", url="rtsp://10.0.0.5/") for n in (1, 2)
    ]
    writers = [make(catalogue.apply) for _ in cameras]
    for writer in writers:
        writer.start()

    for camera, writer in zip(cameras, writers, strict=True):
        for id in catalogue.reserve_segment_ids(30):
            opened = _opened(SegmentId(id), camera.id, camera.created_us)
            closed = SegmentClosed(opened.id, camera.created_us + 60, 9, DIGEST)
            writer.submit(SegmentOpened(opened), closed)
    assert all(writer.flush(10) for writer in writers)

    for camera in cameras:
        found = catalogue.segments(camera.id, Role.MAIN, 0, 1 << 60)
        assert [each.state for each in found] == [SegmentState.CLOSED] * 30


def _opened(id: SegmentId, camera_id: CameraId, start_us: int) -> Segment:
    return Segment(
        id=id,
        camera_id=camera_id,
        role=Role.MAIN,
        run_id=RunId(id),
        volume_id=VOLUME,
        epoch=1,
        state=SegmentState.OPEN,
        start_us=start_us,
        end_us=start_us,
        size_bytes=0,
        digest=b"",
    )
