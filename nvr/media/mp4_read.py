"""Reading segment files: what is in them and where.

A closed file is known from its head and its tail; one that is being written, or has
lost its end, is walked fragment by fragment.
"""

from dataclasses import dataclass

from nvr.base.errors import MediaError
from nvr.base.model import AudioTrack, VideoTrack
from nvr.media import boxes
from nvr.media.fragment_walk import Read, walk
from nvr.media.movie import AUDIO_ID, VIDEO_ID
from nvr.media.sample_tables import read_track
from nvr.media.segment_head import Head, read_head
from nvr.media.segment_layout import Close, Description, FragmentMark, parse_close
from nvr.media.segment_tables import SegmentTables
from nvr.media.track_index import SegmentIndex, TrackIndex

__all__ = [
    "Description",
    "FragmentMark",
    "SegmentIndex",
    "Tail",
    "TrackIndex",
    "read_index",
    "read_tail",
    "read_tail_at",
]

MOST_TAIL_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Tail:
    """What stands behind the fragments of a closed file."""

    moov: bytes
    close: Close


def read_index(read: Read, size: int) -> SegmentIndex:
    """The index of a file of `size` bytes; `MediaError` when its head is not ours.

    Of a file that is not closed, or whose tail is damaged, all whole fragments are in
    it; their hashes are not computed.
    """
    head = read_head(read)
    tail = read_tail(read, size, head)
    if tail is not None:
        return _closed_index(head, tail)
    return _open_index(read, size, head)


def read_tail(read: Read, size: int, head: Head) -> Tail | None:
    """The tail of a closed file; None of one that is open or whose tail is damaged."""
    start = head.covered_end
    return None if start is None else read_tail_at(read, size, head, start)


def read_tail_at(read: Read, size: int, head: Head, start: int) -> Tail | None:
    """The tail if a whole one of this file is all that follows from `start` on."""
    if not head.size_bytes <= start < size <= start + MOST_TAIL_BYTES:
        return None
    try:
        tail = read(start, size - start)
        moov_bytes = boxes.read_header(tail).size_bytes
        moov = tail[:moov_bytes]
        close = parse_close(tail[moov_bytes:], head=head.content, moov=moov)
    except MediaError:
        return None
    is_own = close.segment_id == head.description.segment_id
    return Tail(moov, close) if is_own else None


def _open_index(read: Read, size: int, head: Head) -> SegmentIndex:
    tables = SegmentTables(head.format)
    end_us = head.description.start.wall_us
    for found in walk(read, head.size_bytes, size, head.description.segment_id):
        tables.add_walked(found)
        end_us = max(end_us, found.end_us(head.format))
    return _index(
        head,
        video=tables.video,
        audio=tables.audio,
        marks=tables.marks,
        is_closed=False,
        end_us=end_us,
    )


def _closed_index(head: Head, tail: Tail) -> SegmentIndex:
    moov, close = tail.moov, tail.close
    inside = boxes.need(moov, b"moov")
    tracks: dict[int, TrackIndex] = {}
    coded: dict[int, tuple[VideoTrack | AudioTrack | None, int]] = {
        VIDEO_ID: (head.format.video, close.video_base),
        AUDIO_ID: (head.format.audio, close.audio_base),
    }
    for trak in boxes.walk(moov, inside.start, inside.end):
        if trak.kind != b"trak":
            continue
        tkhd = boxes.need(moov, b"tkhd", within=trak)
        track_id = int.from_bytes(moov[tkhd.start + 20 : tkhd.start + 24], "big")
        track, base_time = coded.get(track_id, (None, 0))
        if track is not None:
            tracks[track_id] = read_track(
                moov,
                trak,
                clock_rate=track.clock_rate,
                base_time=base_time,
                has_keys=track_id == VIDEO_ID,
            )
    return _index(
        head,
        video=tracks.get(VIDEO_ID),
        audio=tracks.get(AUDIO_ID),
        marks=close.marks,
        is_closed=True,
        end_us=close.end_us,
    )


def _index(
    head: Head,
    *,
    video: TrackIndex | None,
    audio: TrackIndex | None,
    marks: list[FragmentMark],
    is_closed: bool,
    end_us: int,
) -> SegmentIndex:
    return SegmentIndex(
        description=head.description,
        format=head.format,
        video=video,
        audio=audio,
        marks=marks,
        is_closed=is_closed,
        end_us=end_us,
        init_offset=head.init_offset,
        init_size=head.size_bytes - head.init_offset,
    )
