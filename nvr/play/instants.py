"""Instants on the server's clock to and from presentation times inside a segment.

Each fragment says when its first picture was, on the server's clock; between two
such marks time goes on in the track's clock rate.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate

from nvr.base.model import SECOND_US
from nvr.media.mp4_read import FragmentMark, TrackIndex


def decode_times(track: TrackIndex) -> "array[int]":
    """Decode time of each sample, and behind them the end of the last one."""
    return array("q", accumulate(track.durations, initial=track.base_time))


def presentation_times(track: TrackIndex, decoded: Sequence[int]) -> "array[int]":
    """Presentation time of each sample, given `decode_times`."""
    if track.composition is None:
        return array("q", decoded[: len(track.sizes)])
    # zip stops at the shorter: `decoded` has the end as one more.
    return array("q", map(sum, zip(decoded, track.composition, strict=False)))


class Instants:
    """The mapping of one segment's video track."""

    def __init__(
        self,
        marks: Sequence[FragmentMark],
        decoded: Sequence[int],
        shown: Sequence[int],
        clock_rate: int,
    ) -> None:
        self._rate = clock_rate
        firsts = [
            bisect_left(decoded, mark.video_time, 0, len(shown)) for mark in marks
        ]
        firsts.append(len(shown))
        # A fragment with nothing but sound says nothing about pictures.
        points = sorted(
            (min(shown[first:next_first]), mark.wall_us)
            for mark, first, next_first in zip(marks, firsts, firsts[1:], strict=False)
            if first < next_first
        )
        self._times = [time for time, _ in points]
        # A clock that was led back a little must not make time ambiguous.
        self._walls = list(accumulate((wall for _, wall in points), max))

    def wall_us(self, time: int) -> int:
        """When something with this presentation time was."""
        i = max(bisect_right(self._times, time) - 1, 0)
        return self._walls[i] + (time - self._times[i]) * SECOND_US // self._rate

    def time(self, wall_us: int) -> int:
        """The least presentation time that is at or after an instant."""
        i = max(bisect_right(self._walls, wall_us) - 1, 0)
        time = self._times[i] - (self._walls[i] - wall_us) * self._rate // SECOND_US
        if i + 1 < len(self._times):
            # Where marks jump ahead, the next fragment's pictures wait for its mark.
            time = min(time, self._times[i + 1])
        return time

    def last_time(self, wall_us: int) -> int:
        """The greatest presentation time that is at or before an instant."""
        return self.time(wall_us + 1) - 1
