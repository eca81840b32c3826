"""What RFC 8216bis asks of playlists, checked line by line.

Written from the specification alone and shares nothing with what makes playlists.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(?:,|$)')
_ONCE = (
    "EXT-X-VERSION",
    "EXT-X-TARGETDURATION",
    "EXT-X-MEDIA-SEQUENCE",
    "EXT-X-DISCONTINUITY-SEQUENCE",
    "EXT-X-PLAYLIST-TYPE",
    "EXT-X-INDEPENDENT-SEGMENTS",
    "EXT-X-START",
    "EXT-X-ENDLIST",
)
_OF_SEGMENTS = ("EXTINF", "EXT-X-BYTERANGE", "EXT-X-DISCONTINUITY", "EXT-X-MAP")


@dataclass(frozen=True)
class Listed:
    """One media segment as a playlist names it."""

    uri: str
    duration: float
    first: int
    length: int
    map: tuple[str, int, int]
    date: datetime
    is_discontinuous: bool
    sequence: int
    discontinuity: int


@dataclass
class Checked:
    """A media playlist that keeps the rules."""

    target: int
    is_ended: bool
    kind: str
    tags: dict[str, str]
    segments: list[Listed] = field(default_factory=list)


def check(text: str) -> Checked:
    """Assert the rules of a media playlist of fragmented MP4 in byte ranges."""
    lines = _lines(text)
    tags = _single_tags(lines)
    version = int(tags["EXT-X-VERSION"])
    assert version >= 6, "EXT-X-MAP (section 8)"
    target = int(tags["EXT-X-TARGETDURATION"])
    sequence = int(tags.get("EXT-X-MEDIA-SEQUENCE", "0"))
    discontinuity = int(tags.get("EXT-X-DISCONTINUITY-SEQUENCE", "0"))
    checked = Checked(
        target, "EXT-X-ENDLIST" in tags, tags.get("EXT-X-PLAYLIST-TYPE", ""), tags
    )
    pending: dict[str, str] = {}
    described: tuple[str, int, int] | None = None
    for line in lines[1:]:
        if line.startswith("#"):
            name, _, value = line[1:].partition(":")
            if name in (*_OF_SEGMENTS, "EXT-X-PROGRAM-DATE-TIME"):
                assert name not in pending, f"{name} twice for one segment"
                pending[name] = value
            if name == "EXT-X-MAP":
                described = _map(value)
            continue
        assert not line.startswith("/") and "://" not in line
        length, first = _range(pending["EXT-X-BYTERANGE"])
        duration, comma, _ = pending["EXTINF"].partition(",")
        assert comma, "EXTINF ends in a comma (4.4.4.1)"
        assert re.fullmatch(r"\d+\.\d+", duration)
        assert int(float(duration) + 0.5) <= target, "4.4.3.1"
        assert float(duration) > 0
        assert described is not None, "fragmented MP4 needs EXT-X-MAP (3.1.2)"
        discontinuity += "EXT-X-DISCONTINUITY" in pending
        listed = Listed(
            uri=line,
            duration=float(duration),
            first=first,
            length=length,
            map=described,
            date=datetime.fromisoformat(pending["EXT-X-PROGRAM-DATE-TIME"]),
            is_discontinuous="EXT-X-DISCONTINUITY" in pending,
            sequence=sequence,
            discontinuity=discontinuity,
        )
        assert listed.date.tzinfo is not None, "a zone should be given (4.4.4.6)"
        checked.segments.append(listed)
        sequence += 1
        pending = {}
    assert not pending, "tags without a segment"
    assert checked.segments
    _check_order(checked)
    return checked


def check_reload(before: Checked, after: Checked) -> None:
    """Assert what may change from one load of a live playlist to the next (6.2.2)."""
    assert before.target == after.target, "TARGETDURATION must not change"
    oldest = after.segments[0]
    known = {each.sequence: each for each in before.segments}
    assert oldest.sequence >= before.segments[0].sequence
    for each in after.segments:
        if each.sequence in known:
            assert each == known[each.sequence]
    kept = sum(each.duration for each in after.segments)
    is_shorter = oldest.sequence > before.segments[0].sequence
    assert not is_shorter or kept >= 3 * after.target


def check_multivariant(text: str) -> tuple[dict[str, str], str]:
    """Assert the rules of a multivariant playlist; its attributes and address."""
    lines = _lines(text)
    at = next(n for n, line in enumerate(lines) if "EXT-X-STREAM-INF" in line)
    told = _attributes(lines[at].partition(":")[2])
    assert int(told["BANDWIDTH"]) >= int(told["AVERAGE-BANDWIDTH"]) > 0
    assert re.fullmatch(r'"(avc1|hvc1)\.[^"]+"', told["CODECS"])
    assert not any("EXTINF" in line or "TARGETDURATION" in line for line in lines)
    return told, lines[at + 1]


def _lines(text: str) -> list[str]:
    assert text.endswith("\n") and "\r" not in text and not text.startswith("\ufeff")
    lines = text.split("\n")[:-1]
    assert lines[0] == "#EXTM3U", "4.4.1.1"
    assert all(line == line.strip() and line for line in lines)
    return lines


def _single_tags(lines: list[str]) -> dict[str, str]:
    tags: dict[str, str] = {}
    is_begun = False
    for line in lines:
        name, _, value = line[1:].partition(":")
        is_begun |= not line.startswith("#")
        if name in _ONCE:
            assert name not in tags, f"{name} twice"
            tags[name] = value
            if name.endswith("SEQUENCE"):
                assert not is_begun, "before the first segment (4.4.3.2)"
    return tags


def _map(value: str) -> tuple[str, int, int]:
    attributes = _attributes(value)
    uri = attributes["URI"].strip('"')
    length, first = _range(attributes["BYTERANGE"].strip('"'))
    return uri, first, length


def _attributes(value: str) -> dict[str, str]:
    found = _ATTRIBUTE.findall(value)
    assert len(found) == len({name for name, _ in found}), "4.2"
    assert ",".join(f"{name}={text}" for name, text in found) == value
    return dict(found)


def _range(value: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+)@(\d+)", value)
    assert found is not None
    return int(found[1]), int(found[2])


def _check_order(checked: Checked) -> None:
    for before, after in pairwise(checked.segments):
        if before.uri == after.uri:
            assert after.first >= before.first + before.length
        seconds = (after.date - before.date).total_seconds()
        if not after.is_discontinuous:
            assert abs(seconds - before.duration) < 0.15
    if checked.kind == "VOD":
        assert checked.is_ended
