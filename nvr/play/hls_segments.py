"""Media segments in the sense of HLS: a few fragments of a file, key frame first.

Where they begin and end depends on nothing but the file, so that whoever asks again,
or asks another server process, is told the same.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from nvr.base.model import SECOND_US, Segment, SegmentId
from nvr.play.cut import Prepared
from nvr.play.hls_file import init_bytes, playable, zero_us
from nvr.play.instants import decode_times, presentation_times

MOST_PAUSE_US = 100_000
MOST_OVERLAP_US = 20_000
"""Files of a run meet within milliseconds, as the camera's clock drifts. What players
bridge in silence is no discontinuity: hls.js jumps holes up to 100 ms."""


class Footing(NamedTuple):
    """One fragment with pictures: where it is, and when."""

    offset: int
    end: int  # without its check box; sound on its own behind it included
    at_us: int  # on the time line that players see
    wall_us: int
    is_key: bool


@dataclass(frozen=True, slots=True)
class MediaSegment:
    """Bytes of one file that a player fetches and plays on their own.

    `init` is the file whose first `init_bytes` describe it. `is_discontinuous`: it
    does not go on where the one before it ends.
    """

    file: SegmentId
    number: int  # of its first fragment in the file, from 0
    offset: int
    size_bytes: int
    wall_us: int
    duration_us: int
    is_independent: bool
    is_discontinuous: bool
    init: SegmentId
    init_bytes: int


def footings(prepared: Prepared) -> list[Footing]:
    """The fragments of a file in order."""
    marks, video = prepared.index.marks, prepared.index.video
    assert video is not None, "a prepared file has pictures"
    shown = None
    if video.composition is not None:
        shown = presentation_times(video, decode_times(video))
    starts = [mark.offset for mark in marks]
    keys, zero = set(video.keys), zero_us(prepared)
    placed, end = [], 0
    for offset, length in zip(video.offsets, video.chunk_lengths, strict=True):
        first, end = end, end + length
        n = max(bisect_right(starts, offset) - 1, 0)
        time = marks[n].video_time if shown is None else min(shown[first:end])
        at_us = zero + time * SECOND_US // video.clock_rate
        placed.append((n, at_us, first in keys))
    stops = [n for n, _, _ in placed[1:]] + [len(marks)]
    return [
        Footing(
            marks[n].offset,
            marks[stop - 1].offset + marks[stop - 1].size_bytes,
            at_us,
            marks[n].wall_us,
            is_key,
        )
        for (n, at_us, is_key), stop in zip(placed, stops, strict=True)
    ]


def media_segments(
    segment: Segment,
    prepared: Prepared,
    *,
    least_us: int,
    found: Sequence[Footing],
    first: int,
    end: int,
    is_discontinuous: bool,
    init: tuple[SegmentId, int] | None = None,
) -> list[MediaSegment]:
    """The fragments `first` up to `end` of a file in media segments that last
    `least_us` or until the next key frame after that."""
    init = init or (segment.id, init_bytes(prepared.index))
    made = []
    for begin, stop in pairwise(_cuts(found, first, end, least_us)):
        until_us = found[stop].at_us if stop < len(found) else _end_us(prepared)
        made.append(
            MediaSegment(
                file=segment.id,
                number=begin,
                offset=found[begin].offset,
                size_bytes=found[stop - 1].end - found[begin].offset,
                wall_us=found[begin].wall_us,
                duration_us=max(until_us - found[begin].at_us, 1),
                is_independent=found[begin].is_key,
                is_discontinuous=is_discontinuous and begin == first,
                init=init[0],
                init_bytes=init[1],
            )
        )
    return made


def has_seam(before: tuple[Segment, Prepared], after: tuple[Segment, Prepared]) -> bool:
    """Whether a player must be told that the second file does not just go on."""
    if before[0].run_id != after[0].run_id:
        return True
    if playable(before[1].index.format) != playable(after[1].index.format):
        return True
    missing_us = after[1].everything.span.start_us - _end_us(before[1])
    return not -MOST_OVERLAP_US <= missing_us <= MOST_PAUSE_US


def _end_us(prepared: Prepared) -> int:
    """When a file ends, on the time line that players see."""
    whole = prepared.everything
    return zero_us(prepared) + (
        whole.span.until_time * SECOND_US // whole.video.clock_rate
    )


def _cuts(found: Sequence[Footing], first: int, end: int, least_us: int) -> list[int]:
    cuts = [first]
    for n in range(first + 1, end):
        begun = found[cuts[-1]]
        is_long = found[n].at_us - begun.at_us >= least_us
        if found[n].is_key and (is_long or not begun.is_key):
            cuts.append(n)
    return [*cuts, end] if end > first else []
