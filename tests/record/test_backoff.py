"""How long a camera is left alone before the next attempt."""

from nvr.base.model import SECOND_US, GapCause
from nvr.record.backoff import Backoff, after_attempt, delay_us


def attempts(cause: GapCause, count: int, recorded_us: int = 0) -> Backoff:
    state = Backoff()
    for _ in range(count):
        state = after_attempt(state, cause, recorded_us)
    return state


def test_the_wait_grows_but_a_camera_is_back_within_ten_seconds() -> None:
    waits = [delay_us(attempts(GapCause.UNREACHABLE, n), 0.999) for n in range(1, 40)]

    assert waits == sorted(waits)
    assert max(waits) < 9 * SECOND_US


def test_attempts_of_many_cameras_are_spread_by_half_either_way() -> None:
    state = attempts(GapCause.LOST, 3)

    assert delay_us(state, 0.999) > 2.9 * delay_us(state, 0.0)


def test_a_short_success_does_not_reset_the_wait() -> None:
    flapping = attempts(GapCause.LOST, 5, recorded_us=10 * SECOND_US)
    steady = attempts(GapCause.LOST, 5, recorded_us=61 * SECOND_US)

    assert delay_us(flapping, 0.5) > delay_us(steady, 0.5)


def test_three_refusals_in_five_minutes_then_one_each_ten() -> None:
    waits = [delay_us(attempts(GapCause.UNAUTHORIZED, n), 0.5) for n in (1, 2, 3, 9)]

    assert waits == [100 * SECOND_US, 100 * SECOND_US, 600 * SECOND_US, 600 * SECOND_US]


def test_another_failure_after_refusals_is_retried_soon() -> None:
    state = after_attempt(
        attempts(GapCause.UNAUTHORIZED, 5), GapCause.UNREACHABLE, recorded_us=0
    )

    assert delay_us(state, 0.5) == SECOND_US
