"""One reading of everything that retention decides on: rows, room, names.

Blocks for the database; nothing is changed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from nvr.base.model import CameraId, Segment, SegmentId, VolumeId
from nvr.base.retention import FootageUsage, FootageView, VolumeState
from nvr.keep.room import volume_state
from nvr.store.catalogue import Catalogue
from nvr.store.retention import KeptUsage
from nvr.store.volume import Space

PAGE_SEGMENTS = 500
MOST_PAGES = 400
"""One question goes through at most 200,000 segments."""


@dataclass(frozen=True, slots=True)
class VolumeSpace:
    """A volume that told its room just now, and its configured reserve."""

    id: VolumeId
    name: str
    space: Space
    reserve_bytes: int


@dataclass(frozen=True, slots=True)
class FootageCount:
    """What the catalogue adds up. Going through all rows takes its time."""

    usages: tuple[KeptUsage, ...]
    rates: dict[VolumeId, int]  # bytes per second written lately
    cameras: dict[CameraId, str]

    @property
    def total_bytes(self) -> int:
        return sum(u.kept_bytes + u.doomed_bytes for u in self.usages)

    @property
    def bytes_per_second(self) -> int:
        return sum(self.rates.values())

    @property
    def newest_us(self) -> int:
        """The latest recorded time; 0: nothing is recorded."""
        return max((u.newest_us for u in self.usages), default=0)

    def after(
        self, doomed: Iterable[Segment] = (), deleted: Iterable[Segment] = ()
    ) -> "FootageCount":
        """The same after these were doomed or deleted, without counting again."""
        gone: Counter[tuple[CameraId, VolumeId]] = Counter()
        going: Counter[tuple[CameraId, VolumeId]] = Counter()
        for segment in doomed:
            going[segment.camera_id, segment.volume_id] += segment.size_bytes
        for segment in deleted:
            gone[segment.camera_id, segment.volume_id] += segment.size_bytes
        return replace(
            self,
            usages=tuple(
                _moved(
                    u, going[u.camera_id, u.volume_id], gone[u.camera_id, u.volume_id]
                )
                for u in self.usages
            ),
        )


def _moved(usage: KeptUsage, going_bytes: int, gone_bytes: int) -> KeptUsage:
    return replace(
        usage,
        kept_bytes=max(0, usage.kept_bytes - going_bytes),
        doomed_bytes=max(0, usage.doomed_bytes + going_bytes - gone_bytes),
    )


def count(catalogue: Catalogue, now_us: int) -> FootageCount:
    """Add everything up."""
    return FootageCount(
        usages=tuple(catalogue.kept_usage()),
        rates={
            volume_id: catalogue.bytes_per_second(volume_id, now_us)
            for volume_id in catalogue.volumes()
        },
        cameras={camera.id: camera.name for camera in catalogue.cameras()},
    )


def room(counted: FootageCount, spaces: Sequence[VolumeSpace]) -> list[VolumeState]:
    """How each volume stands."""
    kept: Counter[VolumeId] = Counter()
    doomed: Counter[VolumeId] = Counter()
    for usage in counted.usages:
        kept[usage.volume_id] += usage.kept_bytes
        doomed[usage.volume_id] += usage.doomed_bytes
    return [
        volume_state(
            it.id,
            name=it.name,
            space=it.space,
            reserve_bytes=it.reserve_bytes,
            kept_bytes=kept[it.id],
            doomed_bytes=doomed[it.id],
            bytes_per_second=counted.rates.get(it.id, 0),
        )
        for it in spaces
    ]


def view(
    catalogue: Catalogue, counted: FootageCount, volumes: Sequence[VolumeState]
) -> FootageView:
    """What plugins may see of it."""
    return FootageView(
        cameras=counted.cameras,
        usages=tuple(
            FootageUsage(
                u.camera_id, u.volume_id, u.kept_bytes, u.oldest_us, u.newest_us
            )
            for u in counted.usages
            if u.oldest_us is not None
        ),
        volumes=tuple(volumes),
        pages=lambda *question: _pages(catalogue, *question),
    )


def _pages(
    catalogue: Catalogue,
    camera_id: CameraId | None,
    volume_id: VolumeId | None,
    before_us: int | None,
) -> Iterator[Sequence[Segment]]:
    if before_us is not None:
        yield from _pages_by_time(catalogue, camera_id, volume_id, before_us)
        return
    after_id = -1
    for _ in range(MOST_PAGES):
        page = catalogue.closed_segments(
            camera_id, volume_id, after_id=after_id, limit=PAGE_SEGMENTS
        )
        if page:
            yield page
        if len(page) < PAGE_SEGMENTS:
            return
        after_id = page[-1].id


def _pages_by_time(
    catalogue: Catalogue,
    camera_id: CameraId | None,
    volume_id: VolumeId | None,
    before_us: int,
) -> Iterator[Sequence[Segment]]:
    # Ids need not follow time, so there is no place to go on from. Asking again for
    # ten times as many costs a ninth more than asking once.
    seen: set[SegmentId] = set()
    for limit in (PAGE_SEGMENTS, 10 * PAGE_SEGMENTS, 100 * PAGE_SEGMENTS):
        found = catalogue.oldest_segments(
            camera_id, volume_id, limit=limit, before_us=before_us
        )
        fresh = [each for each in found if each.id not in seen]
        if fresh:
            yield fresh
        if len(found) < limit:
            return
        seen.update(each.id for each in found)
