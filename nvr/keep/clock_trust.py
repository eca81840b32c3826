"""Whether the wall clock may be believed when it says that footage is old."""

from nvr.base.model import SECOND_US, Moment

LARGEST_STEP_US = 3600 * SECOND_US
PROBATION_US = 24 * 3600 * SECOND_US
"""After a large step the clock must behave for so long before it is believed."""
TOLERANCE_US = 60 * SECOND_US
"""Cameras of several processes may close files a little ahead of our reading."""


class ClockTrust:
    """Compares the wall clock with the monotonic one and with what was recorded."""

    def __init__(self, start: Moment) -> None:
        self._anchor = start
        self._stepped_mono_us: int | None = None

    def doubt(self, now: Moment, newest_us: int) -> str:
        """Why the wall clock is not trusted; empty: it is.

        `newest_us` is the latest time that was ever recorded.
        """
        passed_us = now.mono_us - self._anchor.mono_us
        step_us = now.wall_us - self._anchor.wall_us - passed_us
        if abs(step_us) > LARGEST_STEP_US:
            self._anchor = now
            self._stepped_mono_us = now.mono_us
        if now.wall_us < newest_us - TOLERANCE_US:
            behind = (newest_us - now.wall_us) // SECOND_US
            return f"the clock is {behind} s behind what was already recorded"
        if self._stepped_mono_us is not None:
            if now.mono_us - self._stepped_mono_us < PROBATION_US:
                return "the clock was set by more than an hour within the last day"
            self._stepped_mono_us = None
        return ""
