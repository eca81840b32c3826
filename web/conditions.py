"""Which part of a file a request wants: preconditions and ranges of RFC 9110.

Pure decisions, in the order of section 13.2.2. Only one range is served: several in
one request are an attack more often than a player.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from aiohttp import hdrs

_TAGS = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_RANGE = re.compile(r"([0-9]{0,19})-([0-9]{0,19})")


@dataclass(frozen=True, slots=True)
class Part:
    """What to answer: `status` 200, 206, 304, 412 or 416, and for the first two the
    bytes from `first` to `last`, both included."""

    status: int
    first: int = 0
    last: int = -1

    @property
    def size_bytes(self) -> int:
        return self.last - self.first + 1


def wanted_part(
    method: str, headers: Mapping[str, str], *, etag: str, modified_s: int, size: int
) -> Part:
    """The part of `size` bytes that a request asks for."""
    status = _precondition(headers, etag, modified_s)
    if status is not None:
        return Part(status)
    whole = Part(200, 0, size - 1)
    text = headers.get(hdrs.RANGE)
    # A range has a meaning for GET only (section 14.2).
    if text is None or method != hdrs.METH_GET:
        return whole
    if not _may_continue(headers.get(hdrs.IF_RANGE), etag, modified_s):
        return whole
    return _range(text, size) or whole


def tag_to_resume(headers: Mapping[str, str]) -> str | None:
    """The entity tag by which a client says what it has already."""
    for name in (hdrs.IF_RANGE, hdrs.IF_MATCH, hdrs.IF_NONE_MATCH):
        tags = _TAGS.findall(headers.get(name, ""))
        if tags:
            return str(tags[0]).removeprefix("W/")
    return None


def _precondition(headers: Mapping[str, str], etag: str, modified_s: int) -> int | None:
    match = headers.get(hdrs.IF_MATCH)
    if match is not None:
        if match.strip() != "*" and etag not in _TAGS.findall(match):
            return 412
    elif _is_later(modified_s, headers.get(hdrs.IF_UNMODIFIED_SINCE)) is True:
        return 412
    none_match = headers.get(hdrs.IF_NONE_MATCH)
    if none_match is not None:
        tags = [tag.removeprefix("W/") for tag in _TAGS.findall(none_match)]
        return 304 if none_match.strip() == "*" or etag in tags else None
    if _is_later(modified_s, headers.get(hdrs.IF_MODIFIED_SINCE)) is False:
        return 304
    return None


def _is_later(modified_s: int, header: str | None) -> bool | None:
    """Whether it changed after the date of a header; None: there is no date."""
    date_s = _date_s(header)
    return None if date_s is None else modified_s > date_s


def _may_continue(if_range: str | None, etag: str, modified_s: int) -> bool:
    """Whether what the client has is the beginning of what we would send."""
    if if_range is None:
        return True
    if '"' in if_range:
        return if_range.strip() == etag
    return _date_s(if_range) == modified_s


def _date_s(header: str | None) -> int | None:
    try:
        return int(parsedate_to_datetime(header or "").timestamp())
    except (ValueError, OverflowError, TypeError):
        return None


def _range(text: str, size: int) -> Part | None:
    """The one range asked for; None: it is not understood, and so has no meaning."""
    unit, _, listed = text.partition("=")
    if unit.strip().lower() != "bytes":
        return None
    ranges = [part.strip() for part in listed.split(",") if part.strip()]
    if len(ranges) > 1:
        return Part(416)
    found = _RANGE.fullmatch(ranges[0]) if ranges else None
    if found is None or found[0] == "-":
        return None
    if not found[1]:
        length = min(int(found[2]), size)
        return Part(206, size - length, size - 1) if length else Part(416)
    first = int(found[1])
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    if found[2] and int(found[2]) < first:
        return None
    return Part(206, first, last) if first < size else Part(416)
