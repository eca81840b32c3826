"""What the demo's simulator is to show, handed to its process in a file."""

import json
from dataclasses import dataclass
from pathlib import Path

from nvr.simulate.camera import VirtualCamera, demo_cameras


@dataclass(frozen=True, slots=True)
class Plan:
    """Cameras that lie in `cache`, served at `port` of this machine."""

    cameras: int
    port: int
    cache: Path

    def save(self, path: Path) -> None:
        table = {"cameras": self.cameras, "port": self.port, "cache": str(self.cache)}
        path.write_text(json.dumps(table))

    @classmethod
    def load(cls, path: Path) -> "Plan":
        table = json.loads(path.read_text())
        return cls(int(table["cameras"]), int(table["port"]), Path(table["cache"]))

    def virtual_cameras(self) -> list[VirtualCamera]:
        return demo_cameras(self.cameras)
