"""Clips: any interval of a stream as one MP4, composed and never rendered.

A clip is `ftyp`, `moov` and one `mdat`. The `moov` is made from the indexes of the
segments touched; what is in the `mdat` is sent out of their files. So its size and
entity tag are known before the first byte, any part of it can be sent again, and an
hour costs hardly more than a second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from nvr.base.errors import NotFound, NvrError
from nvr.base.model import (
    SECOND_US,
    Camera,
    Gap,
    Role,
    Segment,
    SegmentState,
    VolumeId,
)
from nvr.play.clip_head import head_of
from nvr.play.clip_name import clip_name
from nvr.play.footage import FootageCatalogue, Places, SegmentFiles
from nvr.play.gaps import clipped, with_missing
from nvr.play.join import Joined, Joint, join
from nvr.play.nearest import nothing_there
from nvr.play.parts import FilePiece, Part, cut_parts
from nvr.play.pieces import Piece, holes, media_bytes, pieces_of, touched
from nvr.play.pin import Pin, of_etag

LONGEST_US = 24 * 3600 * SECOND_US
MIME = "video/mp4"
_FORM = b"clip 1"
"""Changes with every change to what is made of the same footage: it is in the tag."""


class BadInterval(NvrError):
    """No clip of such an interval is made; the message says why."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that can be sent, whole or in part, any number of times.

    `start_us` and `end_us` are of the footage in it, inside the interval asked for;
    `gaps` are what the interval asked for has not, with their causes. As long as the
    footage is kept, composing the same interval gives the same bytes under the same
    `etag`. When `is_growing`, the interval ends in footage still being recorded:
    give the `etag` as `resume` to get these very bytes again later.
    """

    parts: list[Part]
    size_bytes: int
    etag: str
    start_us: int
    end_us: int
    duration_us: int
    gaps: list[Gap]
    filename: str
    is_growing: bool
    mime: str = MIME

    def slice(self, first: int, last: int) -> list[Part]:
        """The bytes from `first` to `last`, both included, as HTTP counts ranges."""
        return cut_parts(self.parts, first, last)


class _Wish(NamedTuple):
    """What is asked for."""

    camera: Camera
    role: Role
    start_us: int
    end_us: int
    has_audio: bool


def compose(
    catalogue: FootageCatalogue,
    volumes: Mapping[VolumeId, Places],
    camera: Camera,
    role: Role,
    start_us: int,
    end_us: int,
    *,
    files: SegmentFiles | None = None,
    resume: str | None = None,
    has_audio: bool = True,
) -> Clip:
    """The clip of an interval. Blocks for the disk and the catalogue.

    `files` keeps indexes from one call to the next. Without `has_audio` no sound is
    sent at all. Raises `BadInterval`; `NotFound` when there is no footage at all,
    naming the nearest; `Conflict` when the footage cannot be in one clip, naming the
    instant where it changes.
    """
    check_interval(start_us, end_us)
    wish = _Wish(camera, role, start_us, end_us, has_audio)
    files = files or SegmentFiles(volumes)
    rows = catalogue.segments(camera.id, role, start_us, end_us)
    pin = of_etag(resume)
    if pin is not None and any(row.id == pin.segment_id for row in rows):
        # A tag of other footage is not an error: the caller compares the tags.
        resumed = _composed(catalogue, files, wish, rows, pin)
        if resumed is not None and resumed.etag == resume:
            return resumed
    made = _composed(catalogue, files, wish, rows, None)
    if made is None:
        raise NotFound(nothing_there(catalogue, camera, role, start_us, end_us))
    return made


def check_interval(start_us: int, end_us: int) -> None:
    """Raise `BadInterval` for what is no interval, or longer than a day."""
    if end_us <= start_us:
        raise BadInterval("the end of a clip must be after its start")
    if end_us - start_us > LONGEST_US:
        raise BadInterval(
            "a clip is at most 24 hours long; ask for the day in several clips"
        )


def _composed(
    catalogue: FootageCatalogue,
    files: SegmentFiles,
    wish: _Wish,
    rows: Sequence[Segment],
    pin: Pin | None,
) -> Clip | None:
    camera, role, start_us, end_us, has_audio = wish
    found = touched(files, rows, start_us, end_us, pin)
    pieces = pieces_of(found, start_us, end_us, has_audio=has_audio)
    if not pieces:
        return None
    joined = join([Joint(piece.cut, piece.is_after_gap) for piece in pieces])
    head = head_of(pieces, joined)
    parts: list[Part] = [head]
    for piece in pieces:
        path = files.path(piece.segment)
        parts += [FilePiece(path, r.start, r.end - r.start) for r in piece.cut.ranges]
    told = clipped(catalogue.gaps(camera.id, role, start_us, end_us), start_us, end_us)
    open_end = _open_end(pieces[-1], end_us)
    return Clip(
        parts=parts,
        size_bytes=len(head) + media_bytes(pieces),
        etag=_etag(pieces, joined, open_end),
        start_us=pieces[0].cut.span.start_us,
        end_us=pieces[-1].cut.span.end_us,
        duration_us=joined.video.shown * SECOND_US // joined.video.clock_rate,
        gaps=with_missing(told, holes(pieces), camera.id, role),
        filename=clip_name(camera, start_us, end_us),
        is_growing=open_end is not None
        and pieces[-1].segment.state is SegmentState.OPEN,
    )


def _open_end(last: Piece, end_us: int) -> Pin | None:
    """Where the clip would go on if the open segment it ends in were longer."""
    index = last.prepared.index
    if index.is_closed or last.cut.span.end_us > end_us:
        return None
    return Pin(last.segment.id, len(index.marks))


def _etag(pieces: Sequence[Piece], joined: Joined, pin: Pin | None) -> str:
    """Strong: closed segments never change, and of each the part is named."""
    digest = sha256(_FORM)
    for piece in pieces:
        tracks = [track for track in (piece.cut.video, piece.cut.audio) if track]
        digest.update(
            repr(
                (
                    piece.segment.id,
                    piece.is_after_gap,
                    [tuple(each) for each in piece.cut.ranges],
                    [(t.start_time, t.samples.count, t.samples.length) for t in tracks],
                    piece.cut.span,
                )
            ).encode()
        )
    digest.update(repr((joined.video.shown, joined.closed_us)).encode())
    text = digest.hexdigest()[:32]
    return f'"{text}"' if pin is None else f'"{text}-{pin.segment_id}-{pin.fragments}"'
