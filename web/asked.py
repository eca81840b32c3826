"""What an address asks for: ids, roles, times, numbers, each checked here once."""

from typing import TypeVar
from uuid import UUID

from aiohttp import web
from nvr.web.describe import TIME, WHOLE, Parameter
from nvr.web.problems import absent, invalid

from nvr.base import rfc3339
from nvr.base.model import CameraId, Role

EARLIEST_US = 0
LATEST_US = 253_402_300_799_999_999
"""The end of the year 9999: beyond, no calendar of ours can show it."""

Id = TypeVar("Id", bound=int)

CAMERA = Parameter(
    "id", "The camera's id.", {"type": "string", "format": "uuid"}, is_required=True
)
ROLE = Parameter(
    "role",
    "Which of the camera's streams.",
    {"type": "string", "enum": [role.value for role in Role], "default": "main"},
)
START = Parameter("start", "Begin, RFC 3339 with a zone.", TIME, is_required=True)
END = Parameter("end", "End, RFC 3339 with a zone.", TIME, is_required=True)
NUMBER = Parameter(
    "id", "The number from the list.", dict(WHOLE, minimum=1), is_required=True
)


def camera_id(request: web.Request) -> CameraId:
    """The camera of the path. Whatever is not an id of ours is simply not there."""
    text = request.match_info["id"]
    try:
        is_ours = str(UUID(text)) == text
    except ValueError:
        is_ours = False
    if not is_ours:
        raise absent()
    return CameraId(text)


def number(request: web.Request) -> int:
    """The number of the path."""
    text = request.match_info["id"]
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise absent()
    return int(text)


def role(request: web.Request) -> Role:
    """The stream asked for; the main one if nothing is said."""
    text = request.query.get("role", Role.MAIN.value)
    try:
        return Role(text)
    except ValueError:
        raise invalid("role", "“role” must be main or sub.") from None


def interval(request: web.Request) -> tuple[int, int]:
    """`start` and `end`, both needed."""
    start_us, end_us = (_time(request, name) for name in ("start", "end"))
    if start_us is None:
        raise invalid("start", "Give “start”, such as 2026-01-31T14:05:00Z.")
    if end_us is None:
        raise invalid("end", "Give “end”, such as 2026-01-31T14:06:00Z.")
    if end_us <= start_us:
        raise invalid("end", "The end must be after the start.")
    return start_us, end_us


def instant(request: web.Request, name: str) -> int | None:
    """A time that may be left out; None: it was."""
    return _time(request, name)


def whole(request: web.Request, name: str, least: int, most: int) -> int | None:
    """A number that may be left out; None: it was."""
    text = request.query.get(name)
    if text is None:
        return None
    is_number = text.isascii() and text.isdigit() and len(text) <= 9
    if not is_number or not least <= int(text) <= most:
        raise invalid(name, f"“{name}” must be a number from {least} to {most}.")
    return int(text)


def flag(request: web.Request, name: str) -> bool:
    """`true` or `false`; left out is false."""
    text = request.query.get(name, "false")
    if text not in ("true", "false"):
        raise invalid(name, f"“{name}” must be true or false.")
    return text == "true"


def _time(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    try:
        wall_us = rfc3339.parse(text[:64])
    except (ValueError, OverflowError) as error:
        raise invalid(name, f"{error}.") from None
    if not EARLIEST_US <= wall_us <= LATEST_US:
        raise invalid(name, f"“{name}” must be between the years 1970 and 9999.")
    return wall_us
