"""What an earlier process left behind, set right while recording goes on.

Every file that was being written when the process ended is walked, cut after its last
whole fragment and closed; the time up to the next recording becomes a gap with its
cause. Files that the catalogue lost are taken in again. Nothing is deleted.
"""

import logging
from collections.abc import Callable, Mapping

from nvr.base.errors import CatalogueError, NvrError
from nvr.base.model import CameraId, Segment, VolumeId
from nvr.record.recording import Identity
from nvr.store.catalogue import Catalogue
from nvr.store.recovery import recover_file
from nvr.store.volume import Volume

log = logging.getLogger(__name__)


def resume(
    catalogue: Catalogue,
    volumes: Mapping[VolumeId, Volume],
    identity: Identity,
    is_ours: Callable[[CameraId], bool],
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
