"""What a clip takes of one segment: plain arithmetic over its index.

Of pictures, all from the key frame that is needed for the first one shown to the last
one before the end; of sound, what is heard meanwhile.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nvr.base.errors import MediaError
from nvr.media.mp4_read import SegmentIndex, TrackIndex
from nvr.play.instants import Instants, decode_times, presentation_times
from nvr.play.ranges import Range, media_ranges
from nvr.play.samples import Moved, Samples, part, whole


@dataclass(frozen=True, slots=True)
class Span:
    """The stretch a segment shows, in its own presentation time and on the clock."""

    from_time: int
    until_time: int
    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True)
class TrackCut:
    """Samples of one track and the decode time of the first, in the track's rate."""

    samples: Samples
    start_time: int
    clock_rate: int


@dataclass(frozen=True, slots=True)
class Cut:
    """Both tracks of one segment, and which part of them is shown."""

    video: TrackCut
    audio: TrackCut | None
    span: Span
    ranges: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A segment's index and what every clip needs of it, made once."""

    index: SegmentIndex
    everything: Cut

    @property
    def size_bytes(self) -> int:
        """What this takes in memory, nearly."""
        tracks = (self.everything.video, self.everything.audio)
        # The index holds each duration and composition once more, unpacked.
        return 2000 + sum(
            t.samples.size_bytes + 8 * t.samples.count for t in tracks if t is not None
        )


def prepare(index: SegmentIndex) -> Prepared:
    """Everything of a segment. Raises `MediaError` when it has no picture."""
    video = index.video
    if video is None or not len(video.sizes):
        raise MediaError("the segment has no pictures")
    if video.composition is None:
        instants = Instants(index.marks, video)
        from_time = video.base_time
        until_time = from_time + sum(video.durations)
    else:
        shown = presentation_times(video, decode_times(video))
        instants = Instants(index.marks, video, shown)
        from_time, until_time = min(shown), max(shown) + video.durations[-1]
    span = Span(
        from_time,
        until_time,
        instants.wall_us(from_time),
        instants.wall_us(until_time),
    )
    pictures = TrackCut(whole(video), video.base_time, video.clock_rate)
    return Prepared(index, _cut_of(pictures, _whole_audio(index.audio), span))


def cut(
    segment: Prepared,
    start_us: int | None,
    end_us: int | None,
    *,
    is_after_gap: bool = False,
    is_before_gap: bool = False,
) -> Cut:
    """What of a segment belongs to an interval; None: as far as the segment goes.

    The interval must touch what the segment shows. Beside a gap, sound that reaches
    over the pictures is left out, so that it does not run into what follows.
    """
    if start_us is None and end_us is None and not (is_after_gap or is_before_gap):
        return segment.everything
    span, video = segment.everything.span, segment.everything.video
    if start_us is not None or end_us is not None:
        span, video = _cut_video(segment, start_us, end_us)
    from_time = None if start_us is None and not is_after_gap else span.from_time
    until_time = None if end_us is None and not is_before_gap else span.until_time
    audio = _cut_audio(segment.index.audio, from_time, until_time, video.clock_rate)
    return _cut_of(video, audio, span)


def _cut_of(video: TrackCut, audio: TrackCut | None, span: Span) -> Cut:
    tracks = [track.samples for track in (video, audio) if track is not None]
    return Cut(video, audio, span, media_ranges(tracks))


def without_audio(share: Cut) -> Cut:
    """The same pictures; not a byte of sound is sent, nor between them."""
    if share.audio is None:
        return share
    ranges = media_ranges([share.video.samples], bridge_bytes=0)
    return replace(share, audio=None, ranges=ranges)


def key_before(keys: Sequence[int], shown: Sequence[int], time: int) -> int:
    """Which of `keys` is the last that is shown at or before `time`; 0 if none is."""
    return max(bisect_right(keys, time, key=shown.__getitem__) - 1, 0)


def shown_at(shown: Sequence[int], first: int, end: int, time: int) -> int:
    """The sample among `first` up to `end` that is on the screen at `time`."""
    due = (n for n in range(first, end) if shown[n] <= time)
    return max(due, key=shown.__getitem__, default=first)


def _cut_video(
    segment: Prepared, start_us: int | None, end_us: int | None
) -> tuple[Span, TrackCut]:
    track = segment.index.video
    assert track is not None, "prepared segments have pictures"
    decoded = decode_times(track)
    shown = presentation_times(track, decoded)
    instants = Instants(segment.index.marks, track, shown)
    whole_span = segment.everything.span
    first, moved, from_time = 0, None, whole_span.from_time
    if start_us is not None:
        from_time = instants.last_time(start_us)
        from_time = min(max(from_time, whole_span.from_time), whole_span.until_time - 1)
        first, moved = _begin(track, shown, from_time)
    end, until_time = len(shown), whole_span.until_time
    if end_us is not None:
        until_time = max(min(instants.time(end_us), until_time), from_time + 1)
        while end > first + 1 and shown[end - 1] >= until_time:
            end -= 1
    start_us = whole_span.start_us if start_us is None else start_us
    end_us = whole_span.end_us if end_us is None else end_us
    span = Span(
        from_time,
        until_time,
        max(start_us, whole_span.start_us),
        min(end_us, whole_span.end_us),
    )
    samples = part(track, first, end, moved)
    return span, TrackCut(samples, decoded[first], track.clock_rate)


def _begin(
    track: TrackIndex, shown: "array[int]", from_time: int
) -> tuple[int, Moved | None]:
    """The key frame to begin with, and the picture to show at `from_time`.

    That picture was on the screen already, so it is stamped with the time asked for:
    players that drop what is stamped before the edit list begins still show it.
    """
    which = key_before(track.keys, shown, from_time)
    first = track.keys[which] if len(track.keys) else 0
    # Pictures shown before a key frame may stand behind it in the file.
    beyond = track.keys[which + 2] if which + 2 < len(track.keys) else len(shown)
    sample = shown_at(shown, first, beyond, from_time)
    late_by = from_time - shown[sample]
    return first, Moved(sample, late_by) if late_by > 0 else None


def _whole_audio(track: TrackIndex | None) -> TrackCut | None:
    if track is None or not len(track.sizes):
        return None
    return TrackCut(whole(track), track.base_time, track.clock_rate)


def _cut_audio(
    track: TrackIndex | None,
    from_time: int | None,
    until_time: int | None,
    video_rate: int,
) -> TrackCut | None:
    """Sound between two video times; None: as far as it goes."""
    if track is None or not len(track.sizes):
        return None
    heard = decode_times(track)
    first, end = 0, len(track.sizes)
    if from_time is not None:
        # One frame more than is heard: an AAC decoder needs it to get going.
        at = from_time * track.clock_rate // video_rate
        first = max(bisect_right(heard, at) - 2, 0)
    if until_time is not None:
        at = -(-until_time * track.clock_rate // video_rate)
        end = min(bisect_left(heard, at), end)
    if first >= end:
        return None
    return TrackCut(part(track, first, end), heard[first], track.clock_rate)
