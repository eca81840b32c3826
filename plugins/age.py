"""Retention by age: footage goes when it is older than so many days."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from nvr.base.model import SECOND_US
from nvr.base.retention import FootageView, Opinion
from nvr.base.settings import Section
from nvr.hookspecs import hookimpl

DAY_US = 86_400 * SECOND_US
Days = Annotated[float, Field(gt=0, le=36_500)]


class AgeSettings(Section):
    """How long footage is kept."""

    days: Days | None = Field(
        default=None,
        description="Footage older than this is deleted; without it none is, for "
        "its age alone.",
    )
    cameras: dict[str, Days] = Field(
        default_factory=dict,
        description="Other days for single cameras, by name or id.",
    )


@hookimpl
def plugin_settings() -> type[AgeSettings]:
    return AgeSettings


@hookimpl
def expired_segments(
    view: FootageView, settings: AgeSettings, now_us: int
) -> Iterator[Opinion]:
    oldest_us = {
        camera_id: min(u.oldest_us for u in view.usages if u.camera_id == camera_id)
        for camera_id in {u.camera_id for u in view.usages}
    }
    for camera_id in sorted(oldest_us, key=lambda id: (oldest_us[id], id)):
        days = view.of_camera(settings.cameras, camera_id, settings.days)
        if days is None or oldest_us[camera_id] > now_us - days * DAY_US:
            continue
        before_us = now_us - round(days * DAY_US)
        for segment in view.segments(camera_id=camera_id, before_us=before_us):
            yield Opinion(segment, f"older than {days:g} days")
