"""Instants on the server's clock to and from presentation times inside a segment.

Each fragment says when its first picture was shown, on the server's clock; between two
such marks time goes on in the track's clock rate.
"""

from array import array
from bisect import bisect_right
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
    """The mapping of one segment's video track, which is not empty.

    `shown` are its `presentation_times`; not needed when every picture is shown when
    it is decoded.
    """

    def __init__(
        self,
        marks: Sequence[FragmentMark],
        track: TrackIndex,
        shown: Sequence[int] | None = None,
    ) -> None:
        self._rate = track.clock_rate
        points = sorted(_points(marks, track, shown))
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


def _points(
    marks: Sequence[FragmentMark], track: TrackIndex, shown: Sequence[int] | None
) -> list[tuple[int, int]]:
    """First presentation time and wall time of each fragment that has pictures."""
    starts = [mark.offset for mark in marks]
    points, end = [], 0
    for offset, length in zip(track.offsets, track.chunk_lengths, strict=True):
        first, end = end, end + length
        # By place, because a mark of nothing but sound has its time in other ticks.
        mark = marks[max(bisect_right(starts, offset) - 1, 0)]
        time = mark.video_time if shown is None else min(shown[first:end])
        points.append((time, mark.wall_us))
    return points
