"""Where an interval has no footage, and why, within its bounds."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from nvr.base.model import SECOND_US, CameraId, Gap, GapCause, Role

UNTOLD_US = SECOND_US
"""Footage that is missing for longer than this without a gap in the catalogue is
reported as missing; below, it is a camera that paused between two pictures."""


def clipped(gaps: Iterable[Gap], start_us: int, end_us: int) -> list[Gap]:
    """The parts of gaps inside an interval, in order; none stays open."""
    parts = [
        replace(
            gap,
            start_us=max(gap.start_us, start_us),
            end_us=end_us if gap.end_us is None else min(gap.end_us, end_us),
        )
        for gap in gaps
    ]
    return sorted(
        (part for part in parts if part.end_us and part.start_us < part.end_us),
        key=lambda part: part.start_us,
    )


def with_missing(
    told: Sequence[Gap],
    holes: Iterable[tuple[int, int]],
    camera_id: CameraId,
    role: Role,
) -> list[Gap]:
    """Gaps of the catalogue and, as missing, holes that none of them explains."""
    missing = []
    for start_us, end_us in holes:
        for gap in told:
            if gap.end_us is None or gap.end_us <= start_us:
                continue
            if gap.start_us >= end_us:
                break
            if gap.start_us - start_us > UNTOLD_US:
                missing.append((start_us, gap.start_us))
            start_us = max(start_us, gap.end_us)
        if end_us - start_us > UNTOLD_US:
            missing.append((start_us, end_us))
    untold = [Gap(camera_id, role, a, b, GapCause.MISSING) for a, b in missing]
    return sorted([*told, *untold], key=lambda gap: gap.start_us)
