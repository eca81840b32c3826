"""A volume is what its identity says and nothing else."""

import fcntl
import json
import os
from pathlib import Path

import pytest

from nvr.base.errors import VolumeBusy, VolumeFailed, VolumeForeign
from nvr.base.model import SegmentId, VolumeId
from nvr.store.volume import Volume
from tests.segments import CAMERA, START_US


def test_an_empty_folder_becomes_a_volume(tmp_path: Path) -> None:
    path = tmp_path / "disk" / "footage"

    volume = Volume.open(path, node="one")

    assert json.loads((path / "volume.json").read_text()) == {
        "volume": volume.id,
        "node": "one",
        "format": 1,
    }


def test_it_is_the_same_volume_the_next_time(tmp_path: Path) -> None:
    first = Volume.open(tmp_path, node="one")
    first.close()

    again = Volume.open(tmp_path, node="one", expected=first.id)

    assert again.id == first.id


def test_a_fresh_file_system_is_empty_enough(tmp_path: Path) -> None:
    (tmp_path / "lost+found").mkdir()

    Volume.open(tmp_path, node="one")


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("mine")

    with pytest.raises(VolumeForeign, match="other files"):
        Volume.open(tmp_path, node="one")


def test_the_volume_of_another_node_is_refused(tmp_path: Path) -> None:
    Volume.open(tmp_path, node="one").close()

    with pytest.raises(VolumeForeign, match="'one'"):
        Volume.open(tmp_path, node="two")


def test_an_unmounted_disk_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(VolumeForeign, match="no volume is mounted"):
        Volume.open(tmp_path, node="one", expected=VolumeId("abc"))

    assert list(tmp_path.iterdir()) in ([], [tmp_path / "lock"])


def test_another_disk_in_its_place_is_noticed(tmp_path: Path) -> None:
    Volume.open(tmp_path, node="one").close()

    with pytest.raises(VolumeForeign, match="another volume"):
        Volume.open(tmp_path, node="one", expected=VolumeId("abc"))


@pytest.mark.parametrize("text", ["", "[]", '{"volume": "a"}', "[" * 100_000, "\xff"])
def test_a_damaged_identity_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "volume.json").write_text(text, encoding="latin-1")

    with pytest.raises(VolumeForeign, match="damaged"):
        Volume.open(tmp_path, node="one")


def test_only_one_server_has_it_at_a_time(tmp_path: Path) -> None:
    first = Volume.open(tmp_path, node="one")

    with pytest.raises(VolumeBusy):
        Volume.open(tmp_path, node="one")

    first.close()
    Volume.open(tmp_path, node="one")


def test_a_child_that_inherits_the_lock_keeps_it(tmp_path: Path) -> None:
    first = Volume.open(tmp_path, node="one")
    assert first.lock_fileno is not None
    inherited = os.dup(first.lock_fileno)
    first.close()

    with pytest.raises(VolumeBusy):
        Volume.open(tmp_path, node="one")

    os.close(inherited)


def test_a_reader_attaches_without_the_lock(tmp_path: Path) -> None:
    writer = Volume.open(tmp_path, node="one")

    reader = Volume.attach(tmp_path)

    assert reader.id == writer.id
    assert reader.lock_fileno is None


def test_a_reader_creates_nothing(tmp_path: Path) -> None:
    with pytest.raises(VolumeForeign):
        Volume.attach(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_cannot_be_attached(tmp_path: Path) -> None:
    with pytest.raises(VolumeForeign):
        Volume.attach(tmp_path / "nowhere")


def test_a_file_is_no_volume(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(VolumeFailed):
        Volume.attach(tmp_path / "file")


def test_an_identity_behind_a_link_is_not_followed(tmp_path: Path) -> None:
    Volume.open(tmp_path / "real", node="one").close()
    fake = tmp_path / "fake"
    fake.mkdir()
    (fake / "volume.json").symlink_to(tmp_path / "real" / "volume.json")

    with pytest.raises(VolumeFailed):
        Volume.open(fake, node="one")


def test_it_says_how_much_room_there_is(tmp_path: Path) -> None:
    space = Volume.open(tmp_path, node="one").space()

    assert 0 < space.free_bytes <= space.total_bytes
    assert space.free_inodes > 0


def test_a_file_lies_under_its_camera_and_its_day(tmp_path: Path) -> None:
    volume = Volume.open(tmp_path, node="one")

    path = volume.segment_path(CAMERA, START_US - 1, SegmentId(12))

    assert path == tmp_path / CAMERA / "20270115" / "12.mp4"


@pytest.mark.parametrize("camera", ["", "..", ".hidden", "a/b"])
def test_a_camera_cannot_lead_out_of_the_volume(tmp_path: Path, camera: str) -> None:
    volume = Volume.open(tmp_path, node="one")

    with pytest.raises(ValueError, match="folder"):
        volume.segment_path(type(CAMERA)(camera), START_US, SegmentId(1))


def test_no_link_is_followed_below_the_root(tmp_path: Path) -> None:
    volume = Volume.open(tmp_path / "volume", node="one")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").touch()
    (volume.path / "inside").symlink_to(tmp_path / "outside")

    with pytest.raises(OSError, match="Not a directory"):
        volume.open_file("inside", "secret")
    with pytest.raises(OSError, match="Not a directory"):
        volume.make_folder("inside", "day")


def test_the_lock_is_gone_with_the_process_that_held_it(tmp_path: Path) -> None:
    Volume.open(tmp_path, node="one").close()
    child = os.fork()
    if child == 0:
        Volume.open(tmp_path, node="one")
        os._exit(0)
    os.waitpid(child, 0)

    volume = Volume.open(tmp_path, node="one")

    with (tmp_path / "lock").open() as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    volume.close()
