"""What stands in front of a clip's media: `ftyp`, `moov` and the `mdat`'s header."""

from array import array
from collections.abc import Sequence

from nvr.base import rfc3339
from nvr.base.errors import Conflict
from nvr.base.model import AUDIO, VIDEO, AudioTrack, VideoTrack
from nvr.media import boxes
from nvr.media.segment_layout import FILE_TYPE
from nvr.play.join import Joined, JoinedTrack
from nvr.play.movie import ClipTrack, Movie
from nvr.play.pieces import Piece, media_bytes, range_bytes
from nvr.play.ranges import moved

_MDAT_HEADER_BYTES = 16


def head_of(pieces: Sequence[Piece], joined: Joined) -> bytes:
    """All that stands before the media: `ftyp`, `moov`, the header of the `mdat`."""
    tracks = _tracks(pieces, joined)
    movie = Movie(tracks, pieces[0].cut.span.start_us)
    media_at = len(FILE_TYPE) + movie.size_bytes() + _MDAT_HEADER_BYTES
    places = _places(pieces, [track.joined for track in tracks], media_at)
    mdat = boxes.large_header(b"mdat", _MDAT_HEADER_BYTES + media_bytes(pieces))
    return FILE_TYPE + movie.made(places) + mdat


def _places(
    pieces: Sequence[Piece], tracks: Sequence[JoinedTrack], media_at: int
) -> "list[array[int]]":
    """Where the chunks of each track come to lie in the clip."""
    positions, position = [], media_at
    for piece in pieces:
        positions.append(position)
        position += range_bytes(piece)
    places = []
    for track in tracks:
        offsets = array("Q")
        for samples, _, n in track.placed:
            offsets += moved(samples.offsets, pieces[n].cut.ranges, positions[n])
        places.append(offsets)
    return places


def _tracks(pieces: Sequence[Piece], joined: Joined) -> list[ClipTrack]:
    pictures = [piece.prepared.index.format.video for piece in pieces]
    tracks = [_track(VIDEO + 1, pieces, pictures, joined.video)]
    if joined.audio is not None:
        sounds = [piece.prepared.index.format.audio for piece in pieces]
        tracks.append(_track(AUDIO + 1, pieces, sounds, joined.audio))
    return tracks


def _track(
    track_id: int,
    pieces: Sequence[Piece],
    formats: Sequence[VideoTrack | None] | Sequence[AudioTrack | None],
    joined: JoinedTrack,
) -> ClipTrack:
    """A track with each different description once."""
    known: list[VideoTrack | AudioTrack] = []
    entries = []
    used = {placed.piece for placed in joined.placed}
    for n, form in enumerate(formats):
        if form is None or n not in used:
            entries.append(0)
            continue
        if known and (form.codec, form.clock_rate) != (
            known[0].codec,
            known[0].clock_rate,
        ):
            raise Conflict(_change(pieces[n], known[0], form))
        if form not in known:
            known.append(form)
        entries.append(known.index(form))
    return ClipTrack(track_id, known, entries, joined)


def _change(
    piece: Piece, old: VideoTrack | AudioTrack, new: VideoTrack | AudioTrack
) -> str:
    what = "video" if isinstance(new, VideoTrack) else "audio"
    return (
        f"the {what} changes from {_coding(old)} to {_coding(new)} at "
        f"{rfc3339.text(piece.cut.span.start_us)}, and one clip cannot hold both: "
        "ask for the part before and the part after that instant"
    )


def _coding(form: VideoTrack | AudioTrack) -> str:
    return f"{form.codec.value} at {form.clock_rate} Hz"
