"""Tells when a rule suddenly wants to delete far more than footage comes in."""

from collections import deque

from nvr.base.model import SECOND_US

WINDOW_US = 3600 * SECOND_US
LARGEST_SHARE = 0.01
EXPECTED_TIMES = 2


class MassChange:
    """Remembers what was doomed within the last hour other than for want of room."""

    def __init__(self) -> None:
        self._doomed: deque[tuple[int, int]] = deque()

    def is_one(
        self,
        mono_us: int,
        *,
        run_bytes: int,
        total_bytes: int,
        bytes_per_second: int,
        is_cut_off: bool,
    ) -> bool:
        """Whether this run belongs to a mass change.

        With the last hour it takes more than 1 % of all footage and more than twice
        what an hour brings. A run that was cut off wants more than can be counted.
        """
        while self._doomed and self._doomed[0][0] < mono_us - WINDOW_US:
            self._doomed.popleft()
        doomed_bytes = run_bytes + sum(size for _, size in self._doomed)
        expected_bytes = EXPECTED_TIMES * bytes_per_second * 3600
        if is_cut_off and run_bytes > expected_bytes:
            return True
        return doomed_bytes > max(LARGEST_SHARE * total_bytes, expected_bytes)

    def note(self, mono_us: int, run_bytes: int) -> None:
        """So much was doomed now."""
        if run_bytes:
            self._doomed.append((mono_us, run_bytes))
