"""A deletion may die at any step: the next start finishes it and nothing else."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nvr.base.errors import CatalogueError, VolumeFailed
from nvr.base.model import Segment, SegmentState
from nvr.store import unlinking
from nvr.store.catalogue import Catalogue
from nvr.store.unlinking import finish_unlinking, unlink_doomed
from tests.keep.archive import DAY_US, Archive, ids


class Died(Exception):
    """The process ends here."""


def doomed(archive: Archive, count: int = 3) -> list[Segment]:
    gate = archive.camera("gate")
    made = archive.record(gate, count, start_us=archive.now_us - 31 * DAY_US)
    archive.catalogue.doom([it.id for it in made], "age", archive.now_us)
    return made


def unlink(archive: Archive, segments: list[Segment]) -> int:
    numbers = [it.id for it in segments]
    volume = archive.volumes[0]
    return len(unlink_doomed(archive.catalogue, volume, numbers, archive.now_us))


def finish(archive: Archive) -> int:
    volume = archive.volumes[0]
    return len(finish_unlinking(archive.catalogue, volume, 100, archive.now_us))


def test_a_doomed_segment_loses_its_file_and_leaves_a_tombstone(
    archive: Archive,
) -> None:
    made = doomed(archive)

    assert unlink(archive, made) == 3

    assert archive.files() == set()
    assert archive.rows(*SegmentState) == set()


def test_what_is_not_doomed_stays(archive: Archive) -> None:
    made = doomed(archive)
    archive.catalogue.spare([made[0].id])

    assert unlink(archive, made) == 2

    assert archive.files() == archive.kept == {made[0].id}


def test_a_file_that_is_gone_already_is_fine(archive: Archive) -> None:
    made = doomed(archive)
    archive.path(made[0]).unlink()

    assert unlink(archive, made) == 3

    assert archive.rows(*SegmentState) == set()


def test_a_folder_that_is_gone_already_is_fine(archive: Archive) -> None:
    made = doomed(archive)
    for it in made:
        archive.path(it).unlink()
    archive.path(made[0]).parent.rmdir()

    assert unlink(archive, made) == 3


STEPS = {
    "before the rows say so": (Catalogue, "begin_unlink", "before"),
    "after the rows said so": (Catalogue, "begin_unlink", "after"),
    "before a file goes": (os, "unlink", "before"),
    "after a file went": (os, "unlink", "after"),
    "before the folder is synced": (os, "fsync", "before"),
    "after the folder was synced": (os, "fsync", "after"),
    "before the rows go": (Catalogue, "forget", "before"),
    "after the rows went": (Catalogue, "forget", "after"),
}


@pytest.mark.parametrize("step", STEPS)
def test_an_error_at_any_step_is_made_good_by_the_next_run(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    made = doomed(archive)
    kept = archive.record(
        archive.camera("yard"), 2, start_us=archive.now_us - 31 * DAY_US
    )
    owner, name, when = STEPS[step]
    original = getattr(owner, name)

    def die(*args: object, **options: object) -> object:
        if when == "after":
            original(*args, **options)
        raise Died

    with monkeypatch.context() as patch, pytest.raises(Died):
        patch.setattr(owner, name, die)
        unlink(archive, made)

    finish(archive)
    unlink(archive, made)

    assert archive.files() == archive.kept == ids(kept)
    assert archive.rows(*SegmentState) == ids(kept)


def test_no_row_goes_before_its_file_is_gone_for_good(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = doomed(archive)
    order: list[str] = []
    for owner, name in ((os, "unlink"), (os, "fsync"), (Catalogue, "forget")):
        original = getattr(owner, name)

        def note(
            *args: object, _original=original, _name=name, **options: object
        ) -> object:
            order.append(_name)
            return _original(*args, **options)

        monkeypatch.setattr(owner, name, note)

    unlink(archive, made)

    assert order == ["unlink", "unlink", "unlink", "fsync", "forget"]


def test_a_disk_error_leaves_the_rows_until_the_disk_is_well(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = doomed(archive)

    def fail(fd: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch, pytest.raises(VolumeFailed, match="Input"):
        patch.setattr(unlinking.os, "fsync", fail)
        unlink(archive, made)
    assert archive.rows(SegmentState.UNLINKING) == ids(made)

    assert finish(archive) == 3


def test_a_catalogue_that_is_away_leaves_the_rows(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = doomed(archive)

    def fail(*args: object) -> None:
        raise CatalogueError("away")

    with monkeypatch.context() as patch, pytest.raises(CatalogueError):
        patch.setattr(Catalogue, "forget", fail)
        unlink(archive, made)

    assert finish(archive) == 3
    assert finish(archive) == 0


def test_a_link_in_place_of_a_file_is_not_followed_or_removed(
    archive: Archive, tmp_path: Path
) -> None:
    made = doomed(archive)
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    archive.path(made[0]).unlink()
    archive.path(made[0]).symlink_to(precious)

    assert unlink(archive, made) == 2

    assert precious.read_text() == "keep me"
    assert archive.path(made[0]).is_symlink()


def test_a_link_in_place_of_a_folder_is_not_followed(
    archive: Archive, tmp_path: Path
) -> None:
    made = doomed(archive)
    day = archive.path(made[0]).parent
    outside = tmp_path / "outside"
    day.rename(outside)
    day.symlink_to(outside)

    assert unlink(archive, made) == 0

    assert len(list(outside.iterdir())) == 3


def test_a_link_in_place_of_a_camera_is_not_followed(
    archive: Archive, tmp_path: Path
) -> None:
    made = doomed(archive)
    camera = archive.path(made[0]).parent.parent
    outside = tmp_path / "outside"
    camera.rename(outside)
    camera.symlink_to(outside)

    assert unlink(archive, made) == 0

    assert len(list(outside.glob("*/*.mp4"))) == 3


def test_the_folder_of_today_stays_for_the_recorder(archive: Archive) -> None:
    gate = archive.camera("gate")
    made = archive.record(gate, 1, start_us=archive.now_us)
    archive.catalogue.doom([made[0].id], "size", archive.now_us)

    unlink(archive, made)

    assert archive.path(made[0]).parent.is_dir()


def test_two_deleters_do_not_disturb_each_other(archive: Archive) -> None:
    made = doomed(archive, 40)
    script = _CHILD.format(kill="None", when="")
    children = [_child(archive, script, made) for _ in range(2)]

    codes = [child.wait(30) for child in children]

    assert codes == [0, 0]
    finish(archive)
    assert archive.files() == archive.rows(*SegmentState) == set()


_CHILD = """
import os, signal, sys
from pathlib import Path
from nvr.base.model import SegmentId
from nvr.store.catalogue import Catalogue
from nvr.store.unlinking import unlink_doomed
from nvr.store.vault import Vault
from nvr.store.volume import Volume
from tests.fakes import FakeClock

folder, ids = Path(sys.argv[1]), [SegmentId(int(id)) for id in sys.argv[2].split(",")]
calls = 0

def dying(original, last):
    def call(*args, **options):
        global calls
        calls += 1
        if {when!r} == "before" and calls == last:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **options)
        if calls == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return call

kill = {kill}
if kill is not None:
    owner, name, last = kill
    setattr(owner, name, dying(getattr(owner, name), last))
clock = FakeClock()
catalogue = Catalogue(
    f"sqlite:///{{folder / 'catalogue.db'}}",
    clock=clock,
    vault=Vault.open_file(folder / "secret.key"),
)
unlink_doomed(catalogue, Volume.attach(folder / "disk"), ids, clock.now().wall_us)
"""


def _child(
    archive: Archive, script: str, segments: list[Segment]
) -> "subprocess.Popen[bytes]":
    numbers = ",".join(str(it.id) for it in segments)
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", script, str(archive.folder), numbers],
        env={**os.environ, "PYTHONPATH": str(root)},
    )


@pytest.mark.parametrize(
    ("kill", "when"),
    [
        ("(Catalogue, 'begin_unlink', 1)", "after"),
        ("(os, 'unlink', 2)", "after"),
        ("(os, 'fsync', 1)", "before"),
        ("(Catalogue, 'forget', 1)", "before"),
        ("(Catalogue, 'forget', 1)", "after"),
    ],
)
def test_a_killed_deleter_leaves_nothing_that_the_next_does_not_finish(
    archive: Archive, kill: str, when: str
) -> None:
    made = doomed(archive)
    kept = archive.record(
        archive.camera("yard"), 2, start_us=archive.now_us - 31 * DAY_US
    )

    child = _child(archive, _CHILD.format(kill=kill, when=when), made)

    assert child.wait(30) == -signal.SIGKILL
    finish(archive)
    unlink(archive, made)
    assert archive.files() == archive.kept == ids(kept)
    assert archive.rows(*SegmentState) == ids(kept)
