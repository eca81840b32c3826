"""Retention by size: a camera keeps so many bytes, the oldest go first."""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from nvr.base.retention import FootageView, Opinion
from nvr.base.settings import Section
from nvr.hookspecs import hookimpl

Gigabytes = Annotated[float, Field(gt=0)]


class SizeSettings(Section):
    """How much footage is kept."""

    gigabytes_per_camera: Gigabytes | None = Field(
        default=None,
        description="Most footage of one camera, both streams and all volumes "
        "together, in units of 10^9 bytes; without it there is no limit.",
    )
    cameras: dict[str, Gigabytes] = Field(
        default_factory=dict,
        description="Other limits for single cameras, by name or id.",
    )


@hookimpl
def plugin_settings() -> type[SizeSettings]:
    return SizeSettings


@hookimpl
def expired_segments(
    view: FootageView, settings: SizeSettings, now_us: int
) -> Iterator[Opinion]:
    used: Counter[str] = Counter()
    for usage in view.usages:
        used[usage.camera_id] += usage.size_bytes
    for usage in {u.camera_id: u for u in view.usages}.values():
        gigabytes = view.of_camera(
            settings.cameras, usage.camera_id, settings.gigabytes_per_camera
        )
        if gigabytes is None or used[usage.camera_id] <= gigabytes * 1e9:
            continue
        over_bytes = used[usage.camera_id] - gigabytes * 1e9
        for segment in view.segments(camera_id=usage.camera_id):
            if over_bytes <= 0:
                break
            over_bytes -= segment.size_bytes
            yield Opinion(segment, f"the camera has more than {gigabytes:g} GB")
