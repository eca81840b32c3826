"""Views of footage that is nowhere, for rules that only look at values."""

from collections.abc import Iterator, Sequence
from itertools import count

from nvr.base.model import (
    SECOND_US,
    CameraId,
    Role,
    RunId,
    Segment,
    SegmentId,
    SegmentState,
    VolumeId,
)
from nvr.base.retention import FootageUsage, FootageView, VolumeState

NOW_US = 1_800_000_000_000_000
HOUR_US = 3600 * SECOND_US
DAY_US = 24 * HOUR_US
MB = 1_000_000
GATE = CameraId("5f2d6a3e-8f7c-4f0b-9c5e-2b1f5c3d7a10")
YARD = CameraId("7a1c2b3d-0000-4000-8000-000000000001")
DISK = VolumeId("5f6b5f6e-0d4c-4f7e-9d55-0b1f3c1f9a01")
NAMES = {GATE: "gate", YARD: "yard"}


class Footage:
    """Segments as a catalogue would show them; counts the portions it was asked."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self.pages_read = 0
        self._ids = count(1)

    def add(
        self,
        camera_id: CameraId,
        number: int,
        *,
        start_us: int,
        every_us: int = HOUR_US,
        size_bytes: int = 10 * MB,
        volume_id: VolumeId = DISK,
    ) -> list[Segment]:
        made = [
            Segment(
                id=SegmentId(next(self._ids)),
                camera_id=camera_id,
                role=Role.MAIN,
                run_id=RunId(1),
                volume_id=volume_id,
                epoch=1,
                state=SegmentState.CLOSED,
                start_us=start_us + n * every_us,
                end_us=start_us + (n + 1) * every_us,
                size_bytes=size_bytes,
                digest=b"\x5a" * 32,
            )
            for n in range(number)
        ]
        self.segments += made
        return made

    def view(self, *volumes: VolumeState) -> FootageView:
        return FootageView(
            cameras=NAMES,
            usages=tuple(self._usages()),
            volumes=volumes,
            pages=self._pages,
        )

    def _usages(self) -> Iterator[FootageUsage]:
        for place in sorted({(s.camera_id, s.volume_id) for s in self.segments}):
            mine = [s for s in self.segments if (s.camera_id, s.volume_id) == place]
            yield FootageUsage(
                *place,
                sum(s.size_bytes for s in mine),
                min(s.start_us for s in mine),
                max(s.end_us for s in mine),
            )

    def _pages(
        self,
        camera_id: CameraId | None,
        volume_id: VolumeId | None,
        before_us: int | None,
    ) -> Iterator[Sequence[Segment]]:
        found = [
            s
            for s in sorted(self.segments, key=lambda s: s.id)
            if camera_id in (None, s.camera_id)
            and volume_id in (None, s.volume_id)
            and (before_us is None or s.end_us <= before_us)
        ]
        for start in range(0, len(found), 50):
            self.pages_read += 1
            yield found[start : start + 50]


def disk(
    *,
    free_bytes: int = 10**12,
    doomed_bytes: int = 0,
    reserve_bytes: int = 100 * MB,
    lookahead_bytes: int = 10 * MB,
    id: VolumeId = DISK,
) -> VolumeState:
    return VolumeState(
        id=id,
        name="disk",
        free_bytes=free_bytes,
        doomed_bytes=doomed_bytes,
        reserve_bytes=reserve_bytes,
        lookahead_bytes=lookahead_bytes,
    )


def a_year() -> Footage:
    """Two cameras, a file every six hours for a year."""
    footage = Footage()
    for day in range(365):
        for camera_id in (GATE, YARD):
            footage.add(
                camera_id,
                4,
                start_us=NOW_US - (365 - day) * DAY_US,
                every_us=6 * HOUR_US,
            )
    return footage
