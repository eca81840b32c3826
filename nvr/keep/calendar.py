"""Hours and days as bounds between instants. Pure."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from nvr.base.model import SECOND_US

HOUR_US = 3600 * SECOND_US
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Step(StrEnum):
    """How an interval is cut."""

    HOUR = "hour"  # at the full hours of UTC
    DAY = "day"  # at the midnights of a zone


def bounds(start_us: int, end_us: int, step: Step, zone: ZoneInfo) -> list[int]:
    """The start, every full hour or midnight between, and the end, ascending.

    A day is 23 or 25 hours long where the clocks are changed; the first and the last
    step are as long as the interval leaves them.
    """
    if step is Step.HOUR:
        first_us = start_us - start_us % HOUR_US + HOUR_US
        return [start_us, *range(first_us, end_us, HOUR_US), end_us]
    return [start_us, *_midnights(start_us, end_us, zone), end_us]


def _midnights(start_us: int, end_us: int, zone: ZoneInfo) -> list[int]:
    found: list[int] = []
    last_us = start_us
    day = (_EPOCH + timedelta(microseconds=start_us)).astimezone(zone).date()
    while True:
        day += timedelta(days=1)
        at_us = _midnight_us(day, zone)
        if at_us >= end_us:
            return found
        # A zone that moved over the date line has left out a day.
        if at_us > last_us:
            found.append(at_us)
            last_us = at_us


def _midnight_us(day: date, zone: ZoneInfo) -> int:
    """Of a midnight that the clocks jumped over, the instant of the jump."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    return (midnight.astimezone(UTC) - _EPOCH) // _MICROSECOND
