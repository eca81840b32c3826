"""What retention plugins see of the footage, and what they answer.

A plugin sees values only, never the store: it can propose and object, not delete.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from nvr.base.model import CameraId, Segment, VolumeId

LOOKAHEAD_SECONDS = 600
"""Room is made for this long ahead, so that a disk is never met full."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FootageUsage:
    """What one camera has on one volume. What is doomed already is not counted."""

    camera_id: CameraId
    volume_id: VolumeId
    size_bytes: int
    oldest_us: int
    newest_us: int


@dataclass(frozen=True, slots=True)
class VolumeState:
    """The room on one volume. `doomed_bytes` will be freed as soon as it is needed."""

    id: VolumeId
    name: str  # for people
    free_bytes: int
    doomed_bytes: int
    reserve_bytes: int  # is to stay free at all times
    lookahead_bytes: int  # will be written within `LOOKAHEAD_SECONDS`

    @property
    def is_short(self) -> bool:
        """The reserve will be touched soon, or is already."""
        return self.free_bytes - self.lookahead_bytes < self.reserve_bytes

    @property
    def is_critical(self) -> bool:
        """Three quarters of the reserve are gone: nothing can wait any more."""
        return self.free_bytes < self.reserve_bytes // 4

    @property
    def wanted_bytes(self) -> int:
        """What must go, doomed or not, so that there is room for a while again."""
        target = self.reserve_bytes + 2 * self.lookahead_bytes
        return max(0, target - self.free_bytes) if self.is_short else 0


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a plugin thinks of one segment, with a reason in words for people.

    `is_pressing`: the room is needed now. It is believed only of a segment on a
    volume that is short.
    """

    segment: Segment
    reason: str
    is_pressing: bool = False


@dataclass(frozen=True, slots=True)
class Deletion:
    """A segment whose file is gone for good, and the rule by which it went."""

    segment: Segment
    rule: str
    at_us: int


Pages = Callable[
    [CameraId | None, VolumeId | None, int | None], Iterator[Sequence[Segment]]
]
"""The segments of `FootageView.segments` in portions, each fetched when asked for."""


@dataclass(frozen=True, slots=True)
class FootageView:
    """The footage as it was a moment ago.

    Volumes whose room could not be found out are not among `volumes`.
    """

    cameras: Mapping[CameraId, str]  # names; of a removed camera there is none
    usages: tuple[FootageUsage, ...]
    volumes: tuple[VolumeState, ...]
    pages: Pages = field(repr=False)

    def segments(
        self,
        *,
        camera_id: CameraId | None = None,
        volume_id: VolumeId | None = None,
        before_us: int | None = None,
    ) -> Iterator[Segment]:
        """Segments that may be deleted, in the order in which they were recorded.

        What is still written, doomed, held or protected is not among them.
        `before_us`: only those that ended by then. They are fetched in portions while
        you iterate, so take no more than you need. There may be more than come out:
        an iteration has an end, and the rest is for the next run.
        """
        for page in self.pages(camera_id, volume_id, before_us):
            yield from page

    def of_camera(self, table: Mapping[str, T], camera_id: CameraId, otherwise: T) -> T:
        """The entry of a table keyed by camera id or name, or `otherwise`."""
        if camera_id in table:
            return table[camera_id]
        name = self.cameras.get(camera_id)
        return otherwise if name is None else table.get(name, otherwise)
