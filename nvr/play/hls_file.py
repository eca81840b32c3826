"""A segment file as players of HLS get it: the same bytes, at wall-clock time.

In each of our files time begins at zero. Here the time of every fragment counts from
1970 on the server's clock, by changing eight bytes of each track's `tfdt`; all else
keeps its place and is sent from the file. In front of the fragments stands an
initialization segment, filled up to the length of what it replaces. Sound that no
player of HLS takes (G.711) is named nowhere.
"""

import os
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from nvr.base.errors import MediaError
from nvr.base.model import SECOND_US, Codec, Segment, StreamFormat
from nvr.media import boxes
from nvr.media.fragment_shift import shifted
from nvr.media.fragment_walk import MOST_MOOF_BYTES
from nvr.media.movie import AUDIO_ID, VIDEO_ID
from nvr.media.mp4_read import SegmentIndex
from nvr.media.mp4_write import initialization
from nvr.media.segment_layout import CHECK_BYTES
from nvr.play.cut import Prepared
from nvr.play.instants import decode_times, presentation_times
from nvr.play.parts import FilePiece, Part, cut_parts

_FORM = "hls1"
"""Changes with every change to what is made of the same file: it is in the tag."""
_USUAL_MOOF_BYTES = 4 << 10
MOST_STEP_US = 2_000
"""By which time may move from fragment to fragment. The recorder moves it by 400 us,
and by more only after a connection; Chromium fills nothing shorter than 2 ms."""


@dataclass(frozen=True, slots=True)
class HlsFile:
    """One file; what is sent of it never changes, an open one only becomes longer."""

    segment: Segment
    path: Path
    prepared: Prepared

    @property
    def size_bytes(self) -> int:
        last = self.prepared.index.marks[-1]
        return last.offset + last.size_bytes + CHECK_BYTES

    @property
    def etag(self) -> str:
        return f'"{_FORM}-{self.segment.id}-{self.size_bytes}"'

    def slice(self, first: int, last: int) -> list[Part]:
        """The bytes from `first` to `last`, both included. Reads the headers of the
        fragments touched; `FileNotFoundError` when the file is gone."""
        marks = self.prepared.index.marks
        starts = [mark.offset for mark in marks]
        begun = max(bisect_right(starts, first) - 1, 0)
        stop = bisect_right(starts, last)
        origin = starts[begun]
        parts: list[Part] = []
        if first < origin:
            origin = 0
            parts.append(self._head())
        ends = [*starts[1:], self.size_bytes]
        form = playable(self.prepared.index.format)
        zeros = zeros_us(self.prepared, beginnings(self.prepared))
        file = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            for n in range(begun, stop):
                shifts = time_shifts(form, zeros[n])
                moof = shifted(_moof(file, starts[n]), shifts)
                rest = starts[n] + len(moof)
                parts += [moof, FilePiece(self.path, rest, ends[n] - rest)]
        finally:
            os.close(file)
        return cut_parts(parts, first - origin, last - origin)

    def _head(self) -> bytes:
        head = initialization(playable(self.prepared.index.format))
        spare = self.prepared.index.marks[0].offset - len(head)
        if spare < boxes.HEADER_BYTES:
            raise MediaError("there is no room in front of the fragments")
        return head + boxes.box(b"free", bytes(spare - boxes.HEADER_BYTES))


def init_bytes(index: SegmentIndex) -> int:
    """How many bytes at the start of an `HlsFile` are its initialization segment."""
    return len(initialization(playable(index.format)))


def playable(form: StreamFormat) -> StreamFormat:
    """What of a stream goes into HLS."""
    has_aac = form.audio is not None and form.audio.codec is Codec.AAC
    return form if has_aac else StreamFormat(form.video)


class Beginning(NamedTuple):
    """Where the pictures of a fragment begin: which fragment, and when in the file."""

    fragment: int  # from 0
    time: int
    is_key: bool


def beginnings(prepared: Prepared) -> list[Beginning]:
    """Of all fragments that have pictures, in order."""
    marks, video = prepared.index.marks, prepared.index.video
    assert video is not None, "a prepared file has pictures"
    shown = None
    if video.composition is not None:
        shown = presentation_times(video, decode_times(video))
    starts, keys = [mark.offset for mark in marks], set(video.keys)
    found, end = [], 0
    for offset, length in zip(video.offsets, video.chunk_lengths, strict=True):
        first, end = end, end + length
        n = max(bisect_right(starts, offset) - 1, 0)
        time = marks[n].video_time if shown is None else min(shown[first:end])
        found.append(Beginning(n, time, first in keys))
    return found


def zeros_us(prepared: Prepared, found: Sequence[Beginning]) -> list[int]:
    """For each fragment: when, since 1970, the file's time zero was.

    That moves a little from one to the next, as the camera's clock is led after the
    server's; never by more than players take without a word.
    """
    marks = prepared.index.marks
    zeros: list[int] = []
    zero = _zero_us(prepared, found[0])
    for each in found:
        zeros += [zero] * (each.fragment - len(zeros))
        late = _zero_us(prepared, each) - zero
        zero += max(-MOST_STEP_US, min(MOST_STEP_US, late))
    return zeros + [zero] * (len(marks) - len(zeros))


def _zero_us(prepared: Prepared, it: Beginning) -> int:
    rate = prepared.everything.video.clock_rate
    return prepared.index.marks[it.fragment].wall_us - it.time * SECOND_US // rate


def time_shifts(form: StreamFormat, zero_us: int) -> Mapping[int, int]:
    """How much later each track's time is on the server's clock than in the file."""
    tracks = ((VIDEO_ID, form.video), (AUDIO_ID, form.audio))
    return {
        track_id: zero_us * track.clock_rate // SECOND_US
        for track_id, track in tracks
        if track is not None
    }


def _moof(file: int, offset: int) -> bytes:
    found = os.pread(file, _USUAL_MOOF_BYTES, offset)
    header = boxes.read_header(found)
    if header.kind != b"moof" or header.size_bytes > MOST_MOOF_BYTES:
        raise MediaError("there is no fragment where one was")
    if header.size_bytes > len(found):
        found = os.pread(file, header.size_bytes, offset)
    if header.size_bytes > len(found):
        raise MediaError("a fragment is cut off")
    return found[: header.size_bytes]
