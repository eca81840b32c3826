"""One stream of one camera, told to a catalogue as a recorder would."""

from dataclasses import dataclass, field, replace

from nvr.base.model import (
    CameraId,
    Gap,
    GapCause,
    Role,
    Run,
    RunId,
    Segment,
    SegmentId,
    SegmentState,
    VolumeId,
)
from nvr.store.catalogue import Catalogue
from nvr.store.changes import (
    Change,
    GapBegan,
    RunEnded,
    SegmentClosed,
    SegmentGrown,
    SegmentOpened,
)

VOLUME = VolumeId("5f6b5f6e-0d4c-4f7e-9d55-0b1f3c1f9a01")
DIGEST = b"\x5a" * 32
FOR_EVER = 1 << 60


@dataclass
class Stream:
    """Each method is one change and leaves it in `told` too."""

    catalogue: Catalogue
    camera_id: CameraId
    role: Role = Role.MAIN
    epoch: int = 1
    run_id: RunId | None = None
    told: list[Change] = field(default_factory=list)

    def tell(self, *changes: Change) -> None:
        self.told += changes
        self.catalogue.apply(changes)

    def open(self, start_us: int) -> Segment:
        """A segment begins; after `end` or `lose` it is the first of a run."""
        id = SegmentId(self.catalogue.reserve_segment_ids(1)[0])
        if self.run_id is None:
            self.run_id = RunId(id)
        opened = Segment(
            id=id,
            camera_id=self.camera_id,
            role=self.role,
            run_id=self.run_id,
            volume_id=VOLUME,
            epoch=self.epoch,
            state=SegmentState.OPEN,
            start_us=start_us,
            end_us=start_us,
            size_bytes=0,
            digest=b"",
        )
        self.tell(SegmentOpened(opened))
        return opened

    def grow(self, it: Segment, end_us: int) -> Segment:
        self.tell(SegmentGrown(it.id, end_us, 1_000))
        return replace(it, end_us=end_us, size_bytes=1_000)

    def close(self, it: Segment, end_us: int) -> Segment:
        self.tell(SegmentClosed(it.id, end_us, 2_000, DIGEST))
        return replace(
            it,
            end_us=end_us,
            size_bytes=2_000,
            digest=DIGEST,
            state=SegmentState.CLOSED,
        )

    def record(self, start_us: int, end_us: int) -> Segment:
        """A whole segment."""
        return self.close(self.open(start_us), end_us)

    def end(self, end_us: int) -> None:
        if self.run_id is not None:
            self.tell(RunEnded(self.run_id, self.camera_id, self.role, end_us))
        self.run_id = None

    def miss(
        self, start_us: int, cause: GapCause = GapCause.LOST, detail: str = ""
    ) -> None:
        self.tell(GapBegan(self.camera_id, self.role, start_us, cause, detail))

    def lose(self, at_us: int, cause: GapCause = GapCause.LOST) -> None:
        self.end(at_us)
        self.miss(at_us, cause)

    def runs(self) -> list[tuple[int, int | None]]:
        return [(run.start_us, run.end_us) for run in self.whole_runs()]

    def whole_runs(self) -> list[Run]:
        return self.catalogue.runs(self.camera_id, self.role, 0, FOR_EVER)

    def gaps(self) -> list[tuple[int, int | None, GapCause]]:
        return [(gap.start_us, gap.end_us, gap.cause) for gap in self.whole_gaps()]

    def whole_gaps(self) -> list[Gap]:
        return self.catalogue.gaps(self.camera_id, self.role, 0, FOR_EVER)

    def segments(self) -> list[Segment]:
        return self.catalogue.segments(self.camera_id, self.role, 0, FOR_EVER)
