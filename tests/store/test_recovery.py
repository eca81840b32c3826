"""Whatever a crash leaves is closed exactly where its good footage ends."""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from nvr.base.errors import MediaError, VolumeBusy
from nvr.base.model import Codec
from nvr.media.segment_layout import CHECK_BYTES, CLOSE, RESERVED, reserved_offset
from nvr.store.check import Level, check_file
from nvr.store.recovery import recover_file
from nvr.store.segment_file import SegmentFile
from nvr.store.volume import Volume
from tests.clips import Clip, fragments, make_clip
from tests.segments import (
    START_US,
    decode,
    ffprobe,
    index_of,
    make_spec,
    path_of,
    write_clip,
)

NAME = "7.mp4"


@cache
def small() -> Clip:
    """Four pictures with sound, in two fragments."""
    return make_clip(
        Codec.H264, audio=Codec.PCMA, seconds=0.16, key_every=2, width=32, height=32
    )


@cache
def closed_after(count: int, *, end_us: int | None = None) -> bytes:
    """The small clip as its writer closes it after so many fragments."""
    with TemporaryDirectory() as folder:
        volume = Volume.open(Path(folder), node="test node")
        spec = make_spec(small().format)
        file = SegmentFile.create(volume, spec, expected_bytes=0)
        for piece in fragments(small(), every=2, wall_us=START_US)[:count]:
            file.append(piece)
        file.finish(volume, file.end_us if end_us is None else end_us)
        return path_of(volume, spec).read_bytes()


def not_patched(data: bytes) -> bytes:
    """As it is between the tail and the last step of a close."""
    at = reserved_offset(data)
    return data[:at] + RESERVED + data[at + 16 :]


def ends() -> list[int]:
    """Where the head and each fragment with its check box end."""
    data = closed_after(2)
    marks = index_of(data).marks
    return [marks[0].offset, *(m.offset + m.size_bytes + CHECK_BYTES for m in marks)]


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder on which a sync takes no time, where there is one."""
    shared = Path("/dev/shm")
    with TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        yield Path(folder)


STATES = {
    "open": lambda: closed_after(2)[: ends()[-1]],
    "before the patch": lambda: not_patched(closed_after(2)),
    "closed": lambda: closed_after(2),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("is_zero_filled", [False, True], ids=["torn", "zeros"])
def test_a_file_cut_at_any_byte_is_closed_exactly(
    memory: Path, state: str, is_zero_filled: bool
) -> None:
    whole = STATES[state]()
    if state == "open":
        whole = not_patched(whole)
    path = memory / NAME
    # Up to its tail an unpatched file is like an open one; zeros make no difference
    # to where the good part ends, so a sample of places is enough for them.
    first = ends()[-1] if state == "before the patch" else 0
    for cut in range(first, len(whole), 11 if is_zero_filled else 1):
        zeros = bytes((len(whole) - cut) * is_zero_filled)
        path.write_bytes(whole[:cut] + zeros)

        found = recover_file(path)

        good = sum(end <= cut for end in ends()) - 1
        after = path.read_bytes()
        if good < 1:
            assert (found.digest, found.fragments) == (None, 0)
            assert after == whole[:cut] + zeros  # left as it was
        else:
            assert found.was_torn and found.fragments == good
            assert same_but_reason(after, closed_after(good))
            assert found.size_bytes == len(after)
            assert found.end_us == START_US + good * 80_000
        path.unlink()


def same_but_reason(recovered: bytes, closed: bytes) -> bool:
    """The close box says why it was written, and is sealed with that."""
    at = closed.rindex(CLOSE.bytes) + 16
    reasons = recovered[at + 1], closed[at + 1]
    return (
        reasons == (1, 0)
        and recovered[: at + 1] == closed[: at + 1]
        and recovered[at + 2 : -32] == closed[at + 2 : -32]
        and len(recovered) == len(closed)
    )


def test_a_recovered_file_is_an_ordinary_mp4(tmp_path: Path) -> None:
    volume = Volume.open(tmp_path, node="test node")
    path = write_clip(volume, make_clip(audio=Codec.AAC, b_frames=2), is_closed=False)
    os.truncate(path, path.stat().st_size - 100)

    found = recover_file(path)

    assert found.fragments == 3
    assert found.description == make_spec(make_clip().format).description()
    assert ffprobe(path)["streams"][0]["nb_frames"] == "75"
    decode(path)
    assert check_file(path, Level.HASHES) == []


@pytest.mark.parametrize("cut", [0, 1])
def test_recovering_twice_changes_nothing_more(tmp_path: Path, cut: int) -> None:
    path = tmp_path / NAME
    path.write_bytes(not_patched(closed_after(2))[: ends()[-1] - cut])
    first = recover_file(path)
    after = path.read_bytes()

    second = recover_file(path)

    assert second == first
    assert path.read_bytes() == after


def test_recovery_may_itself_be_interrupted_anywhere(memory: Path) -> None:
    torn = not_patched(closed_after(2))[: ends()[1] + 50]
    path = memory / NAME
    path.write_bytes(torn)
    recover_file(path)
    finished = path.read_bytes()
    states = [torn, torn[: ends()[1]]]
    states += [not_patched(finished)[:cut] for cut in range(ends()[1], len(finished))]
    states.append(not_patched(finished))
    for state in states:
        path.write_bytes(state)

        recover_file(path)

        assert path.read_bytes() == finished


def test_a_finished_close_is_kept_with_its_end(tmp_path: Path) -> None:
    path = tmp_path / NAME
    closed = closed_after(2, end_us=START_US + 123)
    path.write_bytes(not_patched(closed))

    found = recover_file(path)

    assert path.read_bytes() == closed
    assert not found.was_torn
    assert found.end_us == START_US + 123


def test_a_closed_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(closed_after(2))

    found = recover_file(path)

    assert path.read_bytes() == closed_after(2)
    assert (found.was_torn, found.damaged, found.fragments) == (False, (), 2)


def test_a_closed_file_is_not_shortened_because_of_damage(tmp_path: Path) -> None:
    path = tmp_path / NAME
    damaged = bytearray(closed_after(2))
    damaged[ends()[1] - CHECK_BYTES - 1] ^= 1
    path.write_bytes(damaged)

    found = recover_file(path)

    assert path.read_bytes() == damaged
    assert found.damaged == (1,)


def test_an_open_file_is_cut_where_a_hash_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / NAME
    torn = bytearray(not_patched(closed_after(2))[: ends()[2]])
    torn[ends()[2] - CHECK_BYTES - 1] ^= 1
    path.write_bytes(torn)

    found = recover_file(path)

    assert found.fragments == 1
    assert same_but_reason(path.read_bytes(), closed_after(1))


def test_blocks_of_another_segment_are_not_taken_for_its_own(tmp_path: Path) -> None:
    volume = Volume.open(tmp_path, node="test node")
    mine = write_clip(volume, small(), is_closed=False, segment_id=7, every=2)
    other = write_clip(volume, small(), is_closed=False, segment_id=8, every=2)
    os.truncate(mine, ends()[1])
    with mine.open("ab") as file:
        file.write(other.read_bytes()[ends()[1] :])

    found = recover_file(mine)

    assert found.fragments == 1


def test_a_file_under_another_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "8.mp4"
    path.write_bytes(closed_after(2))

    with pytest.raises(MediaError, match="segment 7"):
        recover_file(path)


def test_a_file_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    volume = Volume.open(tmp_path, node="test node")
    spec = make_spec(small().format)
    file = SegmentFile.create(volume, spec, expected_bytes=0)
    file.append(fragments(small(), every=2)[0])

    with pytest.raises(VolumeBusy):
        recover_file(path_of(volume, spec))

    file.finish(volume, START_US)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real.mp4").write_bytes(closed_after(1))
    (tmp_path / NAME).symlink_to(tmp_path / "real.mp4")

    with pytest.raises(OSError, match="symbolic links"):
        recover_file(tmp_path / NAME)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NAME)

    with pytest.raises(MediaError):
        recover_file(tmp_path / NAME)


def test_what_was_set_aside_is_given_back(tmp_path: Path) -> None:
    volume = Volume.open(tmp_path, node="test node")
    spec = make_spec(small().format)
    file = SegmentFile.create(volume, spec, expected_bytes=8 << 20)
    file.append(fragments(small(), every=2)[0])
    file.abandon()
    path = path_of(volume, spec)
    assert path.stat().st_blocks * 512 >= 8 << 20

    recover_file(path)

    assert path.stat().st_blocks * 512 < 1 << 20
