"""A plan as people and programs read it: by camera, rule and reason, with totals.

Pure: the command, the API and the page all show what is made here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from nvr.base import rfc3339
from nvr.base.model import CameraId, Segment, SegmentId
from nvr.keep.plan import Plan

PRESSING_MINUTES = 1
MASS_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Extent:
    """Some segments together. With none of them both times are 0."""

    segments: int
    size_bytes: int
    oldest_us: int
    newest_us: int


@dataclass(frozen=True, slots=True)
class PlanRow:
    """What one camera loses for one reason; `after_minutes` tells how soon.

    `camera` is empty for a camera that was removed.
    """

    camera_id: CameraId
    camera: str
    plugin: str
    reason: str
    after_minutes: int
    extent: Extent
    segment_ids: tuple[SegmentId, ...]


@dataclass(frozen=True, slots=True)
class KeptRow:
    """How many segments the rules passed over, by whose word and why."""

    plugin: str
    reason: str
    segments: int


def plan_rows(plan: Plan) -> list[PlanRow]:
    """By name of the camera, then by rule and reason."""
    groups: dict[tuple[str, CameraId, str, str, bool], list[Segment]] = {}
    for it in plan.decision.sentences:
        camera_id = it.segment.camera_id
        name = plan.cameras.get(camera_id, "")
        key = (name, camera_id, it.plugin, it.reason, it.is_pressing)
        groups.setdefault(key, []).append(it.segment)
    return [
        PlanRow(
            camera_id,
            name,
            plugin,
            reason,
            _after_minutes(plan, is_pressing),
            extent(segments),
            tuple(segment.id for segment in segments),
        )
        for (name, camera_id, plugin, reason, is_pressing), segments in sorted(
            groups.items(), key=lambda group: (group[0][0].casefold(), group[0])
        )
    ]


def _after_minutes(plan: Plan, is_pressing: bool) -> int:
    if is_pressing:
        return PRESSING_MINUTES
    return max(plan.grace_minutes, MASS_MINUTES if plan.is_mass_change else 0)


def plan_total(plan: Plan) -> Extent:
    """All that would be marked."""
    return extent([it.segment for it in plan.decision.sentences])


def kept_rows(plan: Plan) -> list[KeptRow]:
    """What is passed over, most first."""
    rows = [KeptRow(*key, number) for key, number in plan.decision.protected.items()]
    return sorted(rows, key=lambda row: (-row.segments, row.plugin, row.reason))


def brake_lines(plan: Plan) -> list[str]:
    """Everything that holds deletion back or makes it less than the rules want."""
    return [f"{line[0].upper()}{line[1:]}." for line in _brakes(plan)]


def _brakes(plan: Plan) -> list[str]:
    lines = list(plan.brakes)
    for name in sorted(plan.decision.failed):
        lines.append(f"plugin {name} failed; its opinion is missing, see the log")
    if plan.is_mass_change:
        lines.append(
            "this is far more than is recorded meanwhile, so it waits for a day: if a "
            "rule is wrong, correct it by then and everything stays"
        )
    if plan.decision.is_cut_off:
        lines.append("a run has a limit, and the rules want more: the next one goes on")
    return lines


def extent(segments: Iterable[Segment]) -> Extent:
    """Number, bytes, and the first and last recorded time."""
    every = list(segments)
    return Extent(
        len(every),
        sum(it.size_bytes for it in every),
        min((it.start_us for it in every), default=0),
        max((it.end_us for it in every), default=0),
    )


def document(plan: Plan) -> dict[str, Any]:
    """The whole plan for programs."""
    return {
        "made": rfc3339.text(plan.made_us),
        "total": _extent(plan_total(plan)),
        "deletions": [
            {
                "camera_id": row.camera_id,
                "camera": row.camera or None,
                "plugin": row.plugin,
                "reason": row.reason,
                "after_minutes": row.after_minutes,
                **_extent(row.extent),
                "segment_ids": list(row.segment_ids),
            }
            for row in plan_rows(plan)
        ],
        "kept": [
            {"plugin": row.plugin, "reason": row.reason, "segments": row.segments}
            for row in kept_rows(plan)
        ],
        "brakes": brake_lines(plan),
        "marked_earlier_bytes": plan.doomed_bytes,
        "returning_bytes": plan.returning_bytes,
    }


def _extent(it: Extent) -> dict[str, Any]:
    return {
        "segments": it.segments,
        "size_bytes": it.size_bytes,
        "oldest": rfc3339.text(it.oldest_us) if it.segments else None,
        "newest": rfc3339.text(it.newest_us) if it.segments else None,
    }
