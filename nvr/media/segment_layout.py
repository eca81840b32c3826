"""How one of our segment files is laid out.

    ftyp
    uuid DESCRIPTION     what this is, as JSON: node, camera, segment, epoch, start
    free                 16 bytes RESERVED; at close the header of an mdat
    moov                 for the fragments that follow
    moof mdat uuid CHECK     any number of times
    moov                 full; appended at close
    uuid CLOSE           table of the fragments, their Merkle root, the end

While it grows the file is a fragmented MP4. At close the 16 reserved bytes become the
header of an `mdat` that ends where the full `moov` begins, and the file is an ordinary
MP4; what is inside keeps its place. Whoever walks the fragments steps over the 16
bytes whatever they hold, so a file is readable in every state of its close.

CHECK carries the SHA-256 of the `moof` and `mdat` in front of it with the segment's id
and the fragment's number, so that neither a torn write nor an old block of another
file passes for a fragment. CLOSE ends with the SHA-256 of all that no CHECK covers.
"""

import json
import struct
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from nvr.base.errors import MediaError
from nvr.base.model import CameraId, Moment, Role, RunId, SegmentId
from nvr.media import boxes

VERSION = 1
DESCRIPTION = UUID("8c5d1d1e-5a0e-4b0b-9a57-6e76725f6465")
CHECK = UUID("3f0b9e0c-7f5b-4d0f-8d4e-6e76725f6368")
CLOSE = UUID("b1a64f7e-0c53-4f5e-a1d2-6e76725f636c")

RESERVED_BYTES = 16
RESERVED = boxes.box(b"free", bytes(8))
FILE_TYPE = boxes.box(b"ftyp", b"isom", (512).to_bytes(4, "big"), b"isomiso6mp41")
MOST_DESCRIPTION_BYTES = 16 << 10

_CHECK = struct.Struct(">QIqq32s")
CHECK_BYTES = boxes.UUID_HEADER_BYTES + _CHECK.size
_CLOSE = struct.Struct(">BBHIQqqq32s")
_MARK = struct.Struct(">QIqq32s")
_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Description:
    """What a segment file says of itself."""

    node: str
    camera_id: CameraId
    role: Role
    segment_id: SegmentId
    run_id: RunId
    epoch: int
    start: Moment


class Check(NamedTuple):
    """The seal behind one fragment."""

    segment_id: int
    number: int
    wall_us: int
    mono_us: int
    digest: bytes


class FragmentMark(NamedTuple):
    """One fragment of a file: `moof` and `mdat`, without the check behind them."""

    number: int
    offset: int
    size_bytes: int
    wall_us: int
    video_time: int  # decode time of its first picture (of sound if it has none)
    digest: bytes  # SHA-256 of its bytes as the writer knew it


class Reason(IntEnum):
    """How a file came to its end."""

    CLOSED = 0
    RECOVERED = 1  # its writer died; finished at a later start


@dataclass(frozen=True, slots=True)
class Close:
    """The last box of a file. Bases are decode times of the first samples."""

    reason: Reason
    segment_id: int
    end_us: int
    video_base: int
    audio_base: int
    root: bytes
    marks: list[FragmentMark]


def description_box(description: Description) -> bytes:
    """The second box of a file."""
    text = {
        "version": VERSION,
        "node": description.node,
        "camera": description.camera_id,
        "role": description.role,
        "segment": description.segment_id,
        "run": description.run_id,
        "epoch": description.epoch,
        "wall_us": description.start.wall_us,
        "mono_us": description.start.mono_us,
    }
    return boxes.uuid_box(DESCRIPTION, json.dumps(text).encode())


def parse_description(content: bytes) -> Description:
    """From the bytes behind the box's UUID."""
    try:
        text = json.loads(content)
        if text["version"] != VERSION:
            raise MediaError(f"segment layout {text['version']!r} is not known here")
        return Description(
            node=str(text["node"]),
            camera_id=CameraId(str(text["camera"])),
            role=Role(text["role"]),
            segment_id=SegmentId(_integer(text["segment"])),
            run_id=RunId(_integer(text["run"])),
            epoch=_integer(text["epoch"]),
            start=Moment(_integer(text["wall_us"]), _integer(text["mono_us"])),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MediaError("the segment's description cannot be read") from error


def check_box(check: Check) -> bytes:
    """The box behind a fragment, always `CHECK_BYTES` long."""
    return boxes.uuid_box(CHECK, _CHECK.pack(*check))


_CHECK_START = check_box(Check(0, 0, 0, 0, b""))[: boxes.UUID_HEADER_BYTES]


def parse_check(data: bytes) -> Check:
    """From the whole box."""
    if len(data) != CHECK_BYTES or not data.startswith(_CHECK_START):
        raise MediaError("there is no check box behind the fragment")
    return Check(*_CHECK.unpack_from(data, boxes.UUID_HEADER_BYTES))


def close_box(close: Close, *, head: bytes, moov: bytes) -> bytes:
    """The last box. `head` is all before the fragments, `moov` the full one."""
    fields = _CLOSE.pack(
        VERSION,
        close.reason,
        0,
        len(close.marks),
        close.segment_id,
        close.end_us,
        close.video_base,
        close.audio_base,
        close.root,
    )
    content = fields + b"".join(pack_mark(mark) for mark in close.marks)
    return boxes.uuid_box(CLOSE, content, _seal(head, moov, content))


def parse_close(data: bytes, *, head: bytes, moov: bytes) -> Close:
    """From the whole box; refuses one that does not belong to this head and moov."""
    start = boxes.UUID_HEADER_BYTES
    table = start + _CLOSE.size
    if len(data) < table + _DIGEST_BYTES or data[8:start] != CLOSE.bytes:
        raise MediaError("there is no close box")
    version, reason, _, count, *numbers, root = _CLOSE.unpack_from(data, start)
    end = table + count * _MARK.size
    if version != VERSION or len(data) != end + _DIGEST_BYTES:
        raise MediaError("the close box has another length than it says")
    if data[end:] != _seal(head, moov, data[start:end]):
        raise MediaError("the close box does not fit the file")
    segment_id, end_us, video_base, audio_base = numbers
    return Close(
        reason=Reason.RECOVERED if reason else Reason.CLOSED,
        segment_id=segment_id,
        end_us=end_us,
        video_base=video_base,
        audio_base=audio_base,
        root=root,
        marks=unpack_marks(data[table:end]),
    )


def pack_mark(mark: FragmentMark) -> bytes:
    """One row of the table of fragments; its number is its place."""
    return _MARK.pack(*mark[1:])


def unpack_marks(table: bytes | bytearray) -> list[FragmentMark]:
    """All rows of a table of fragments."""
    return [
        FragmentMark(number, *fields)
        for number, fields in enumerate(_MARK.iter_unpack(table), 1)
    ]


def closed_header(covered_bytes: int) -> bytes:
    """What replaces RESERVED: an `mdat` over itself and all up to the full moov."""
    return boxes.large_header(b"mdat", covered_bytes)


def covered_bytes(reserved: bytes) -> int | None:
    """What `closed_header` was given; None while the file is open."""
    if len(reserved) < RESERVED_BYTES or reserved[:8] != _CLOSED_START:
        return None
    return int.from_bytes(reserved[8:RESERVED_BYTES], "big")


_CLOSED_START = closed_header(0)[:8]


def _seal(head: bytes, moov: bytes, content: bytes) -> bytes:
    """SHA-256 over what no check box covers, as if the file were not closed yet."""
    at = reserved_offset(head)
    seal = sha256(head[:at])
    seal.update(RESERVED)
    seal.update(head[at + RESERVED_BYTES :])
    seal.update(moov)
    seal.update(content)
    return seal.digest()


def reserved_offset(head: bytes) -> int:
    """Where the 16 reserved bytes are: behind `ftyp` and the description."""
    file_type = boxes.read_header(head)
    if file_type.kind != b"ftyp" or file_type.size_bytes > len(head):
        raise MediaError("the file does not begin with an ftyp")
    description = boxes.read_header(head, file_type.size_bytes)
    if (
        description.kind != b"uuid"
        or description.header_bytes != boxes.HEADER_BYTES
        or description.size_bytes > MOST_DESCRIPTION_BYTES
    ):
        raise MediaError("the file has no description")
    return file_type.size_bytes + description.size_bytes


def _integer(value: object) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is not a whole number")
    return value
