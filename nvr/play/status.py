"""What the recorders are doing now, asked of all of them at once.

A recorder that does not answer is left out: its cameras are missing from the list,
and whoever shows them says that nobody records them.
"""

import asyncio
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from nvr.base.model import CameraId, Role
from nvr.play.live import ask, sockets


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """One stream of one camera. `None`: not known, or not at the moment."""

    id: CameraId
    role: Role
    state: str  # recording, connecting, waiting or off
    cause: str | None = None
    detail: str = ""
    since_us: int | None = None
    bits_per_second: float = 0.0
    frames_per_second: float = 0.0
    last_unit_us: int | None = None
    lost_packets: int = 0
    reconnects: int = 0
    clock_offset_us: int | None = None
    queue_bytes: int = 0
    width: int = 0
    height: int = 0
    codec: str = ""
    volume: str | None = None

    @classmethod
    def read(cls, row: dict[str, Any]) -> Self:
        """Out of a recorder's answer; what a newer recorder adds is passed over."""
        known = {field.name for field in fields(cls)}
        values = {k: v for k, v in row.items() if k in known}
        return cls(**{**values, "role": Role(row["role"])})


@dataclass(frozen=True, slots=True)
class RecorderStatus:
    """One recorder process."""

    pid: int
    cpu_seconds: float
    rss_bytes: int


@dataclass(frozen=True, slots=True)
class Status:
    """All that answered in time."""

    cameras: list[CameraStatus]
    recorders: list[RecorderStatus]


async def status(run_dir: Path) -> list[CameraStatus]:
    """The state of every stream that a recorder knows, by camera and role."""
    return (await whole(run_dir)).cameras


async def whole(run_dir: Path) -> Status:
    """Cameras and the recorder processes themselves."""
    answers = await asyncio.gather(
        *(ask(path, {"op": "status"}) for path in sockets(run_dir))
    )
    headers = [a.header for a in answers if a is not None and a.type == "status"]
    cameras = [CameraStatus.read(row) for h in headers for row in h.get("cameras", ())]
    return Status(
        sorted(cameras, key=lambda camera: (camera.id, camera.role)),
        [_recorder(h["recorder"]) for h in headers if "recorder" in h],
    )


def _recorder(row: dict[str, Any]) -> RecorderStatus:
    return RecorderStatus(
        int(row.get("pid", 0)),
        float(row.get("cpu_seconds", 0.0)),
        int(row.get("rss_bytes", 0)),
    )
