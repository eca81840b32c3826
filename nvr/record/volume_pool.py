"""Which volume a new segment goes to.

Cameras are spread over the volumes by how much room each has; a volume that failed or
is all but full takes no new segments until it has been well for a while.
"""

import asyncio
import logging
from dataclasses import dataclass

from nvr.base.clock import Clock
from nvr.base.errors import VolumeError
from nvr.base.model import SECOND_US, CameraId, VolumeId
from nvr.store.volume import Volume
from nvr.store.volume_writer import VolumeWriter

log = logging.getLogger(__name__)

LEAST_FREE_BYTES = 256 << 20
"""Below this a volume takes no new segments; the keeper makes room long before."""
LEAST_FREE_INODES = 1000
LOOK_SECONDS = 5.0
QUARANTINE_US = 60 * SECOND_US


@dataclass(slots=True)
class _Member:
    writer: VolumeWriter
    free_bytes: int = 0
    trouble: str = ""
    until_us: int = 0


class VolumePool:
    """The volumes of one recorder process."""

    def __init__(self, writers: list[VolumeWriter], *, clock: Clock) -> None:
        self._members = {writer.volume.id: _Member(writer) for writer in writers}
        self._homes: dict[CameraId, VolumeId] = {}
        self._clock = clock

    @property
    def volumes(self) -> list[Volume]:
        return [member.writer.volume for member in self._members.values()]

    def hand_over(self) -> None:
        """Let the writers begin with what they were given."""
        for member in self._members.values():
            if member.writer.queued_bytes:
                member.writer.hand_over()

    def choose(self, camera_id: CameraId) -> tuple[VolumeId, VolumeWriter] | None:
        """The volume for this camera's next segment; None while none can take it.

        A camera stays where it is as long as it can, so that one file system holds
        its consecutive footage.
        """
        home = self._homes.get(camera_id)
        if home is None or not self._is_well(self._members[home]):
            well = [v for v, m in self._members.items() if self._is_well(m)]
            if not well:
                return None
            home = max(well, key=lambda v: (self._share(v), v))
            self._homes[camera_id] = home
        return home, self._members[home].writer

    def forget(self, camera_id: CameraId) -> None:
        self._homes.pop(camera_id, None)

    def failed(self, volume_id: VolumeId, error: VolumeError) -> None:
        """A write or sync failed: leave the volume alone for a while."""
        member = self._members[volume_id]
        member.trouble = str(error)
        member.until_us = self._clock.now().mono_us + QUARANTINE_US
        log.error("volume %s is not used for a minute: %s", error.path, error)

    async def watch(self) -> None:
        """Look at the space of every volume, for ever."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """One look at every volume; an unknown answer counts as no room."""
        for member in self._members.values():
            volume = member.writer.volume
            try:
                space = await asyncio.to_thread(volume.space)
            except VolumeError as error:
                self._note(member, 0, str(error))
                continue
            if space.free_inodes < LEAST_FREE_INODES:
                self._note(member, 0, "the volume has no inodes left")
            elif space.free_bytes < LEAST_FREE_BYTES:
                self._note(member, 0, "the volume is full")
            else:
                self._note(member, space.free_bytes, "")

    def _note(self, member: _Member, free_bytes: int, trouble: str) -> None:
        if trouble and member.free_bytes:
            log.error(
                "volume %s takes no footage: %s", member.writer.volume.path, trouble
            )
        member.free_bytes = free_bytes

    def _is_well(self, member: _Member) -> bool:
        return member.free_bytes > 0 and self._clock.now().mono_us >= member.until_us

    def _share(self, volume_id: VolumeId) -> float:
        """Free bytes for each camera that lives there, with one more."""
        cameras = sum(1 for home in self._homes.values() if home == volume_id)
        return self._members[volume_id].free_bytes / (cameras + 1)
