"""The only code that removes footage from a disk.

A segment leaves in steps, each of which can be repeated after a crash:

    1. its row says `unlinking`, committed      (it must have been doomed before)
    2. its file is unlinked; a file that is not there is fine
    3. the folder is synced
    4. its row becomes a tombstone, committed

Files are reached from the volume's root folder by folder without following a link,
so nothing outside the volume can be hit. What is not a plain file is left alone and
told in the log; its row stays `unlinking`.
"""

import logging
import os
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import groupby

from nvr.base.model import SECOND_US, CameraId, Segment, SegmentId
from nvr.base.retention import Deletion
from nvr.store.catalogue import Catalogue
from nvr.store.volume import Volume, segment_folder, segment_name, volume_error

log = logging.getLogger(__name__)

DAY_US = 86_400 * SECOND_US


def unlink_doomed(
    catalogue: Catalogue, volume: Volume, ids: Sequence[SegmentId], now_us: int
) -> list[Deletion]:
    """Remove the files of those among `ids` that are doomed; tells which went.

    Raises `VolumeError` or `CatalogueError`; what was begun then is finished by
    `finish_unlinking`. Blocks for the disk.
    """
    return _remove(catalogue, volume, catalogue.begin_unlink(ids), now_us)


def finish_unlinking(
    catalogue: Catalogue, volume: Volume, limit: int, now_us: int
) -> list[Deletion]:
    """Finish what an earlier call began on this volume."""
    begun = [
        each
        for each in catalogue.unlinking_segments(limit)
        if each.volume_id == volume.id
    ]
    return _remove(catalogue, volume, begun, now_us)


def _remove(
    catalogue: Catalogue, volume: Volume, begun: Sequence[Segment], now_us: int
) -> list[Deletion]:
    mine = [each for each in begun if each.volume_id == volume.id]
    gone = []
    for folder, segments in groupby(sorted(mine, key=_place), key=_folder):
        gone += _empty_folder(volume, folder, segments, now_us)
    ids = [each.id for each in gone]
    rules = catalogue.doom_rules(ids)
    catalogue.forget(ids)
    return [Deletion(each, rules.get(each.id, ""), now_us) for each in gone]


def _empty_folder(
    volume: Volume, folder: tuple[str, str], segments: Iterable[Segment], now_us: int
) -> list[Segment]:
    try:
        folder_fd = volume.open_folder(*folder)
    except FileNotFoundError:
        return list(segments)
    except NotADirectoryError:
        log.error("%s/%s is not a folder; left alone", volume.path, "/".join(folder))
        return []
    except OSError as error:
        raise volume_error(error, volume.path) from error
    try:
        gone = [it for it in segments if _unlink(volume, folder_fd, it)]
        os.fsync(folder_fd)
    except OSError as error:
        raise volume_error(error, volume.path) from error
    finally:
        os.close(folder_fd)
    _remove_old_folder(volume, folder, now_us)
    return gone


def _unlink(volume: Volume, folder_fd: int, segment: Segment) -> bool:
    name = segment_name(segment.id)
    try:
        found = os.stat(name, dir_fd=folder_fd, follow_symlinks=False)
        if not stat.S_ISREG(found.st_mode):
            path = volume.path.joinpath(*_folder(segment), name)
            log.error("%s is not a file of ours; left alone", path)
            return False
        os.unlink(name, dir_fd=folder_fd)
    except FileNotFoundError:
        pass  # gone already: by a crash of ours after the unlink, or by hand
    return True


def _remove_old_folder(volume: Volume, folder: tuple[str, str], now_us: int) -> None:
    """A day's folder goes with its last file, unless a recorder may need it yet."""
    if folder >= segment_folder(CameraId(folder[0]), now_us - DAY_US):
        return
    camera, day = folder
    # Not empty yet is the usual case; a folder left over does no harm.
    with suppress(OSError):
        camera_fd = volume.open_folder(camera)
        try:
            os.rmdir(day, dir_fd=camera_fd)
        finally:
            os.close(camera_fd)


def _place(segment: Segment) -> tuple[tuple[str, str], int]:
    return _folder(segment), segment.id


def _folder(segment: Segment) -> tuple[str, str]:
    return segment_folder(segment.camera_id, segment.start_us)
