"""The mapping from a camera's stamps to the server's clock."""

from nvr.base.model import SECOND_US, Moment
from nvr.record.timebase import Timebase, correction_us, is_clock_step

RATE = 90_000
START = 1_800_000_000_000_000


def play(
    timebase: Timebase, *, seconds: int, stamped: float, jitter: list[int]
) -> tuple[int, int]:
    """Frames of 40 ms whose stamps run `stamped` times as fast; a fragment a second.

    Returns the last frame's stamp and true time.
    """
    stamp, true = 0, START
    for frame in range(seconds * 25):
        true = START + frame * 40_000
        stamp = round(frame * 3600 * stamped)
        timebase.arrival(stamp, true + jitter[frame % len(jitter)])
        if frame % 25 == 24:
            timebase.discipline()
    return stamp, true


def test_stamps_of_an_honest_camera_are_followed_exactly() -> None:
    timebase = Timebase(RATE)

    stamp, true = play(timebase, seconds=60, stamped=1.0, jitter=[0])

    assert timebase.wall_us(stamp) == true


def test_jitter_and_late_visits_do_not_move_the_time() -> None:
    timebase = Timebase(RATE)
    jitter = [0, 180_000, 140_000, 100_000, 60_000, 20_000]

    stamp, true = play(timebase, seconds=600, stamped=1.0, jitter=jitter)

    assert abs(timebase.wall_us(stamp) - true) < 20_000


def test_a_crystal_that_is_500_ppm_off_is_followed_within_half_a_second() -> None:
    for error in (-500e-6, 500e-6):
        timebase = Timebase(RATE)

        stamp, true = play(timebase, seconds=3600, stamped=1 + error, jitter=[0])

        assert abs(timebase.wall_us(stamp) - true) < 500_000


def test_a_camera_that_stamps_25_and_sends_21_stays_within_a_second() -> None:
    timebase = Timebase(RATE)

    stamp, true = play(timebase, seconds=600, stamped=21 / 25, jitter=[0, 30_000])

    assert abs(timebase.wall_us(stamp) - true) < SECOND_US


def test_one_fragment_is_never_moved_by_more_than_a_quarter_second() -> None:
    assert correction_us(10 * SECOND_US) == 250_000
    assert correction_us(-10 * SECOND_US) == -250_000
    assert correction_us(0) == 0


def test_a_mapping_is_moved_forward_to_what_is_already_accounted_for() -> None:
    timebase = Timebase(RATE)
    timebase.arrival(0, START)

    timebase.not_before(0, START + 5)
    timebase.not_before(0, START - 5)

    assert timebase.wall_us(0) == START + 5


def test_a_timestamp_is_found_again_from_its_wall_time() -> None:
    timebase = Timebase(RATE)
    timebase.arrival(1000, START)

    assert timebase.timestamp(timebase.wall_us(91_000)) == 91_000


def test_a_set_clock_is_told_from_one_that_is_slewed() -> None:
    before = Moment(START, 0)

    assert not is_clock_step(before, Moment(START + SECOND_US + 900_000, SECOND_US))
    assert is_clock_step(before, Moment(START + 3 * SECOND_US, SECOND_US))
    assert is_clock_step(before, Moment(START - 3600 * SECOND_US, SECOND_US))
