"""What a stream has of an interval, and what it has not and why."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from nvr.base.model import CameraId, Gap, Role, Run
from nvr.play.footage import FootageCatalogue
from nvr.play.gaps import clipped


@dataclass(frozen=True, slots=True)
class Timeline:
    """Runs and gaps inside an interval, in order, none of them open.

    `first_us` and `last_us` are of all footage of the stream, None when it has none.
    """

    start_us: int
    end_us: int
    runs: list[Run]
    gaps: list[Gap]
    first_us: int | None
    last_us: int | None


def timeline(
    catalogue: FootageCatalogue,
    camera_id: CameraId,
    role: Role,
    start_us: int,
    end_us: int,
) -> Timeline:
    """The timeline of one stream. Blocks for the catalogue."""
    # Asked first: a run that grows meanwhile must not end after the last instant.
    runs = catalogue.runs(camera_id, role, start_us, end_us)
    gaps = catalogue.gaps(camera_id, role, start_us, end_us)
    first_us, last_us = catalogue.extent(camera_id, role) or (None, None)
    return Timeline(
        start_us,
        end_us,
        clipped_runs(runs, start_us, end_us, last_us),
        clipped(gaps, start_us, end_us),
        first_us,
        last_us,
    )


def clipped_runs(
    runs: Iterable[Run], start_us: int, end_us: int, last_us: int | None
) -> list[Run]:
    """The parts of runs inside an interval; an open one ends at what is durable."""
    parts = []
    for run in runs:
        until_us = run.end_us
        if until_us is None:
            until_us = run.start_us if last_us is None else last_us
        part = replace(
            run, start_us=max(run.start_us, start_us), end_us=min(until_us, end_us)
        )
        if part.end_us is not None and part.start_us < part.end_us:
            parts.append(part)
    return parts
