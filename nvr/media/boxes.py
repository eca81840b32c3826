"""ISO base media boxes (ISO/IEC 14496-12 section 4.2): made, and walked with care.

Walking never reads outside the bytes it was given and never believes a length that
does not fit: whatever is wrong is a `MediaError`.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from nvr.base.errors import MediaError

HEADER_BYTES = 8
LARGE_HEADER_BYTES = 16
UUID_HEADER_BYTES = 24

_HEADER = struct.Struct(">I4s")
_LARGE = struct.Struct(">I4sQ")
MOST_BOX_BYTES = 0xFFFF_FFFF


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of these parts; at most 4 GiB."""
    size_bytes = HEADER_BYTES + sum(map(len, parts))
    return b"".join((_HEADER.pack(size_bytes, kind), *parts))


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """A box that begins with a version and 24 flags."""
    return box(kind, (version << 24 | flags).to_bytes(4, "big"), *parts)


def uuid_box(identity: UUID, *parts: bytes) -> bytes:
    """A box of a type of our own."""
    return box(b"uuid", identity.bytes, *parts)


def header(kind: bytes, content_bytes: int) -> bytes:
    """The 8 bytes in front of that much content."""
    size_bytes = HEADER_BYTES + content_bytes
    if size_bytes > MOST_BOX_BYTES:
        raise MediaError(f"{content_bytes} bytes do not fit into one box")
    return _HEADER.pack(size_bytes, kind)


def large_header(kind: bytes, size_bytes: int) -> bytes:
    """A header of 16 bytes for a box of `size_bytes` in all."""
    return _LARGE.pack(1, kind, size_bytes)


class Box(NamedTuple):
    """A box found in bytes: `data[start:end]` is its content."""

    kind: bytes
    start: int
    end: int


class BoxHeader(NamedTuple):
    """How a box begins. `size_bytes` is of the whole box."""

    kind: bytes
    header_bytes: int
    size_bytes: int


def read_header(data: bytes, at: int = 0) -> BoxHeader:
    """The header at `at`. A box up to the end of the file (size 0) is refused."""
    if len(data) - at < HEADER_BYTES:
        raise MediaError("a box header is cut off")
    size_bytes, kind = _HEADER.unpack_from(data, at)
    header_bytes = HEADER_BYTES
    if size_bytes == 1:
        header_bytes = LARGE_HEADER_BYTES
        if len(data) - at < header_bytes:
            raise MediaError("a box header is cut off")
        size_bytes = _LARGE.unpack_from(data, at)[2]
    if size_bytes < header_bytes:
        raise MediaError(f"box {kind!r} claims a size of {size_bytes} bytes")
    return BoxHeader(kind, header_bytes, size_bytes)


def walk(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes that lie side by side in `data[start:end]`, which they fill."""
    stop = len(data) if end is None else end
    while start < stop:
        found = read_header(data, start)
        if found.size_bytes > stop - start:
            raise MediaError(f"box {found.kind!r} is longer than what holds it")
        yield Box(found.kind, start + found.header_bytes, start + found.size_bytes)
        start += found.size_bytes


def find(data: bytes, *path: bytes, within: Box | None = None) -> Box | None:
    """The first box at this path of kinds; None when there is none."""
    found = within
    for kind in path:
        start, end = (0, None) if found is None else (found.start, found.end)
        found = next((b for b in walk(data, start, end) if b.kind == kind), None)
        if found is None:
            return None
    return found


def need(data: bytes, *path: bytes, within: Box | None = None) -> Box:
    """The first box at this path, which must be there."""
    found = find(data, *path, within=within)
    if found is None:
        raise MediaError(f"there is no box {b'/'.join(path).decode('latin-1')!r}")
    return found


def unpack(layout: struct.Struct, data: bytes, at: int, end: int) -> tuple[int, ...]:
    """Fields at `at`, which must lie before `end`."""
    if at < 0 or at + layout.size > min(end, len(data)):
        raise MediaError("a box is shorter than its fields")
    return layout.unpack_from(data, at)
