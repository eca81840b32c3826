"""The `moov`: the short one in front of fragments and the full one of a closed file.

Both are made for players that know nothing of us; the full one is also what a clip
begins with, made from the indexes of the segments it touches.
"""

import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from nvr.base.model import AUDIO, VIDEO, AudioTrack, StreamFormat, VideoTrack
from nvr.media import boxes
from nvr.media.sample_entry import audio_entry, video_entry
from nvr.media.track_index import TrackIndex

MOVIE_RATE = 90_000
"""Ticks a second of what is not inside a track."""

VIDEO_ID = VIDEO + 1
AUDIO_ID = AUDIO + 1
_EPOCH_1904_S = 2_082_844_800
_MATRIX = b"".join(
    n.to_bytes(4, "big") for n in (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
)
_LANGUAGE = b"\x55\xc4\x00\x00"  # "und"
_TRACK_IS_SHOWN = 3
_SELF_CONTAINED = boxes.box(
    b"dinf",
    boxes.full_box(b"dref", 0, 0, b"\x00\x00\x00\x01", boxes.full_box(b"url ", 0, 1)),
)


@dataclass(frozen=True, slots=True)
class Edit:
    """What of a track is shown: after `delay`, `length` ticks from `media_time` on.

    All in the track's clock rate; `media_time` counts presentation times from the
    decode time of the first sample.
    """

    delay: int
    media_time: int
    length: int


@dataclass(frozen=True, slots=True)
class Track:
    """One track of a full `moov`. `edit` None: from the first sample to the last."""

    coded: VideoTrack | AudioTrack
    index: TrackIndex
    edit: Edit | None = None


def fragment_moov(form: StreamFormat) -> bytes:
    """A `moov` without samples, for fragments to follow."""
    coded = [track for track in (form.video, form.audio) if track is not None]
    tracks = [_track_box(Track(track, _empty(track.clock_rate)), 0) for track in coded]
    extends = [
        boxes.full_box(b"trex", 0, 0, _u32((_track_id(track), 1, 0, 0, 0)))
        for track in coded
    ]
    return boxes.box(
        b"moov", _movie_header(0, 0), *tracks, boxes.box(b"mvex", *extends)
    )


def build_moov(tracks: Sequence[Track], *, creation_us: int = 0) -> bytes:
    """A `moov` with all samples at the offsets their indexes name."""
    created_s = creation_us // 1_000_000 + _EPOCH_1904_S if creation_us else 0
    length = max((_shown_ticks(track) for track in tracks), default=0)
    return boxes.box(
        b"moov",
        _movie_header(created_s, length),
        *(_track_box(track, created_s) for track in tracks),
    )


def full_index(
    form: StreamFormat,
    video: TrackIndex | None,
    audio: TrackIndex | None,
    *,
    creation_us: int = 0,
) -> bytes:
    """The `moov` of a file that shows all its samples at their times.

    A track of which nothing came is left out, because some players wait for its first
    sample; unless nothing came at all.
    """
    is_empty = video is None and audio is None
    tracks = []
    for coded, index in ((form.video, video), (form.audio, audio)):
        if coded is not None and (index is not None or is_empty):
            tracks.append(Track(coded, index or _empty(coded.clock_rate)))
    return build_moov(tracks, creation_us=creation_us)


# -- boxes of the movie and of a track -----------------------------------------


def _movie_header(created_s: int, length: int) -> bytes:
    return boxes.full_box(
        b"mvhd",
        1,
        0,
        _u64((created_s, created_s)),
        _u32((MOVIE_RATE,)),
        _u64((length,)),
        b"\x00\x01\x00\x00\x01\x00" + bytes(10),  # rate 1, volume 1, reserved
        _MATRIX,
        bytes(24),
        _u32((AUDIO_ID + 1,)),
    )


def _track_box(track: Track, created_s: int) -> bytes:
    coded, index = track.coded, track.index
    is_video = isinstance(coded, VideoTrack)
    handler = b"vide" if is_video else b"soun"
    name = b"video\0" if is_video else b"sound\0"
    kind_header = (
        boxes.full_box(b"vmhd", 0, 1, bytes(8))
        if is_video
        else boxes.full_box(b"smhd", 0, 0, bytes(4))
    )
    media = boxes.box(
        b"mdia",
        _media_header(created_s, coded.clock_rate, sum(index.durations)),
        boxes.full_box(b"hdlr", 0, 0, bytes(4), handler, bytes(12), name),
        boxes.box(b"minf", kind_header, _SELF_CONTAINED, _sample_table(coded, index)),
    )
    return boxes.box(b"trak", _track_header(track, created_s), *_edits(track), media)


def _track_header(track: Track, created_s: int) -> bytes:
    coded = track.coded
    is_video = isinstance(coded, VideoTrack)
    return boxes.full_box(
        b"tkhd",
        1,
        _TRACK_IS_SHOWN,
        _u64((created_s, created_s)),
        _u32((_track_id(coded), 0)),
        _u64((_shown_ticks(track), 0)),
        bytes(4) + (bytes(4) if is_video else b"\x01\x00\x00\x00"),  # volume
        _MATRIX,
        _u32((coded.width << 16, coded.height << 16))
        if isinstance(coded, VideoTrack)
        else bytes(8),
    )


def _media_header(created_s: int, clock_rate: int, length: int) -> bytes:
    times = _u64((created_s, created_s))
    return boxes.full_box(
        b"mdhd", 1, 0, times, _u32((clock_rate,)), _u64((length,)), _LANGUAGE
    )


def _edits(track: Track) -> list[bytes]:
    """`edts`, when not simply every sample is shown from zero on."""
    edit = _edit_of(track)
    if track.edit is None and not edit.delay:
        return []
    rate = track.coded.clock_rate
    entries = []
    if edit.delay:
        entries.append(_u64((_movie_ticks(edit.delay, rate),)) + b"\xff" * 8)
    entries.append(_u64((_movie_ticks(edit.length, rate), edit.media_time)))
    table = b"".join(entry + b"\x00\x01\x00\x00" for entry in entries)
    count = _u32((len(entries),))
    return [boxes.box(b"edts", boxes.full_box(b"elst", 1, 0, count, table))]


def _edit_of(track: Track) -> Edit:
    if track.edit is not None:
        return track.edit
    index = track.index
    return Edit(max(index.base_time, 0), 0, sum(index.durations))


def _shown_ticks(track: Track) -> int:
    edit, rate = _edit_of(track), track.coded.clock_rate
    delay = _movie_ticks(edit.delay, rate) if edit.delay else 0
    return delay + _movie_ticks(edit.length, rate)


def _movie_ticks(ticks: int, rate: int) -> int:
    # Rounded up: an edit that is a hair too short costs a player its last sample.
    return -(-ticks * MOVIE_RATE // rate)


# -- the tables of samples -----------------------------------------------------


def _sample_table(coded: VideoTrack | AudioTrack, index: TrackIndex) -> bytes:
    is_video = isinstance(coded, VideoTrack)
    entry = video_entry(coded) if isinstance(coded, VideoTrack) else audio_entry(coded)
    tables = [
        boxes.full_box(b"stsd", 0, 0, _u32((1,)), entry),
        boxes.full_box(b"stts", 0, 0, _runs(index.durations)),
    ]
    if index.composition is not None:
        tables.append(boxes.full_box(b"ctts", 1, 0, _runs(index.composition)))
    if is_video and len(index.keys) < len(index.sizes):
        # A table of sync samples counts from 1; none at all means all are.
        keys = array("I", [key + 1 for key in index.keys])
        tables.append(boxes.full_box(b"stss", 0, 0, _u32((len(keys),)), _bytes(keys)))
    tables += [
        boxes.full_box(b"stsc", 0, 0, _chunk_runs(index.chunk_lengths)),
        boxes.full_box(b"stsz", 0, 0, _u32((0, len(index.sizes))), _bytes(index.sizes)),
        boxes.full_box(
            b"co64", 0, 0, _u32((len(index.offsets),)), _bytes(index.offsets)
        ),
    ]
    return boxes.box(b"stbl", *tables)


def _runs(values: "array[int]") -> bytes:
    """(how many, value) for each run of equal values, with their number in front."""
    table = array("I")
    if values and values.count(values[0]) == len(values):
        table.extend((len(values), values[0] & 0xFFFF_FFFF))
    else:
        for value, run in groupby(values):
            table.extend((len(list(run)), value & 0xFFFF_FFFF))
    return _u32((len(table) // 2,)) + _bytes(table)


def _chunk_runs(lengths: "array[int]") -> bytes:
    """(first chunk, samples in each, entry 1) wherever the length changes."""
    table = array("I")
    for number, length in enumerate(lengths, 1):
        if not table or table[-2] != length:
            table.extend((number, length, 1))
    return _u32((len(table) // 3,)) + _bytes(table)


def _empty(clock_rate: int) -> TrackIndex:
    return TrackIndex(
        clock_rate=clock_rate,
        base_time=0,
        durations=array("I"),
        sizes=array("I"),
        composition=None,
        keys=array("I"),
        offsets=array("Q"),
        chunk_lengths=array("I"),
    )


def _track_id(coded: VideoTrack | AudioTrack) -> int:
    return VIDEO_ID if isinstance(coded, VideoTrack) else AUDIO_ID


def _bytes(values: "array[int]") -> bytes:
    """The array in the byte order of files."""
    if sys.byteorder == "little":
        values = values[:]
        values.byteswap()
    return values.tobytes()


def _u32(values: Iterable[int]) -> bytes:
    return b"".join(value.to_bytes(4, "big") for value in values)


def _u64(values: Iterable[int]) -> bytes:
    return b"".join(value.to_bytes(8, "big") for value in values)
