"""What goes into one `moof` and its `mdat`, as values.

The times of a run are decode times in the track's clock rate, counted from the
segment's zero; presentation is decode time plus composition.
"""

from typing import NamedTuple


class TrackRun(NamedTuple):
    """Consecutive samples of one track; the lists are equally long and not empty."""

    base_time: int  # decode time of the first sample
    durations: list[int]
    composition: list[int] | None  # signed, per sample; None when all are zero
    keys: list[bool]
    payloads: list[bytes]


class Fragment(NamedTuple):
    """At most about a second of footage, written and lost as a whole."""

    number: int  # 1, 2, 3 … in its segment
    wall_us: int  # server's time of the first picture shown (sound if no pictures)
    mono_us: int
    video: TrackRun | None
    audio: TrackRun | None
