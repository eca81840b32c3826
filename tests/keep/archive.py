"""A node with real volumes and a real catalogue, whose footage is told, not filmed.

Files have the size that their rows say, as holes; on a disk that counts holes too
little (`Archive.write_bytes`) they are filled.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nvr.plugins import age, journal, minimum, size, space

from nvr.base import settings
from nvr.base.model import (
    SECOND_US,
    Camera,
    CameraId,
    Role,
    RunId,
    Segment,
    SegmentId,
    SegmentState,
    VolumeId,
)
from nvr.base.settings import Settings
from nvr.hook_calls import Plugins
from nvr.hooks import build
from nvr.keep.keeper import Keeper
from nvr.store import schema
from nvr.store.catalogue import Catalogue
from nvr.store.changes import SegmentClosed, SegmentOpened
from nvr.store.vault import Vault
from nvr.store.volume import Volume
from tests.fakes import FakeClock

MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
MB = 1_000_000
DIGEST = b"\x5a" * 32
BUNDLED = {
    "age": age,
    "journal": journal,
    "minimum": minimum,
    "size": size,
    "space": space,
}


@dataclass
class Archive:
    """Everything a keeper needs, and the means to fill it."""

    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    volume_names: tuple[str, ...] = ("disk",)
    write_bytes: bool = False
    reserve_bytes: int = 64 << 20

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.url = f"sqlite:///{self.folder / 'catalogue.db'}"
        schema.upgrade(self.url)
        self.catalogue = self.open_catalogue()
        self.volumes = [self._volume(name) for name in self.volume_names]
        self.run_ids: dict[CameraId, RunId] = {}

    @property
    def now_us(self) -> int:
        return self.clock.now().wall_us

    def open_catalogue(self) -> Catalogue:
        vault = Vault.open_file(self.folder / "secret.key")
        return Catalogue(self.url, clock=self.clock, vault=vault)

    def _volume(self, name: str) -> Volume:
        volume = Volume.open(self.folder / name, node="node")
        self.catalogue.register_volume(volume.id, volume.path)
        return volume

    def close(self) -> None:
        self.catalogue.close()
        for volume in self.volumes:
            volume.close()

    def camera(self, name: str) -> Camera:
        return self.catalogue.add_camera(name=name, url="rtsp://10.0.0.5/main")

    def record(
        self,
        camera: Camera,
        count: int,
        *,
        start_us: int,
        every_us: int = MINUTE_US,
        size_bytes: int = MB,
        volume: int = 0,
    ) -> list[Segment]:
        """That many closed segments with their files, one behind the other."""
        ids = self.catalogue.reserve_segment_ids(count)
        made = [
            self._segment(
                camera, ids[n], start_us + n * every_us, every_us, size_bytes, volume
            )
            for n in range(count)
        ]
        self.catalogue.apply([SegmentOpened(it) for it in made])
        self.catalogue.apply(
            [SegmentClosed(it.id, it.end_us, it.size_bytes, DIGEST) for it in made]
        )
        for it in made:
            self._write(it)
        return made

    def _segment(
        self, camera: Camera, id: int, start_us: int, length_us: int, size: int, n: int
    ) -> Segment:
        return Segment(
            id=SegmentId(id),
            camera_id=camera.id,
            role=Role.MAIN,
            run_id=self.run_ids.setdefault(camera.id, RunId(id)),
            volume_id=self.volumes[n].id,
            epoch=1,
            state=SegmentState.OPEN,
            start_us=start_us,
            end_us=start_us + length_us,
            size_bytes=size,
            digest=b"",
        )

    def _write(self, it: Segment) -> None:
        path = self.path(it)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            if self.write_bytes:
                file.write(bytes(it.size_bytes))
            else:
                file.truncate(it.size_bytes)

    def path(self, it: Segment) -> Path:
        volume = next(v for v in self.volumes if v.id == it.volume_id)
        return volume.segment_path(it.camera_id, it.start_us, it.id)

    def files(self) -> set[SegmentId]:
        """What is on the disks."""
        found = (p for v in self.volumes for p in v.path.glob("*/*/*.mp4"))
        return {SegmentId(int(path.stem)) for path in found}

    def rows(self, *states: SegmentState) -> set[SegmentId]:
        """What the catalogue has in one of these states."""
        wanted = {self.volumes[n].id: n for n in range(len(self.volumes))}
        return {it.id for it in self._rows(wanted) if it.state in states}

    def _rows(self, volumes: Iterable[VolumeId]) -> list[Segment]:
        found: list[Segment] = []
        for volume_id in volumes:
            found += self.catalogue.closed_segments(
                None, volume_id, after_id=-1, limit=100_000
            )
            found += self.catalogue.doomed_on(volume_id, after_id=-1, limit=100_000)
        return found + self.catalogue.unlinking_segments(100_000)

    @property
    def kept(self) -> set[SegmentId]:
        return self.rows(SegmentState.CLOSED)

    @property
    def doomed(self) -> set[SegmentId]:
        return self.rows(SegmentState.DOOMED)

    def settings(
        self, tables: Mapping[str, dict[str, Any]] | None = None, **keep: int
    ) -> Settings:
        volumes = [
            {"path": str(v.path), "reserve_bytes": self.reserve_bytes}
            for v in self.volumes
        ]
        table = {"volumes": volumes, "keep": keep, "plugins": dict(tables or {})}
        return settings.build(table, self.folder)

    def plugins(self, tables: Mapping[str, dict[str, Any]] | None = None) -> Plugins:
        return build(BUNDLED, tables)

    def keeper(
        self,
        tables: Mapping[str, dict[str, Any]] | None = None,
        plugins: Plugins | None = None,
        **keep: int,
    ) -> Keeper:
        return Keeper(
            settings=self.settings(tables, **keep),
            catalogue=self.catalogue,
            plugins=plugins or self.plugins(tables),
            clock=self.clock,
        )


def ids(segments: Iterable[Segment]) -> set[SegmentId]:
    return {it.id for it in segments}
