"""Segment files by their index: read once, kept while there is room.

Closed files never change, so what was read of them stays true; open ones are read
anew each time.
"""

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from nvr.base.errors import MediaError
from nvr.base.model import CameraId, Gap, Role, Run, Segment, SegmentId, VolumeId
from nvr.media.mp4_read import SegmentIndex, read_index
from nvr.play.cut import Prepared, prepare

_log = logging.getLogger(__name__)

CACHE_BYTES = 64 << 20
"""A day of one camera takes some 50 MB; an hour of twenty the same."""


class Places(Protocol):
    """Of a volume: where its files are."""

    def segment_path(
        self, camera_id: CameraId, start_us: int, segment_id: SegmentId
    ) -> Path: ...


class FootageCatalogue(Protocol):
    """Of the catalogue: what playing asks."""

    def segments(
        self, camera_id: CameraId, role: Role, start_us: int, end_us: int
    ) -> list[Segment]: ...

    def runs(
        self, camera_id: CameraId, role: Role, start_us: int, end_us: int
    ) -> list[Run]: ...

    def gaps(
        self, camera_id: CameraId, role: Role, start_us: int, end_us: int
    ) -> list[Gap]: ...

    def extent(self, camera_id: CameraId, role: Role) -> tuple[int, int] | None: ...


class SegmentFiles:
    """The segment files of all volumes. Methods block for the disk; any thread."""

    def __init__(
        self, volumes: Mapping[VolumeId, Places], *, cache_bytes: int = CACHE_BYTES
    ) -> None:
        self._volumes = volumes
        self._cache_bytes = cache_bytes
        self._used_bytes = 0
        self._known: OrderedDict[SegmentId, Prepared] = OrderedDict()
        self._lock = threading.Lock()

    def path(self, segment: Segment) -> Path:
        """Where the file is. `FileNotFoundError` when its volume is not here."""
        volume = self._volumes.get(segment.volume_id)
        if volume is None:
            raise FileNotFoundError(f"volume {segment.volume_id} is not here")
        return volume.segment_path(segment.camera_id, segment.start_us, segment.id)

    def prepared(self, segment: Segment) -> Prepared | None:
        """The index of a file; None when it cannot be read or has no picture yet."""
        with self._lock:
            known = self._known.get(segment.id)
            if known is not None:
                self._known.move_to_end(segment.id)
                return known
        try:
            found = prepare(read_file_index(self.path(segment)))
        except (OSError, MediaError) as error:
            # Usual while a file has its first fragment still to come, or is deleted.
            _log.info("segment %d cannot be read: %s", segment.id, error)
            return None
        if found.index.is_closed:
            self._keep(segment.id, found)
        return found

    def _keep(self, segment_id: SegmentId, found: Prepared) -> None:
        with self._lock:
            if segment_id in self._known:
                return
            self._known[segment_id] = found
            self._used_bytes += found.size_bytes
            while self._used_bytes > self._cache_bytes:
                _, dropped = self._known.popitem(last=False)
                self._used_bytes -= dropped.size_bytes


def read_file_index(path: Path) -> SegmentIndex:
    """The index of one file as it is now."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size_bytes = os.fstat(file).st_size
        return read_index(
            lambda offset, count: os.pread(file, count, offset), size_bytes
        )
    finally:
        os.close(file)
