"""Footage from outside the opening hours goes earlier."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from nvr.base.retention import FootageView, Opinion
from nvr.hookspecs import hookimpl


class OpeningHours(BaseModel, frozen=True, extra="forbid"):
    opens: int = Field(default=8, ge=0, le=24, description="First hour of the day.")
    closes: int = Field(default=18, ge=0, le=24, description="Hour after the last.")
    days: float = Field(default=7, gt=0, description="Other footage is kept so long.")
    zone: str = Field(default="UTC", description="IANA zone of the hours.")


@hookimpl
def plugin_settings() -> type[OpeningHours]:
    return OpeningHours


@hookimpl
def expired_segments(
    view: FootageView, settings: OpeningHours, now_us: int
) -> Iterator[Opinion]:
    before_us = now_us - round(settings.days * 86_400_000_000)
    for segment in view.segments(before_us=before_us):
        start = datetime.fromtimestamp(segment.start_us / 1e6, ZoneInfo(settings.zone))
        if not settings.opens <= start.hour < settings.closes:
            yield Opinion(segment, f"recorded while closed, {settings.days:g} days ago")
