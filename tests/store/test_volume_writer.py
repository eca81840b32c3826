"""What a volume's writer promises to recordings and to the catalogue."""

import os
import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar

import pytest

from nvr.base import merkle
from nvr.base.errors import VolumeFailed, VolumeFull
from nvr.base.model import Codec, SegmentId
from nvr.media.fragment import Fragment
from nvr.store import segment_file
from nvr.store.check import Level, check_file
from nvr.store.volume import Volume
from nvr.store.volume_writer import (
    OBJECT_BYTES,
    SegmentBegan,
    SegmentDurable,
    SegmentEnded,
    VolumeWriter,
    WriterFailed,
    WriterReport,
)
from tests.clips import fragments, make_clip
from tests.fakes import FakeClock
from tests.segments import CAMERA, START_US, decode, index_of, make_spec, path_of

R = TypeVar("R", bound=WriterReport)
CLIP = make_clip(audio=Codec.AAC)
END_US = START_US + 4_000_000


class Bench:
    """A writer on a real folder with a clock that is moved by hand."""

    def __init__(self, folder: Path, queue_bytes: int = 64 << 20) -> None:
        self.clock = FakeClock()
        self.volume = Volume.open(folder, node="test node")
        self.reports: list[WriterReport] = []
        self.threads: set[str] = set()
        self.writer = VolumeWriter(
            volume=self.volume,
            clock=self.clock,
            sync_seconds=2,
            queue_bytes=queue_bytes,
            report=self._take,
        )

    def _take(self, report: WriterReport) -> None:
        self.threads.add(threading.current_thread().name)
        self.reports.append(report)

    def begin(self, segment_id: int = 7) -> Path:
        spec = make_spec(CLIP.format, segment_id)
        self.writer.open_segment(spec)
        return path_of(self.volume, spec)

    def add(self, piece: Fragment, segment_id: int = 7) -> bool:
        return self.writer.append(SegmentId(segment_id), piece)

    def end(self, segment_id: int = 7) -> None:
        self.writer.close_segment(SegmentId(segment_id), END_US)

    def wait_for(self, kind: type[WriterReport], count: int = 1) -> None:
        self.until(lambda: len(self.of(kind)) >= count)

    def of(self, kind: type[R]) -> list[R]:
        return [report for report in self.reports if isinstance(report, kind)]

    @staticmethod
    def until(is_so: Callable[[], bool]) -> None:
        give_up = monotonic() + 10
        while not is_so():
            assert monotonic() < give_up, "this takes too long"
            sleep(0.002)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "volume")
    bench.writer.start()
    yield bench
    bench.writer.stop(5)


def pieces() -> list[Fragment]:
    return fragments(CLIP, wall_us=START_US)


def test_a_segment_is_reported_from_begin_to_end(bench: Bench) -> None:
    path = bench.begin()
    for piece in pieces():
        assert bench.add(piece)
    bench.end()
    bench.wait_for(SegmentEnded)

    began, ended = bench.reports[0], bench.reports[-1]
    data = path.read_bytes()
    index = index_of(data)
    hashes = [
        sha256(data[mark.offset : mark.offset + mark.size_bytes]).digest()
        for mark in index.marks
    ]
    assert began == SegmentBegan(make_spec(CLIP.format), path)
    assert ended == SegmentEnded(
        SegmentId(7), END_US, len(data), merkle.root(hashes), fragments=4
    )
    assert bench.threads == {"volume volume"}
    assert check_file(path, Level.HASHES) == []
    decode(path)


def test_what_is_set_aside_is_given_back_at_the_close(bench: Bench) -> None:
    path = bench.begin()
    bench.add(pieces()[0])
    bench.wait_for(SegmentBegan)
    assert path.stat().st_blocks * 512 >= 4 << 20

    bench.end()
    bench.wait_for(SegmentEnded)

    status = path.stat()
    assert status.st_blocks * 512 <= status.st_size + 8192


def test_a_file_can_be_read_after_every_fragment(bench: Bench) -> None:
    path = bench.begin()
    for number, piece in enumerate(pieces(), 1):
        bench.add(piece)
        bench.until(lambda: bench.writer.queued_bytes == 0)

        index = index_of(path.read_bytes())

        assert len(index.marks) == number
        assert index.end_us == START_US + number * 1_000_000
        decode(path)


def test_what_is_durable_is_reported_at_each_sync(bench: Bench) -> None:
    bench.begin()
    first, second, *_ = pieces()
    bench.add(first)
    bench.until(lambda: bench.writer.queued_bytes == 0)
    bench.clock.advance_us(2_000_000)
    bench.wait_for(SegmentDurable)
    bench.add(second)
    bench.until(lambda: bench.writer.queued_bytes == 0)
    bench.clock.advance_us(2_000_000)
    bench.wait_for(SegmentDurable, 2)

    durable = bench.of(SegmentDurable)

    ends = [(report.end_us - START_US) // 1_000_000 for report in durable]
    assert ends == [1, 2]
    assert durable[0].size_bytes < durable[1].size_bytes


def test_a_file_that_did_not_grow_is_not_synced_again(bench: Bench) -> None:
    bench.begin()
    bench.add(pieces()[0])
    bench.until(lambda: bench.writer.queued_bytes == 0)
    bench.clock.advance_us(2_000_000)
    bench.wait_for(SegmentDurable)

    for _ in range(5):
        bench.clock.advance_us(2_000_000)
        sleep(0.02)

    assert len(bench.of(SegmentDurable)) == 1


def test_nothing_is_taken_beyond_the_bound(tmp_path: Path) -> None:
    piece = pieces()[0]
    assert piece.video is not None and piece.audio is not None
    sizes = map(len, [*piece.video.payloads, *piece.audio.payloads])
    bench = Bench(tmp_path / "volume", queue_bytes=2 * (sum(sizes) + OBJECT_BYTES))
    bench.begin()

    taken = [bench.add(piece) for piece in pieces()[:1] * 3]

    assert taken == [True, True, False]
    assert not bench.writer.has_room
    bench.writer.start()
    bench.until(lambda: bench.writer.has_room)
    assert bench.writer.queued_bytes == 0
    assert bench.writer.stop(5)


def test_a_slow_disk_never_blocks_the_caller(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_asleep, is_awake = threading.Event(), threading.Event()
    write = segment_file.write_all

    def slow(fd: int, buffers: list[bytes]) -> int:
        is_asleep.set()
        is_awake.wait(10)
        return write(fd, buffers)

    monkeypatch.setattr(segment_file, "write_all", slow)
    bench.begin()
    begun = monotonic()
    for piece in pieces():
        assert bench.add(piece)
    bench.end()
    took = monotonic() - begun
    assert is_asleep.wait(5)
    bench.clock.advance_us(15_000_000)

    assert took < 0.5
    assert bench.writer.stuck_us() >= 15_000_000
    assert bench.writer.stop(0.1) is False

    is_awake.set()


def test_stop_closes_every_open_file(bench: Bench) -> None:
    paths = [bench.begin(segment_id) for segment_id in (1, 2, 3)]
    for segment_id in (1, 2, 3):
        for piece in pieces():
            bench.add(piece, segment_id)

    assert bench.writer.stop(5)

    assert {report.segment_id for report in bench.of(SegmentEnded)} == {1, 2, 3}
    for path in paths:
        assert check_file(path, Level.HASHES) == []


def test_a_writer_that_never_ran_stops_at_once(tmp_path: Path) -> None:
    assert Bench(tmp_path / "volume").writer.stop(1)


@contextmanager
def longest_file(size_bytes: int) -> Iterator[None]:
    """Files of this process can grow no further: writes come out short, then fail."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_that_cannot_be_written_is_given_up_and_others_go_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nvr.store.volume_writer.FIRST_EXPECTED_BYTES", 0)
    first, second, third, fourth = pieces()
    bad = bench.begin(1)
    bench.add(first, 1)
    bench.add(second, 1)
    bench.until(lambda: bench.writer.queued_bytes == 0)
    size = bad.stat().st_size
    with longest_file(size + 1000):
        good = bench.begin(2)
        bench.add(third, 1)
        bench.add(fourth, 1)
        bench.add(first, 2)
        bench.end(1)
        bench.end(2)
        bench.wait_for(SegmentEnded)

    failed = bench.of(WriterFailed)

    assert [report.segment_ids for report in failed] == [{SegmentId(1)}]
    assert isinstance(failed[0].error, VolumeFailed)
    assert bench.of(SegmentEnded)[0].segment_id == 2
    assert bad.stat().st_size == size + 1000  # left as it is, to be verified
    assert check_file(good, Level.HASHES) == []
    assert bench.writer.queued_bytes == 0


def test_a_full_disk_is_told_apart(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reserve(fd: int, length_bytes: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(segment_file, "reserve", reserve)
    bench.begin()
    bench.wait_for(WriterFailed)

    assert isinstance(bench.of(WriterFailed)[0].error, VolumeFull)


def test_after_a_failed_sync_no_second_one_is_believed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails_once(fd: int) -> None:
        monkeypatch.undo()
        raise OSError(5, "Input/output error")

    bench.begin()
    bench.add(pieces()[0])
    bench.until(lambda: bench.writer.queued_bytes == 0)
    monkeypatch.setattr(os, "fdatasync", fails_once)
    bench.clock.advance_us(2_000_000)
    bench.wait_for(WriterFailed)
    bench.add(pieces()[1])
    bench.end()
    bench.until(lambda: bench.writer.queued_bytes == 0)

    assert not bench.of(SegmentDurable) and not bench.of(SegmentEnded)


def test_a_file_that_is_there_already_is_never_touched(bench: Bench) -> None:
    path = path_of(bench.volume, make_spec(CLIP.format))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"somebody's footage")

    bench.begin()
    bench.wait_for(WriterFailed)

    assert path.read_bytes() == b"somebody's footage"


def test_a_link_in_the_way_is_not_followed(bench: Bench, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (bench.volume.path / CAMERA).symlink_to(outside)

    bench.begin()
    bench.wait_for(WriterFailed)

    assert list(outside.iterdir()) == []


def test_a_fragment_that_cannot_be_written_costs_only_its_segment(
    bench: Bench,
) -> None:
    bench.begin(1)
    bench.begin(2)
    piece = pieces()[0]
    assert piece.video is not None
    bad = piece._replace(video=piece.video._replace(durations=[-1] * 25))

    bench.add(bad, 1)
    bench.add(piece, 2)
    bench.end(2)
    bench.wait_for(SegmentEnded)

    assert [report.segment_ids for report in bench.of(WriterFailed)] == [{1}]


def test_a_segment_without_footage_is_closed_too(bench: Bench) -> None:
    path = bench.begin()
    bench.end()
    bench.wait_for(SegmentEnded)

    assert bench.of(SegmentEnded)[0].fragments == 0
    assert check_file(path, Level.HASHES) == []


def test_an_empty_folder_may_vanish_between_two_segments(bench: Bench) -> None:
    make = bench.volume.make_folder
    calls: list[tuple[str, ...]] = []

    def removed_once(*parts: str) -> tuple[int, list[str]]:
        fd, made = make(*parts)
        if not calls:
            bench.volume.path.joinpath(*parts).rmdir()
        calls.append(parts)
        return fd, made

    bench.volume.make_folder = removed_once  # type: ignore[method-assign]
    path = bench.begin()
    bench.wait_for(SegmentBegan)

    assert path.exists()
    assert len(calls) == 2
