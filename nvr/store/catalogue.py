"""The catalogue: what the server knows about cameras, footage and people.

Every method is one transaction, on the disk when the method returns. A `Catalogue`
may be used from any thread; methods block for the database, so an event loop calls
them in a thread. Errors are `NotFound`, `Conflict` or `CatalogueError`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

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
from nvr.store import (
    amending,
    applying,
    cameras,
    counters,
    deletion,
    footage,
    volumes,
)
from nvr.store.changes import Change
from nvr.store.deletion import Usage
from nvr.store.gap_sums import gaps_by_cause
from nvr.store.people import PeopleCatalogue
from nvr.store.retention import RetentionCatalogue
from nvr.store.told import Told, told

PAGE_ROWS = 5_000
"""Rows of a volume read at a time."""


class Catalogue(PeopleCatalogue, RetentionCatalogue):
    """The whole catalogue. `nvr.store.schema.upgrade` must have been called before."""

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
        return self._write(
            cameras.add,
            self._vault,
            self._now_us(),
            name=name,
            url=url,
            sub_url=sub_url,
            username=username,
            password=password,
        )

    def change_camera(self, camera_id: CameraId, **fields: Any) -> Camera:
        """Other values for `name`, `url`, `sub_url`, `username`, `password` or
        `is_enabled`; what is not named stays."""
        return self._write(
            cameras.change, self._vault, self._now_us(), camera_id, fields
        )

    def remove_camera(self, camera_id: CameraId) -> None:
        """The camera is no longer listed or recorded; its footage stays."""
        self._write(cameras.remove, self._now_us(), camera_id)

    def cameras(self) -> list[Camera]:
        """All cameras by name."""
        return self._read(cameras.every)

    def camera(self, camera_id: CameraId) -> Camera:
        """One camera."""
        return self._read(cameras.one, camera_id)

    def stream_address(self, camera_id: CameraId, role: Role) -> StreamAddress:
        """What is needed to connect to a stream, password included."""
        return self._read(cameras.stream_address, self._vault, camera_id, role)

    def revision(self) -> int:
        """A number that is another one whenever a camera was changed."""
        return self._read(counters.value, "camera_revision")

    # What a recorder needs before it writes, and what it tells

    def begin_epoch(self, moment: Moment, boot_id: str, node: str) -> int:
        """A new start of the server: a number larger than any before."""
        return self._write(volumes.begin_epoch, moment, boot_id, node)

    def reserve_segment_ids(self, count: int) -> range:
        """That many ids which nobody else gets, now or later."""
        return self._write(volumes.reserve_segment_ids, count)

    def register_volume(self, volume_id: VolumeId, path: Path) -> None:
        """A volume and where it is mounted now."""
        self._write(volumes.register, volume_id, path)

    def volumes(self) -> dict[VolumeId, Path]:
        """Each volume that was ever registered, with its last path."""
        return self._read(volumes.every)

    def apply(self, changes: Sequence[Change]) -> None:
        """All of the changes or none. Applying them again does no harm."""
        if changes:
            self._write(applying.apply, changes)

    # What recovery finds out

    def unfinished_segments(self, before_epoch: int | None = None) -> list[Segment]:
        """Open and suspect segments; with an epoch only those of earlier ones."""
        return self._read(footage.unfinished, before_epoch)

    def segments_on(self, volume_id: VolumeId) -> Iterator[Segment]:
        """Every segment of a volume, whatever its state, a page at a time."""
        after = -1
        while page := self._read(footage.on_volume, volume_id, after, PAGE_ROWS):
            yield from page
            after = page[-1].id

    def recovered(
        self,
        segment_id: SegmentId,
        end_us: int,
        size_bytes: int,
        digest: bytes | None,
    ) -> None:
        """An open or suspect file was closed at `end_us`, and its run with it if it
        was the last. Without a digest the file is lost, as by `lost`."""
        if digest is None:
            self.lost(segment_id)
        else:
            self._write(amending.recovered, segment_id, end_us, size_bytes, digest)

    def lost(self, segment_id: SegmentId) -> None:
        """A file is gone or holds nothing: its time becomes a gap."""
        self._write(amending.lost, segment_id)

    def adopt(self, segment: Segment) -> None:
        """A closed file without a row gets one; known ids are passed over."""
        self._write(amending.adopt, segment)

    # Footage

    def segments(
        self, camera_id: CameraId, role: Role, start_us: int, end_us: int
    ) -> list[Segment]:
        """Files that hold footage of an interval, in order of their start."""
        return self._read(footage.segments, camera_id, role, start_us, end_us)

    def segment(self, segment_id: SegmentId) -> Segment:
        """One segment in any state."""
        return self._read(footage.one_segment, segment_id)

    def runs(
        self, camera_id: CameraId, role: Role, start_us: int, end_us: int
    ) -> list[Run]:
        """Runs that reach into an interval, whole, in order of their start.

        Where the clock was set back, two may tell of the same wall time.
        """
        return self._read(footage.runs, camera_id, role, start_us, end_us)

    def gaps(
        self, camera_id: CameraId, role: Role, start_us: int, end_us: int
    ) -> list[Gap]:
        """Gaps that reach into an interval, whole, in order of their start."""
        return self._read(footage.gaps, camera_id, role, start_us, end_us)

    def coverage(
        self, camera_id: CameraId, role: Role, start_us: int, end_us: int
    ) -> list[tuple[int, int]]:
        """The recorded parts of an interval, disjoint and in order."""
        return self._read(footage.coverage, camera_id, role, start_us, end_us)

    def extent(self, camera_id: CameraId, role: Role) -> tuple[int, int] | None:
        """First and last instant with footage; None: there is none."""
        return self._read(footage.extent, camera_id, role)

    def told(self, camera_id: CameraId, role: Role, start_us: int, end_us: int) -> Told:
        """All that is known of an interval, as it was at one time."""
        return self._read(told, camera_id, role, start_us, end_us)

    def gaps_by_cause(
        self, start_us: int, end_us: int
    ) -> dict[tuple[CameraId, Role, str], int]:
        """Microseconds of an interval in gaps, by stream and cause."""
        return self._read(gaps_by_cause, start_us, end_us)

    # Deletion, in the order of its steps

    def footage_usage(self) -> list[Usage]:
        """The space footage takes, for each camera and volume."""
        return self._read(deletion.usage)

    def oldest_segments(
        self,
        camera_id: CameraId | None = None,
        volume_id: VolumeId | None = None,
        *,
        limit: int,
        before_us: int | None = None,
    ) -> list[Segment]:
        """The first closed segments by id; if asked, only those that ended before."""
        return self._read(deletion.oldest, camera_id, volume_id, limit, before_us)

    def doom(self, ids: Sequence[SegmentId], rule: str, now_us: int) -> list[Segment]:
        """Mark for deletion what is closed among these; tells which that were."""
        return self._write(deletion.mark, ids, rule, now_us)

    def spare(self, ids: Sequence[SegmentId]) -> list[Segment]:
        """Take a doom back where the file is still there; tells where."""
        return self._write(deletion.spare, ids)

    def doomed(self, before_us: int, limit: int) -> list[Segment]:
        """Segments doomed up to then, by id."""
        return self._read(deletion.doomed, before_us, limit)

    def begin_unlink(self, ids: Sequence[SegmentId]) -> list[Segment]:
        """From now on the files of these may be removed; tells which were doomed."""
        return self._write(deletion.begin_unlink, ids)

    def unlinking_segments(self, limit: int) -> list[Segment]:
        """Segments whose removal began and was never finished, by id."""
        return self._read(deletion.unlinking, limit)

    def forget(self, ids: Sequence[SegmentId]) -> None:
        """The files of these are gone: tombstones remain."""
        self._write(deletion.forget, ids, self._now_us())
