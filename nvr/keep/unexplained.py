"""Finds out whether the catalogue knows what lies on a volume.

A lost or foreign catalogue has no rows for the footage on the disk. Whoever makes room
by such a catalogue deletes the little it knows, which is the newest, and keeps what
nobody can find. So nothing is deleted until nearly all folders are explained.
"""

import os
import re
from collections.abc import Iterator, Sequence

from nvr.base.model import SECOND_US
from nvr.store.retention import KeptUsage
from nvr.store.volume import SUFFIX, Volume, segment_folder

_CAMERA = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DAY = re.compile(r"\d{8}")
LARGEST_SHARE = 0.25
"""A few forgotten folders are no reason to let a disk fill up."""
FRESH_US = 3600 * SECOND_US
"""A recorder's first rows may lag behind its first files, but not by an hour."""


def unexplained_share(
    volume: Volume, usages: Sequence[KeptUsage], now_us: int
) -> tuple[int, int]:
    """How many day folders with footage have no rows, and how many there are.

    Blocks for the disk: lists every camera's folder and peeks into its days.
    """
    first_days: dict[str, str] = {
        u.camera_id: segment_folder(u.camera_id, u.first_us)[1]
        for u in usages
        if u.volume_id == volume.id
    }
    unexplained = total = 0
    for camera, day, oldest_us in _folders_with_footage(volume):
        first_day = first_days.get(camera)
        total += 1
        if first_day is None:
            unexplained += oldest_us < now_us - FRESH_US
        else:
            unexplained += day < first_day
    return unexplained, total


def has_lost_rows(volume: Volume, usages: Sequence[KeptUsage], now_us: int) -> bool:
    """Whether the catalogue does not know a good part of the volume's footage."""
    unexplained, total = unexplained_share(volume, usages, now_us)
    return unexplained > total * LARGEST_SHARE


def _folders_with_footage(volume: Volume) -> Iterator[tuple[str, str, int]]:
    for camera in volume.entries():
        if not (_CAMERA.fullmatch(camera.name) and _is_folder(camera)):
            continue
        for day in volume.entries(camera.name):
            if not (_DAY.fullmatch(day.name) and _is_folder(day)):
                continue
            oldest_us = _oldest_file_us(volume, camera.name, day.name)
            if oldest_us is not None:
                yield camera.name, day.name, oldest_us


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _oldest_file_us(volume: Volume, camera: str, day: str) -> int | None:
    """When any file of the day was last written; None: there is none."""
    for entry in volume.entries(camera, day):
        if entry.name.endswith(SUFFIX):
            return entry.stat(follow_symlinks=False).st_mtime_ns // 1000
    return None
