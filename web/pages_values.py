"""Numbers and times as pages show them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MONTHS = {
    "en": [
        "Jan",
        "Feb",
        "Mar",
        "Apr",
        "May",
        "Jun",
        "Jul",
        "Aug",
        "Sep",
        "Oct",
        "Nov",
        "Dec",
    ],
    "id": [
        "Jan",
        "Feb",
        "Mar",
        "Apr",
        "Mei",
        "Jun",
        "Jul",
        "Agu",
        "Sep",
        "Okt",
        "Nov",
        "Des",
    ],
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def site_zone(configured: str, localtime: Path = Path("/etc/localtime")) -> ZoneInfo:
    """The zone that times are shown in: the settings', else the machine's, else UTC."""
    for name in (configured, _machine_zone(localtime)):
        if not name:
            continue
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            continue
    return ZoneInfo("UTC")


def _machine_zone(localtime: Path) -> str:
    """`/etc/localtime` is a link into the zone database on every common system."""
    _, found, name = str(localtime.resolve()).partition("zoneinfo/")
    return name.removeprefix("posix/") if found else ""


def moment_text(zone: ZoneInfo, language: str) -> Callable[[int], str]:
    """23 Nov 2026 14:05, in the site's zone."""

    def moment(wall_us: int) -> str:
        local = (_EPOCH + timedelta(microseconds=wall_us)).astimezone(zone)
        month = _MONTHS[language][local.month - 1]
        return f"{local.day} {month} {local.year} {local:%H:%M}"

    return moment


def size_text(language: str) -> Callable[[int], str]:
    """48.2 MB; in Indonesian 48,2 MB."""

    def size(size_bytes: int) -> str:
        value, unit = float(size_bytes), "B"
        for larger in ("kB", "MB", "GB", "TB", "PB"):
            if value < 999.5:
                break
            value, unit = value / 1000, larger
        text = f"{value:.1f}" if value < 10 and unit not in "BkB" else f"{value:.0f}"
        return f"{text.replace('.', ',') if language == 'id' else text} {unit}"

    return size
