"""Guaranteed days: footage younger than this is not deleted, whatever others say."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field

from nvr.base.model import SECOND_US, Segment
from nvr.base.retention import FootageView, Opinion
from nvr.base.settings import Section
from nvr.hookspecs import hookimpl

DAY_US = 86_400 * SECOND_US
Days = Annotated[float, Field(gt=0, le=36_500)]


class MinimumSettings(Section):
    """How long footage is safe from other rules."""

    days: Days | None = Field(
        default=None, description="Footage younger than this stays; none by default."
    )
    cameras: dict[str, Days] = Field(
        default_factory=dict,
        description="Other days for single cameras, by name or id.",
    )
    on_full: Literal["stop", "delete"] = Field(
        default="stop",
        description="When nothing else is left to delete and three quarters of a "
        "volume's reserve are gone: `stop` recording there, or `delete` the oldest "
        "after all.",
    )


@hookimpl
def plugin_settings() -> type[MinimumSettings]:
    return MinimumSettings


@hookimpl
def protected_segments(
    view: FootageView,
    candidates: Sequence[Segment],
    settings: MinimumSettings,
    now_us: int,
) -> Iterator[Opinion]:
    given_up = {v.id for v in view.volumes if v.is_critical}
    for segment in candidates:
        days = view.of_camera(settings.cameras, segment.camera_id, settings.days)
        if days is None or segment.end_us <= now_us - days * DAY_US:
            continue
        if settings.on_full == "stop" or segment.volume_id not in given_up:
            yield Opinion(segment, f"guaranteed for {days:g} days")
