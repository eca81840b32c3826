"""What the storage page shows of volumes, of footage and of the rules for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from nvr.base.errors import VolumeError
from nvr.base.model import CameraId
from nvr.base.settings import VolumeSettings
from nvr.hook_calls import Plugins
from nvr.keep.plan import Plan
from nvr.keep.plan_report import (
    PlanRow,
    brake_lines,
    kept_rows,
    plan_rows,
    plan_total,
)
from nvr.store.deletion import Usage
from nvr.store.volume import Space, Volume

_PARTS = 1000
"""The bars are drawn in thousandths of the disk."""
_RULE_HOOKS = ("expired_segments", "protected_segments")


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """One volume; `is_there` is False when it cannot be read, then all is zero."""

    path: str
    is_there: bool
    total: int = 0
    free: int = 0
    footage: int = 0
    reserve: int = 0
    oldest_us: int | None = None

    @property
    def footage_part(self) -> int:
        return self._part(self.footage)

    @property
    def other_part(self) -> int:
        return max(0, self._part(self.total - self.free) - self.footage_part)

    @property
    def reserve_at(self) -> int:
        return _PARTS - self._part(self.reserve)

    def _part(self, size_bytes: int) -> int:
        return round(size_bytes / self.total * _PARTS) if self.total else 0


@dataclass(frozen=True, slots=True)
class UsageRow:
    """What one camera has on all volumes together."""

    name: str
    size: int
    oldest_us: int
    newest_us: int


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One setting of a rule, as its plugin describes it."""

    plugin: str
    setting: str
    value: str
    description: str


def volume_rows(
    volumes: Iterable[VolumeSettings], usages: Sequence[Usage]
) -> list[VolumeRow]:
    """The volumes of the configuration. Blocks, for a short time, on the disks."""
    return [_volume_row(volume, usages) for volume in volumes]


def _volume_row(configured: VolumeSettings, usages: Sequence[Usage]) -> VolumeRow:
    path = str(configured.path)
    try:
        volume = Volume.attach(Path(configured.path))
        space = volume.space()
    except VolumeError:
        return VolumeRow(path, is_there=False)
    own = [usage for usage in usages if usage.volume_id == volume.id]
    return VolumeRow(
        path,
        is_there=True,
        total=space.total_bytes,
        free=space.free_bytes,
        footage=sum(usage.size_bytes for usage in own),
        reserve=_reserve(configured, space),
        oldest_us=min((usage.oldest_us for usage in own), default=None),
    )


def _reserve(configured: VolumeSettings, space: Space) -> int:
    """What is always kept free, without the part that follows the write rate."""
    wanted = max(configured.reserve_bytes, space.total_bytes // 50)
    return min(wanted, space.total_bytes // 4)


def usage_rows(
    usages: Sequence[Usage], names: dict[CameraId, str], removed: str
) -> list[UsageRow]:
    """Cameras by what they take, most first; removed ones have only their number."""
    by_camera: dict[CameraId, list[Usage]] = {}
    for usage in usages:
        by_camera.setdefault(usage.camera_id, []).append(usage)
    rows = [
        UsageRow(
            names.get(camera_id) or f"{removed} {camera_id[:8]}",
            sum(usage.size_bytes for usage in own),
            min(usage.oldest_us for usage in own),
            max(usage.newest_us for usage in own),
        )
        for camera_id, own in by_camera.items()
    ]
    return sorted(rows, key=lambda row: -row.size)


def rule_rows(plugins: Plugins) -> list[RuleRow]:
    """The settings of every plugin that has a say in deletion."""
    return [
        row
        for listed in plugins.listing()
        if any(hook in listed.hooks for hook in _RULE_HOOKS)
        for row in _settings_rows(listed.name, plugins.settings_of(listed.name))
    ]


def plan_values(plan: Plan, removed: str) -> dict[str, Any]:
    """What the next run would delete, for the template."""
    return {
        "rows": [(_camera_name(row, removed), row) for row in plan_rows(plan)],
        "total": plan_total(plan),
        "kept": kept_rows(plan),
        "brakes": brake_lines(plan),
        "doomed": plan.doomed_bytes,
    }


def _camera_name(row: PlanRow, removed: str) -> str:
    return row.camera or f"{removed} {row.camera_id[:8]}"


def _settings_rows(plugin: str, settings: BaseModel | None) -> list[RuleRow]:
    if settings is None:
        return []
    return [
        RuleRow(plugin, name, _words(getattr(settings, name)), field.description or "")
        for name, field in type(settings).model_fields.items()
    ]


def _words(value: Any) -> str:
    if value is None or value == {} or value == ():
        return "–"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {one}" for key, one in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
