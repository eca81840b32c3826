"""What an earlier process left behind, set right while recording goes on.

Every file that was being written when the process ended is walked, cut after its last
whole fragment and closed; the time up to the next recording becomes a gap with its
cause. Files that the catalogue lost are taken in again. Nothing is deleted.
"""

import contextlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from nvr.base.errors import CatalogueError, NvrError, VolumeBusy
from nvr.base.model import (
    SECOND_US,
    CameraId,
    Segment,
    SegmentId,
    SegmentState,
    VolumeId,
)
from nvr.media.segment_layout import Description
from nvr.record.recording import Identity
from nvr.store.catalogue import Catalogue
from nvr.store.recovery import Recovered, recover_file
from nvr.store.volume import Volume, segment_folder

log = logging.getLogger(__name__)

DAY_US = 86_400 * SECOND_US


def resume(
    catalogue: Catalogue,
    volumes: Mapping[VolumeId, Volume],
    identity: Identity,
    is_ours: Callable[[CameraId], bool],
    today_us: int,
) -> int:
    """Finish what earlier epochs left open; the number of files. Blocks."""
    try:
        unfinished = catalogue.unfinished_segments(identity.epoch)
    except CatalogueError as error:
        log.error("recovery must wait for the next start: %s", error)
        return 0
    done = 0
    for segment in unfinished:
        if not is_ours(segment.camera_id):
            continue
        volume = volumes.get(segment.volume_id)
        if volume is None:
            log.error("segment %d: its volume is not here", segment.id)
            continue
        try:
            _finish(catalogue, volume, segment)
            done += 1
        except (NvrError, OSError) as error:
            log.error("segment %d cannot be recovered: %s", segment.id, error)
    if done:
        log.info("%d files of an earlier run were closed", done)
    for volume in volumes.values():
        _adopt_strays(catalogue, volume, is_ours, today_us)
    return done


def _finish(catalogue: Catalogue, volume: Volume, segment: Segment) -> None:
    path = volume.segment_path(segment.camera_id, segment.start_us, segment.id)
    try:
        found = recover_file(path)
    except FileNotFoundError:
        # Its row was committed, but the process died before the file was made.
        catalogue.lost(segment.id)
        return
    for number in found.damaged:
        log.error("%s: fragment %d is damaged", path, number)
    catalogue.recovered(segment.id, found.end_us, found.size_bytes, found.digest)


def _adopt_strays(
    catalogue: Catalogue,
    volume: Volume,
    is_ours: Callable[[CameraId], bool],
    today_us: int,
) -> None:
    """Take in files of today and yesterday that have no row: the process died before
    it was committed. Older ones are for `nvr check` to report."""
    for camera in volume.entries():
        camera_id = CameraId(camera.name)
        if not camera.is_dir(follow_symlinks=False) or not is_ours(camera_id):
            continue
        for day_us in (today_us - DAY_US, today_us):
            try:
                folder = segment_folder(camera_id, day_us)
                names = [entry.name for entry in volume.entries(*folder)]
            except (OSError, ValueError):
                continue
            for name in names:
                _adopt_stray(catalogue, volume, volume.path.joinpath(*folder, name))


def _adopt_stray(catalogue: Catalogue, volume: Volume, path: Path) -> None:
    if not path.stem.isdigit():
        return
    with contextlib.suppress(CatalogueError):
        catalogue.segment(SegmentId(int(path.stem)))
        return
    try:
        found = recover_file(path)
    except VolumeBusy:
        return  # it is being written at this moment
    except (NvrError, OSError) as error:
        log.error("%s has no row and cannot be taken in: %s", path, error)
        return
    if found.description is None or found.digest is None:
        return
    try:
        catalogue.adopt(_row(found.description, volume.id, found, found.digest))
    except CatalogueError as error:
        log.error("%s has no row and cannot be taken in: %s", path, error)
    else:
        log.info("%s had no row and was taken in", path)


def _row(
    it: Description, volume_id: VolumeId, found: Recovered, digest: bytes
) -> Segment:
    return Segment(
        id=it.segment_id,
        camera_id=it.camera_id,
        role=it.role,
        run_id=it.run_id,
        volume_id=volume_id,
        epoch=it.epoch,
        state=SegmentState.CLOSED,
        start_us=it.start.wall_us,
        end_us=found.end_us,
        size_bytes=found.size_bytes,
        digest=digest,
    )
