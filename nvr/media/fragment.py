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


def settled(fragment: Fragment) -> Fragment:
    """The same footage with no decode time before zero, which files cannot express.

    Pictures that follow the first key frame but are shown before it would have such
    times. Every sample keeps the time at which it is shown.
    """
    video, audio = fragment.video, fragment.audio
    if video is not None and video.base_time < 0:
        fragment = fragment._replace(video=_from_zero(video))
    if audio is not None and audio.base_time < 0:
        fragment = fragment._replace(audio=_from_zero(audio))
    return fragment


def _from_zero(run: TrackRun) -> TrackRun:
    shifts = run.composition or [0] * len(run.durations)
    ideal, actual = run.base_time, 0
    durations, composition = [], []
    for duration, shift in zip(run.durations, shifts, strict=True):
        composition.append(ideal + shift - actual)
        ideal += duration
        durations.append(max(ideal - actual, 1))
        actual += durations[-1]
    return run._replace(base_time=0, durations=durations, composition=composition)
