"""What stands before the fragments of a segment file: made, and read back."""

import struct
from dataclasses import dataclass

from nvr.base.errors import MediaError
from nvr.base.model import AudioTrack, StreamFormat, VideoTrack
from nvr.media import boxes, segment_layout
from nvr.media.boxes import Box
from nvr.media.fragment_walk import Read
from nvr.media.movie import fragment_moov
from nvr.media.sample_entry import parse_audio_entry, parse_video_entry
from nvr.media.segment_layout import FILE_TYPE, RESERVED, RESERVED_BYTES, Description

USUAL_HEAD_BYTES = 4 << 10
MOST_HEAD_BYTES = 1 << 20
_U32 = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Head:
    """The first part of a file. `content` is its bytes as they are."""

    content: bytes
    description: Description
    format: StreamFormat
    reserved_offset: int

    @property
    def size_bytes(self) -> int:
        """Where the fragments begin."""
        return len(self.content)

    @property
    def init_offset(self) -> int:
        """Where the `moov` for the fragments begins."""
        return self.reserved_offset + RESERVED_BYTES

    @property
    def covered_end(self) -> int | None:
        """Where a closed file says its full `moov` begins; None of an open one."""
        start = self.reserved_offset
        reserved = self.content[start : start + RESERVED_BYTES]
        covered = segment_layout.covered_bytes(reserved)
        return None if covered is None else start + covered


def make_head(description: Description, form: StreamFormat) -> bytes:
    """The first bytes of a new file."""
    about = segment_layout.description_box(description)
    return FILE_TYPE + about + RESERVED + fragment_moov(form)


def read_head(read: Read) -> Head:
    """Read and understand the head; `MediaError` when this is none of our files."""
    content = read(0, USUAL_HEAD_BYTES)
    reserved = segment_layout.reserved_offset(content)
    if reserved + RESERVED_BYTES + boxes.HEADER_BYTES > len(content):
        content = read(0, reserved + USUAL_HEAD_BYTES)
    init = reserved + RESERVED_BYTES
    moov = boxes.read_header(content, init)
    end = init + moov.size_bytes
    if moov.kind != b"moov" or end > MOST_HEAD_BYTES:
        raise MediaError("there is no moov in front of the fragments")
    if end > len(content):
        content = read(0, end)
    if end > len(content):
        raise MediaError("the head is cut off")
    content = content[:end]
    return Head(
        content=content,
        description=_description(content, reserved),
        format=read_format(content[init:end]),
        reserved_offset=reserved,
    )


def read_format(moov: bytes) -> StreamFormat:
    """The tracks that a `moov` of ours describes."""
    inside = boxes.need(moov, b"moov")
    video: VideoTrack | None = None
    audio: AudioTrack | None = None
    for trak in boxes.walk(moov, inside.start, inside.end):
        if trak.kind != b"trak":
            continue
        track = _track(moov, boxes.need(moov, b"mdia", within=trak))
        if isinstance(track, VideoTrack):
            video = track
        else:
            audio = track
    return StreamFormat(video, audio)


def _description(content: bytes, reserved: int) -> Description:
    start = boxes.read_header(content).size_bytes + boxes.UUID_HEADER_BYTES
    identity = content[start - 16 : start]
    if identity != segment_layout.DESCRIPTION.bytes:
        raise MediaError("the file has no description")
    return segment_layout.parse_description(content[start:reserved])


def _track(moov: bytes, mdia: Box) -> VideoTrack | AudioTrack:
    mdhd = boxes.need(moov, b"mdhd", within=mdia)
    (clock_rate,) = boxes.unpack(_U32, moov, mdhd.start + 20, mdhd.end)
    if not clock_rate:
        raise MediaError("a track has no clock rate")
    hdlr = boxes.need(moov, b"hdlr", within=mdia)
    stsd = boxes.need(moov, b"minf", b"stbl", b"stsd", within=mdia)
    entry = next(boxes.walk(moov, stsd.start + 8, stsd.end), None)
    if entry is None:
        raise MediaError("a track has no sample entry")
    if moov[hdlr.start + 8 : hdlr.start + 12] == b"vide":
        return parse_video_entry(moov, entry, clock_rate)
    return parse_audio_entry(moov, entry, clock_rate)
