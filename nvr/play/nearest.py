"""What to say when there is nothing: where the nearest footage is."""

from nvr.base import rfc3339
from nvr.base.model import SECOND_US, Camera, Role
from nvr.play.footage import FootageCatalogue

_AROUND_US = 24 * 3600 * SECOND_US


def nothing_there(
    catalogue: FootageCatalogue,
    camera: Camera,
    role: Role,
    start_us: int,
    end_us: int,
) -> str:
    """A sentence for a person who asked for an interval without footage."""
    said = (
        f"there is no footage of {camera.name!r} ({role.value} stream) between "
        f"{rfc3339.text(start_us)} and {rfc3339.text(end_us)}"
    )
    extent = catalogue.extent(camera.id, role)
    if extent is None:
        return f"{said}; nothing of it was ever recorded"
    before, after = _around(catalogue, camera, role, start_us, end_us, extent)
    near = []
    if before is not None:
        near.append(f"the footage before ends at {rfc3339.text(before)}")
    if after is not None:
        near.append(f"the footage after begins at {rfc3339.text(after)}")
    return "; ".join([said, *near])


def _around(
    catalogue: FootageCatalogue,
    camera: Camera,
    role: Role,
    start_us: int,
    end_us: int,
    extent: tuple[int, int],
) -> tuple[int | None, int | None]:
    """Last instant with footage before, and first after, if there are such."""
    first_us, last_us = extent
    runs = catalogue.runs(camera.id, role, start_us - _AROUND_US, end_us + _AROUND_US)
    ends = [run.end_us for run in runs if run.end_us and run.end_us <= start_us]
    begins = [run.start_us for run in runs if run.start_us >= end_us]
    if last_us <= start_us:
        ends.append(last_us)
    if first_us >= end_us:
        begins.append(first_us)
    return max(ends, default=None), min(begins, default=None)
