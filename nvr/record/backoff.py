"""How long to wait before the next attempt at a camera.

Plain decisions over plain values; the loop that waits is in `stream_loop`.
"""

from dataclasses import dataclass, replace

from nvr.base.model import SECOND_US, GapCause

FIRST_DELAY_US = 1 * SECOND_US
LONGEST_DELAY_US = 6 * SECOND_US
"""With its jitter at most 9 s, so that a camera is back within 10 s of returning."""
STEADY_US = 60 * SECOND_US
"""A shorter success does not count: a flapping camera must not start a storm."""
FREE_REFUSALS = 3
REFUSAL_DELAY_US = 100 * SECOND_US
LOCKOUT_DELAY_US = 600 * SECOND_US
"""Cameras lock an address out after a handful of wrong passwords in five minutes."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """What has been tried so far."""

    failures: int = 0
    refusals: int = 0


def after_attempt(state: Backoff, cause: GapCause, recorded_us: int) -> Backoff:
    """The state after an attempt that recorded for `recorded_us` and then ended."""
    if recorded_us >= STEADY_US:
        state = Backoff()
    if cause is GapCause.UNAUTHORIZED:
        return replace(state, refusals=state.refusals + 1)
    return Backoff(failures=state.failures + 1)


def delay_us(state: Backoff, chance: float) -> int:
    """Microseconds to wait; `chance` in [0, 1) spreads them by half either way."""
    if state.refusals >= FREE_REFUSALS:
        base = LOCKOUT_DELAY_US
    elif state.refusals:
        base = REFUSAL_DELAY_US
    else:
        doubled = FIRST_DELAY_US << min(max(state.failures - 1, 0), 8)
        base = min(doubled, LONGEST_DELAY_US)
    return int(base * (0.5 + chance))
