"""The volumes of this server, for reading, as the catalogue tells of them."""

import logging
import threading
from collections.abc import Iterator, Mapping

from nvr.base.clock import Clock
from nvr.base.errors import VolumeError
from nvr.base.model import SECOND_US, VolumeId
from nvr.store.catalogue import Catalogue
from nvr.store.volume import Volume

RETRY_US = 10 * SECOND_US
"""How soon a volume that was not there is looked for again."""

_log = logging.getLogger(__name__)


class AttachedVolumes(Mapping[VolumeId, Volume]):
    """Attaches a volume when it is first asked for. Blocks; for any thread.

    What lies at the path must be the very volume that the catalogue means: a disk that
    is not mounted leaves an empty folder, which is nobody's footage.
    """

    def __init__(self, *, catalogue: Catalogue, clock: Clock) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._known: dict[VolumeId, Volume] = {}
        self._missed: dict[VolumeId, int] = {}
        self._lock = threading.Lock()

    def __getitem__(self, volume_id: VolumeId) -> Volume:
        with self._lock:
            known = self._known.get(volume_id) or self._attach(volume_id)
            if known is None:
                raise KeyError(volume_id)
            return known

    def __iter__(self) -> Iterator[VolumeId]:
        return iter(self._catalogue.volumes())

    def __len__(self) -> int:
        return len(self._catalogue.volumes())

    def close(self) -> None:
        """Let go of all of them."""
        with self._lock:
            for volume in self._known.values():
                volume.close()
            self._known.clear()

    def _attach(self, volume_id: VolumeId) -> Volume | None:
        now_us = self._clock.now().mono_us
        if now_us - self._missed.get(volume_id, -RETRY_US) < RETRY_US:
            return None
        path = self._catalogue.volumes().get(volume_id)
        try:
            volume = Volume.attach(path) if path is not None else None
        except VolumeError as error:
            _log.warning("volume %s cannot be read: %s", volume_id, error)
            volume = None
        if volume is not None and volume.id != volume_id:
            _log.warning("%s is not the volume %s any more", path, volume_id)
            volume.close()
            volume = None
        if volume is None:
            self._missed[volume_id] = now_us
            return None
        self._known[volume_id] = volume
        return volume
