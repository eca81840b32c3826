"""Cuts of several segments behind each other on one media time.

Within a run the media time follows the server's clock, so that a moment in the clip
is the start plus the time played; gaps are closed up. Where one segment meets the
next, the last sample of the first takes up the difference.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from nvr.base.model import SECOND_US
from nvr.play.cut import Cut, TrackCut
from nvr.play.samples import Samples


class Joint(NamedTuple):
    """A cut and whether footage is missing before it."""

    cut: Cut
    is_after_gap: bool


class Placed(NamedTuple):
    """A cut's track on the clip's media time. The last sample is `stretch` longer."""

    samples: Samples
    stretch: int
    piece: int  # which of the joints


@dataclass(frozen=True, slots=True)
class JoinedTrack:
    """One track of the clip. `delay` and `media_time` are its edit list.

    Times are in the track's clock rate: `delay` of nothing, then the media from
    `media_time` on for `shown`. All samples are composed `lift` later than their
    offsets say, because an edit list cannot begin before the first decode time.
    """

    clock_rate: int
    placed: list[Placed]
    delay: int
    media_time: int
    shown: int
    lift: int = 0


@dataclass(frozen=True, slots=True)
class Joined:
    """Both tracks; `closed_us` is how much time without footage was left out."""

    video: JoinedTrack
    audio: JoinedTrack | None
    closed_us: int


def join(joints: Sequence[Joint]) -> Joined:
    """All cuts, at least one, in order."""
    starts, closed_us = _video_starts(joints)
    first, last = joints[0].cut, joints[-1].cut
    rate = first.video.clock_rate
    lead = first.span.from_time - first.video.start_time
    end = starts[-1] + last.span.until_time - last.video.start_time
    tracks = [joint.cut.video for joint in joints]
    video = JoinedTrack(
        clock_rate=rate,
        placed=_place(tracks, starts),
        delay=0,
        media_time=max(lead, 0),
        shown=end - lead,
        lift=max(-lead, 0),
    )
    zeros = [
        start - lead - joint.cut.video.start_time
        for start, joint in zip(starts, joints, strict=True)
    ]
    return Joined(video, _join_audio(joints, zeros, rate, video.shown), closed_us)


def _video_starts(joints: Sequence[Joint]) -> tuple[list[int], int]:
    """Where on the media time each cut's first picture is decoded."""
    first = joints[0].cut
    rate = first.video.clock_rate
    lead = first.span.from_time - first.video.start_time
    starts, closed_us = [0], 0
    for (before, _), (cut, is_after_gap) in pairwise(joints):
        if is_after_gap:
            closed_us += cut.span.start_us - before.span.end_us
        since_us = cut.span.start_us - first.span.start_us - closed_us
        shown = lead + since_us * rate // SECOND_US
        start = shown - (cut.span.from_time - cut.video.start_time)
        starts.append(max(start, starts[-1] + _least(before.video.samples)))
    return starts, closed_us


def _join_audio(
    joints: Sequence[Joint], zeros: Sequence[int], video_rate: int, shown: int
) -> JoinedTrack | None:
    """Sound where its pictures are; `zeros` is where each segment's zero came."""
    tracks, wanted = [], []
    for joint, zero in zip(joints, zeros, strict=True):
        audio = joint.cut.audio
        tracks.append(audio)
        if audio is not None:
            wanted.append(zero * audio.clock_rate // video_rate + audio.start_time)
    heard = [track for track in tracks if track is not None]
    if not heard:
        return None
    rate = heard[0].clock_rate
    starts = [0]
    for before, time in zip(heard, wanted[1:], strict=False):
        starts.append(max(time - wanted[0], starts[-1] + _least(before.samples)))
    placed = _place(tracks, starts)
    delay, media_time = max(wanted[0], 0), max(-wanted[0], 0)
    length = starts[-1] + heard[-1].samples.length - media_time
    audible = min(length, shown * rate // video_rate - delay)
    return JoinedTrack(rate, placed, delay, media_time, max(audible, 0))


def _place(tracks: Sequence[TrackCut | None], starts: Sequence[int]) -> list[Placed]:
    present = [(n, track) for n, track in enumerate(tracks) if track is not None]
    placed = []
    for i, (piece, track) in enumerate(present):
        end = starts[i] + track.samples.length
        stretch = starts[i + 1] - end if i + 1 < len(starts) else 0
        placed.append(Placed(track.samples, stretch, piece))
    return placed


def _least(samples: Samples) -> int:
    """How long the samples are when the last one is as short as can be."""
    return samples.length - samples.stts[-1] + 1


def time_table(placed: Sequence[Placed]) -> "array[int]":
    """Flat (count, duration) pairs of a whole track."""
    pairs = array("I")
    for samples, stretch, _ in placed:
        pairs.extend(samples.stts)
        if stretch:
            last = pairs.pop()
            count = pairs.pop()
            if count > 1:
                pairs.extend((count - 1, last))
            pairs.extend((1, last + stretch))
    return pairs


def composition_table(track: JoinedTrack) -> "array[int] | None":
    """Flat (count, offset) pairs; None when every picture is shown when decoded."""
    placed, lift = track.placed, track.lift
    if not lift and all(samples.ctts is None for samples, _, _ in placed):
        return None
    pairs = array("i")
    for samples, _, _ in placed:
        if samples.ctts is None:
            pairs.extend((samples.count, 0))
        else:
            pairs.extend(samples.ctts)
    if lift:
        pairs[1::2] = array("i", [offset + lift for offset in pairs[1::2]])
    return pairs
