"""The check finds what is wrong, names it, and changes nothing."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from nvr.base.model import Codec, Segment, SegmentId, SegmentState
from nvr.store.check import Fault, Level, check_file, check_volume
from nvr.store.recovery import recover_file
from nvr.store.segment_file import SegmentFile
from nvr.store.volume import Volume
from tests.clips import fragments, make_clip
from tests.segments import (
    CAMERA,
    START_US,
    index_of,
    make_spec,
    path_of,
    row_of,
    write_clip,
)

CLIP = make_clip(audio=Codec.AAC)


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    return Volume.open(tmp_path / "volume", node="test node")


def write(volume: Volume, segment_id: int = 7) -> tuple[Path, Segment]:
    """A closed file and its row."""
    path = write_clip(volume, CLIP, is_closed=True, segment_id=segment_id)
    digest = recover_file(path).digest
    assert digest is not None
    return path, row_of(volume, path, digest, segment_id)


def faults(
    volume: Volume, rows: list[Segment], level: Level = Level.HASHES
) -> set[Fault]:
    return {finding.fault for finding in check_volume(volume, rows, level)}


@pytest.mark.parametrize("level", Level)
def test_nothing_is_wrong_with_good_files(volume: Volume, level: Level) -> None:
    rows = [write(volume, segment_id)[1] for segment_id in (7, 8)]

    assert check_volume(volume, rows, level) == []


def test_a_file_without_a_row(volume: Volume) -> None:
    path, _ = write(volume)

    (finding,) = check_volume(volume, [], Level.BOXES)

    assert (finding.path, finding.fault) == (path, Fault.NO_ROW)
    assert finding.segment_id == 7
    assert path.exists()


def test_a_row_without_a_file(volume: Volume) -> None:
    path, row = write(volume)
    path.unlink()

    (finding,) = check_volume(volume, [row])

    assert (finding.path, finding.fault, finding.segment_id) == (path, Fault.MISSING, 7)


@pytest.mark.parametrize("state", [SegmentState.MISSING, SegmentState.UNLINKING])
def test_a_file_that_may_be_gone(volume: Volume, state: SegmentState) -> None:
    path, row = write(volume)
    path.unlink()

    assert check_volume(volume, [replace(row, state=state)]) == []


def test_a_file_of_another_length(volume: Volume) -> None:
    path, row = write(volume)
    os.truncate(path, path.stat().st_size - 1)

    assert faults(volume, [row], Level.PRESENCE) == {Fault.SIZE}
    assert faults(volume, [row]) == {Fault.SIZE, Fault.DAMAGED}


def test_a_file_of_the_same_length_with_another_digest(volume: Volume) -> None:
    _, row = write(volume)

    assert faults(volume, [replace(row, digest=bytes(32))]) == {Fault.OTHER_DIGEST}


def test_one_changed_bit_of_footage_is_found_by_its_hash(volume: Volume) -> None:
    path, row = write(volume)
    flip(path, path.stat().st_size // 2)

    assert faults(volume, [row], Level.BOXES) == set()
    (finding,) = check_volume(volume, [row], Level.HASHES)
    assert finding.fault is Fault.DAMAGED
    assert "fragment 2" in finding.detail or "fragment 3" in finding.detail


def test_one_changed_bit_anywhere_is_found(volume: Volume) -> None:
    path, row = write(volume)
    data = path.read_bytes()
    index = index_of(data)
    ends = [mark.offset + mark.size_bytes for mark in index.marks]
    places = [5, 40, 300, *(end + 20 for end in ends), *(end + 60 for end in ends)]
    places += range(ends[-1], len(data), 97)
    for place in places:
        flip(path, place)

        assert check_volume(volume, [row], Level.HASHES), place

        flip(path, place)


def flip(path: Path, place: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 1]))


def test_a_file_that_was_not_closed(volume: Volume) -> None:
    write_clip(volume, CLIP, is_closed=False)
    path = volume.segment_path(CAMERA, START_US, SegmentId(7))
    row = replace(row_of(volume, path, b""), state=SegmentState.OPEN)

    assert faults(volume, [row]) == {Fault.UNFINISHED}


def test_a_file_that_is_being_written_is_as_it_should_be(volume: Volume) -> None:
    spec = make_spec(CLIP.format)
    file = SegmentFile.create(volume, spec, expected_bytes=0)
    file.append(fragments(CLIP)[0])
    path = path_of(volume, spec)
    row = replace(row_of(volume, path, b""), state=SegmentState.OPEN)

    assert check_volume(volume, [row]) == []
    assert check_file(path, Level.HASHES) == []

    file.finish(volume, START_US)


def test_a_link_is_reported_and_not_followed(volume: Volume, tmp_path: Path) -> None:
    path, row = write(volume)
    real = tmp_path / "elsewhere.mp4"
    path.rename(real)
    path.symlink_to(real)

    assert faults(volume, [row]) == {Fault.LINK}
    assert [finding.fault for finding in check_file(path, Level.BOXES)] == [Fault.LINK]


def test_a_linked_folder_is_reported_and_not_entered(
    volume: Volume, tmp_path: Path
) -> None:
    path, row = write(volume)
    day = path.parent
    day.rename(tmp_path / "elsewhere")
    day.symlink_to(tmp_path / "elsewhere")

    assert faults(volume, [row]) == {Fault.LINK, Fault.MISSING}


def test_what_does_not_belong_there_is_named(volume: Volume) -> None:
    path, row = write(volume)
    for strange in (
        volume.path / "notes.txt",
        path.parent / "7.mp4.bak",
        path.parent / "copy.mp4",
    ):
        strange.write_text("?")
    (path.parent / "11.mp4").mkdir()
    os.mkfifo(path.parent / "12.mp4")

    found = check_volume(volume, [row])

    assert {finding.fault for finding in found} == {Fault.STRANGE, Fault.NO_ROW}
    assert len({finding.path for finding in found}) == 5


def test_a_file_under_the_name_of_another_segment(volume: Volume) -> None:
    path, row = write(volume, 7)
    path.rename(path.with_name("8.mp4"))

    found = faults(volume, [replace(row, id=SegmentId(8))])

    assert found == {Fault.STRANGE}


@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"not a film" * 500])
def test_a_file_that_is_none_of_ours(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "7.mp4"
    path.write_bytes(content)

    (finding,) = check_file(path, Level.BOXES)

    assert finding.fault is Fault.DAMAGED


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (finding,) = check_file(tmp_path / "7.mp4", Level.PRESENCE)

    assert finding.fault is Fault.MISSING


def test_looking_changes_nothing(volume: Volume) -> None:
    path, row = write(volume)
    flip(path, 3000)
    before, status = path.read_bytes(), path.stat()

    check_volume(volume, [row], Level.HASHES)

    assert path.read_bytes() == before
    assert path.stat().st_mtime_ns == status.st_mtime_ns
