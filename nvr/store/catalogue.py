"""The catalogue: what the server knows about cameras, footage and people.

Every method is one transaction, on the disk when the method returns. A `Catalogue`
may be used from any thread; methods block for the database, so an event loop calls
them in a thread. Errors are `NotFound`, `Conflict` or `CatalogueError`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nvr.base.clock import Clock
from nvr.base.model import (
    Camera,
    CameraId,
    Gap,
    Moment,
    Role,
    Run,
    Segment,
    SegmentId,
    StreamAddress,
    VolumeId,
)
from nvr.store import applying, cameras, counters, footage, volumes
from nvr.store.changes import Change
from nvr.store.engine import make_engine, reading, writing
from nvr.store.vault import Vault


class Catalogue:
    """The whole catalogue; the schema must have been upgraded."""

    def __init__(self, url: str, *, clock: Clock, vault: Vault) -> None:
        self._engine = make_engine(url)
        self._clock = clock
        self._vault = vault

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    # Cameras

    def add_camera(
        self,
        *,
        name: str,
        url: str,
        sub_url: str = "",
        username: str = "",
        password: str = "",
    ) -> Camera:
        """A new camera. Raises `Conflict` if one of that name is there."""
        with writing(self._engine) as connection:
            return cameras.add(
                connection,
                self._vault,
                self._now_us(),
                name=name,
                url=url,
                sub_url=sub_url,
                username=username,
                password=password,
            )

    def change_camera(self, camera_id: CameraId, **fields: Any) -> Camera:
        """Other values for `name`, `url`, `sub_url`, `username`, `password`,
        `is_enabled`; what is not named stays."""
        with writing(self._engine) as connection:
            return cameras.change(
                connection, self._vault, self._now_us(), camera_id, fields
            )

    def remove_camera(self, camera_id: CameraId) -> None:
        """The camera is forgotten but not its footage."""
        with writing(self._engine) as connection:
            cameras.remove(connection, self._now_us(), camera_id)

    def cameras(self) -> list[Camera]:
        """All cameras by name."""
        with reading(self._engine) as connection:
            return cameras.every(connection)

    def camera(self, camera_id: CameraId) -> Camera:
        """One camera."""
        with reading(self._engine) as connection:
            return cameras.one(connection, camera_id)

    def stream_address(self, camera_id: CameraId, role: Role) -> StreamAddress:
        """What is needed to connect to a stream, password included."""
        with reading(self._engine) as connection:
            return cameras.stream_address(connection, self._vault, camera_id, role)

    def revision(self) -> int:
        """A number that is another one whenever a camera was changed."""
        with reading(self._engine) as connection:
            return counters.value(connection, "camera_revision")

    # What a recorder needs before it writes, and what it tells

    def begin_epoch(self, moment: Moment, boot_id: str, node: str) -> int:
        """A new start of the server: a number larger than any before."""
        with writing(self._engine) as connection:
            return volumes.begin_epoch(connection, moment, boot_id, node)

    def reserve_segment_ids(self, count: int) -> range:
        """That many ids which nobody else gets, now or later."""
        with writing(self._engine) as connection:
            return volumes.reserve_segment_ids(connection, count)

    def register_volume(self, volume_id: VolumeId, path: Path) -> None:
        """A volume and where it is mounted now."""
        with writing(self._engine) as connection:
            volumes.register(connection, volume_id, path)

    def volumes(self) -> dict[VolumeId, Path]:
        """Each volume that was ever registered, with its last path."""
        with reading(self._engine) as connection:
            return volumes.every(connection)

    def apply(self, changes: Sequence[Change]) -> None:
        """All of the changes or none. Applying them again does no harm."""
        if changes:
            with writing(self._engine) as connection:
                applying.apply(connection, changes)

    # Footage

    def segments(
        self, camera_id: CameraId, role: Role, start_us: int, end_us: int
    ) -> list[Segment]:
        """Files that hold footage of an interval, in order of their start."""
        with reading(self._engine) as connection:
            return footage.segments(connection, camera_id, role, start_us, end_us)

    def segment(self, segment_id: SegmentId) -> Segment:
        """One segment in any state."""
        with reading(self._engine) as connection:
            return footage.one_segment(connection, segment_id)

    def runs(
        self, camera_id: CameraId, role: Role, start_us: int, end_us: int
    ) -> list[Run]:
        """Runs that reach into an interval, whole, in order of their start."""
        with reading(self._engine) as connection:
            return footage.runs(connection, camera_id, role, start_us, end_us)

    def gaps(
        self, camera_id: CameraId, role: Role, start_us: int, end_us: int
    ) -> list[Gap]:
        """Gaps that reach into an interval, whole, in order of their start."""
        with reading(self._engine) as connection:
            return footage.gaps(connection, camera_id, role, start_us, end_us)

    def coverage(
        self, camera_id: CameraId, role: Role, start_us: int, end_us: int
    ) -> list[tuple[int, int]]:
        """The recorded parts of an interval, disjoint and in order."""
        with reading(self._engine) as connection:
            return footage.coverage(connection, camera_id, role, start_us, end_us)

    def extent(self, camera_id: CameraId, role: Role) -> tuple[int, int] | None:
        """First and last instant with footage; None: there is none."""
        with reading(self._engine) as connection:
            return footage.extent(connection, camera_id, role)

    def unfinished_segments(self, before_epoch: int | None = None) -> list[Segment]:
        """Open and suspect segments, if given only those of earlier epochs."""
        with reading(self._engine) as connection:
            return footage.unfinished(connection, before_epoch)

    def _now_us(self) -> int:
        return self._clock.now().wall_us
