"""Media segments in the sense of HLS: a few fragments of a file, key frame first.

Where they begin and end depends on nothing but the file, so that whoever asks again,
or asks another server process, is told the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from nvr.base.model import SECOND_US, Segment, SegmentId
from nvr.play.cut import Prepared
from nvr.play.hls_file import beginnings, init_bytes, playable, zeros_us

MOST_PAUSE_US = 100_000
MOST_OVERLAP_US = 20_000
"""Files of a run meet within a millisecond, unless the camera's clock had to be led
back in a hurry. What players bridge in silence is no discontinuity: hls.js jumps holes
of up to 100 ms."""


class Footing(NamedTuple):
    """One fragment with pictures: where it is, and when."""

    offset: int
    end: int  # without its check box; sound on its own behind it included
    at_us: int  # on the time line that players see
    until_us: int
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


class Laid(NamedTuple):
    """A file and its fragments."""

    segment: Segment
    prepared: Prepared
    found: list[Footing]


def laid(segment: Segment, prepared: Prepared) -> Laid:
    """The fragments of a file in order, each with those of nothing but sound after."""
    marks, whole = prepared.index.marks, prepared.everything
    found = beginnings(prepared)
    zeros = zeros_us(prepared, found)
    times = [
        zeros[each.fragment] + each.time * SECOND_US // whole.video.clock_rate
        for each in found
    ]
    end_us = zeros[-1] + whole.span.until_time * SECOND_US // whole.video.clock_rate
    stops = [each.fragment for each in found[1:]] + [len(marks)]
    footings = [
        Footing(
            offset=marks[n].offset,
            end=marks[stop - 1].offset + marks[stop - 1].size_bytes,
            at_us=at_us,
            until_us=until_us,
            wall_us=marks[n].wall_us,
            is_key=is_key,
        )
        for (n, _, is_key), stop, at_us, until_us in zip(
            found, stops, times, [*times[1:], end_us], strict=True
        )
    ]
    return Laid(segment, prepared, footings)


def media_segments(
    file: Laid,
    *,
    least_us: int,
    first: int,
    end: int,
    is_discontinuous: bool,
    init: tuple[SegmentId, int] | None = None,
) -> list[MediaSegment]:
    """The fragments `first` up to `end` of a file in media segments that last
    `least_us` or until the next key frame after that."""
    segment, prepared, found = file
    init = init or (segment.id, init_bytes(prepared.index))
    made = []
    for begin, stop in pairwise(_cuts(found, first, end, least_us)):
        made.append(
            MediaSegment(
                file=segment.id,
                number=begin,
                offset=found[begin].offset,
                size_bytes=found[stop - 1].end - found[begin].offset,
                wall_us=found[begin].wall_us,
                duration_us=max(found[stop - 1].until_us - found[begin].at_us, 1),
                is_independent=found[begin].is_key,
                is_discontinuous=is_discontinuous and begin == first,
                init=init[0],
                init_bytes=init[1],
            )
        )
    return made


def has_seam(before: Laid, after: Laid) -> bool:
    """Whether a player must be told that the second file does not just go on."""
    if before.segment.run_id != after.segment.run_id:
        return True
    forms = [playable(file.prepared.index.format) for file in (before, after)]
    missing_us = after.found[0].at_us - before.found[-1].until_us
    return forms[0] != forms[1] or not (-MOST_OVERLAP_US <= missing_us <= MOST_PAUSE_US)


def _cuts(found: Sequence[Footing], first: int, end: int, least_us: int) -> list[int]:
    cuts = [first]
    for n in range(first + 1, end):
        begun = found[cuts[-1]]
        is_long = found[n].at_us - begun.at_us >= least_us
        if found[n].is_key and (is_long or not begun.is_key):
            cuts.append(n)
    return [*cuts, end] if end > first else []
