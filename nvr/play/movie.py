"""The `moov` of a clip, from the joined tables of its segments.

Like the one that closes a segment, but with the tables given as runs (a clip of a day
has two million samples), an edit list, and as many sample descriptions as the footage
has parameter sets.
"""

import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from nvr.base.model import SECOND_US, AudioTrack, VideoTrack
from nvr.media import boxes
from nvr.media.sample_entry import audio_entry, video_entry
from nvr.play.join import JoinedTrack, composition_table, time_table

_EPOCH_1904_S = 2_082_844_800
_MATRIX = b"".join(
    n.to_bytes(4, "big") for n in (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
)
_UNDETERMINED = b"\x55\xc4"  # language "und"
_ONCE = b"\x00\x01\x00\x00"  # rate of an edit: 1
_VIDEO = boxes.full_box(b"vmhd", 0, 1, bytes(8))
_SOUND = boxes.full_box(b"smhd", 0, 0, bytes(4))
_HERE = boxes.box(
    b"dinf",
    boxes.full_box(b"dref", 0, 0, b"\x00\x00\x00\x01", boxes.full_box(b"url ", 0, 1)),
)


@dataclass(frozen=True, slots=True)
class ClipTrack:
    """A track with its descriptions; `entries[piece]` says which one a piece uses."""

    track_id: int
    formats: Sequence[VideoTrack | AudioTrack]
    entries: Sequence[int]
    joined: JoinedTrack


class Movie:
    """A `moov` whose length is known before its chunks' places are."""

    def __init__(self, tracks: Sequence[ClipTrack], created_us: int) -> None:
        self._created_s = created_us // SECOND_US + _EPOCH_1904_S
        self._rate = tracks[0].joined.clock_rate
        self._tracks = tracks
        self._tables = [_tables(track) for track in tracks]

    def size_bytes(self) -> int:
        """How long `made` will be."""
        return sum(map(len, self._parts([b""] * len(self._tracks)))) + sum(
            8 * _chunks(track) for track in self._tracks
        )

    def made(self, places: Sequence["array[int]"]) -> bytes:
        """The box; `places` are the file offsets of each track's chunks."""
        return b"".join(self._parts([_big_endian(each) for each in places]))

    def _parts(self, places: Sequence[bytes]) -> list[bytes]:
        parts = [self._movie_header()]
        for track, tables, place in zip(
            self._tracks, self._tables, places, strict=True
        ):
            parts += self._track(track, tables, place)
        return _nest(b"moov", parts)

    def _movie_header(self) -> bytes:
        length = max(self._ticks(track, track.joined.delay) for track in self._tracks)
        return boxes.full_box(
            b"mvhd",
            1,
            0,
            self._created(),
            _u32(self._rate),
            _u64(length),
            b"\x00\x01\x00\x00\x01\x00" + bytes(10),  # rate 1, volume 1
            _MATRIX,
            bytes(24),
            _u32(max(track.track_id for track in self._tracks) + 1),
        )

    def _track(
        self, track: ClipTrack, tables: list[bytes], places: bytes
    ) -> list[bytes]:
        joined = track.joined
        media_header = boxes.full_box(
            b"mdhd",
            1,
            0,
            self._created(),
            _u32(joined.clock_rate),
            _u64(_length(joined)),
            _UNDETERMINED + bytes(2),
        )
        is_video = isinstance(track.formats[0], VideoTrack)
        handler = b"vide" if is_video else b"soun"
        name = b"video\0" if is_video else b"sound\0"
        handled = boxes.full_box(b"hdlr", 0, 0, bytes(4), handler, bytes(12), name)
        place_count = _u32(_chunks(track))
        table = _nest(b"stbl", [*tables, *_table(b"co64", 0, place_count, places)])
        information = _nest(b"minf", [_VIDEO if is_video else _SOUND, _HERE, *table])
        media = _nest(b"mdia", [media_header, handled, *information])
        return _nest(
            b"trak", [self._track_header(track), self._edit_list(track), *media]
        )

    def _track_header(self, track: ClipTrack) -> bytes:
        form = track.formats[0]
        size, volume = bytes(8), b"\x01\x00"
        if isinstance(form, VideoTrack):
            size = _u32(form.width << 16, form.height << 16)
            volume = bytes(2)
        return boxes.full_box(
            b"tkhd",
            1,
            3,  # enabled, in the movie
            self._created(),
            _u32(track.track_id, 0),
            _u64(self._ticks(track, track.joined.delay), 0),
            bytes(4) + volume + bytes(2),
            _MATRIX,
            size,
        )

    def _edit_list(self, track: ClipTrack) -> bytes:
        joined = track.joined
        edits = [_u64(self._ticks(track), joined.media_time) + _ONCE]
        if joined.delay:
            nothing = joined.delay * self._rate // joined.clock_rate
            edits.insert(0, _u64(nothing) + b"\xff" * 8 + _ONCE)
        return boxes.box(
            b"edts", boxes.full_box(b"elst", 1, 0, _u32(len(edits)), *edits)
        )

    def _ticks(self, track: ClipTrack, more: int = 0) -> int:
        """What is shown of a track, in the movie's clock rate, never a hair short."""
        joined = track.joined
        return -(-(joined.shown + more) * self._rate // joined.clock_rate)

    def _created(self) -> bytes:
        return _u64(self._created_s, self._created_s)


def _tables(track: ClipTrack) -> list[bytes]:
    """All tables of a track but the one of places, as pieces."""
    placed = track.joined.placed
    entries = [
        video_entry(form) if isinstance(form, VideoTrack) else audio_entry(form)
        for form in track.formats
    ]
    times = time_table(placed)
    pieces = [boxes.full_box(b"stsd", 0, 0, _u32(len(entries)), *entries)]
    pieces += _table(b"stts", 0, _u32(len(times) // 2), _big_endian(times))
    offsets = composition_table(track.joined)
    if offsets is not None:
        count = _u32(len(offsets) // 2)
        pieces += _table(b"ctts", 1, count, _big_endian(offsets))
    if isinstance(track.formats[0], VideoTrack):
        keys = _keys(track.joined)
        pieces += _table(b"stss", 0, _u32(len(keys)), _big_endian(keys))
    runs = _chunk_runs(track)
    sizes = array("I")
    for samples, _, _ in placed:
        sizes += samples.sizes
    pieces += _table(b"stsc", 0, _u32(len(runs) // 3), _big_endian(runs))
    pieces += _table(b"stsz", 0, _u32(0, len(sizes)), _big_endian(sizes))
    return pieces


def _table(kind: bytes, version: int, count: bytes, entries: bytes) -> list[bytes]:
    """A full box whose long content is not copied."""
    return _nest(kind, [bytes((version, 0, 0, 0)) + count, entries])


def _nest(kind: bytes, parts: list[bytes]) -> list[bytes]:
    """A box as pieces, so that what is in it is copied once, at the very end."""
    return [boxes.header(kind, sum(map(len, parts))), *parts]


def _keys(joined: JoinedTrack) -> "array[int]":
    """Numbers, from 1, of all key samples."""
    keys, before = array("I"), 1
    for samples, _, _ in joined.placed:
        keys.extend([key + before for key in samples.keys])
        before += samples.count
    return keys


def _chunk_runs(track: ClipTrack) -> "array[int]":
    """(first chunk, samples in each, description) wherever one of the two changes."""
    runs = array("I")
    before, number = (0, 0), 1
    for samples, _, piece in track.joined.placed:
        entry = track.entries[piece] + 1
        for length in samples.chunk_lengths:
            if (length, entry) != before:
                before = (length, entry)
                runs.extend((number, length, entry))
            number += 1
    return runs


def _chunks(track: ClipTrack) -> int:
    return sum(len(samples.offsets) for samples, _, _ in track.joined.placed)


def _length(joined: JoinedTrack) -> int:
    return sum(samples.length + stretch for samples, stretch, _ in joined.placed)


def _big_endian(values: "array[int]") -> bytes:
    if sys.byteorder == "little":
        values = values[:]
        values.byteswap()
    return values.tobytes()


def _u32(*values: int) -> bytes:
    return b"".join(value.to_bytes(4, "big") for value in values)


def _u64(*values: int) -> bytes:
    return b"".join(value.to_bytes(8, "big") for value in values)
