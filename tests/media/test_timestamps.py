"""Timestamps go on for ever."""

from nvr.media.timestamps import Unwrapper

RATE = 90000
FRAME_US = 40_000


def unwrapped(stamps: list[int], arrivals: list[int] | None = None) -> list[int]:
    clock = Unwrapper(RATE)
    times = arrivals or [i * FRAME_US for i in range(len(stamps))]
    return [
        clock.unwrap(stamp & 0xFFFFFFFF, at)
        for stamp, at in zip(stamps, times, strict=True)
    ]


def test_the_wrap_is_invisible():
    stamps = [(1 << 32) - 7200 + 3600 * i for i in range(5)]

    assert unwrapped(stamps) == stamps


def test_pictures_out_of_order_keep_their_stamps_over_the_wrap():
    zero = 1 << 32
    stamps = [zero - 3600, zero + 7200, zero, zero + 3600, zero + 10800]

    assert unwrapped(stamps) == stamps


def test_a_jump_back_goes_on_by_the_time_measured():
    clock = Unwrapper(RATE)
    clock.unwrap(1_000_000, 0)
    clock.unwrap(1_003_600, 40_000)

    after = clock.unwrap(500, 120_000)

    assert after == 1_003_600 + 7200
    assert clock.jumps == 1
    assert clock.unwrap(4100, 160_000) == after + 3600


def test_a_jump_ahead_within_one_visit_is_one_usual_frame():
    clock = Unwrapper(RATE)
    clock.unwrap(0, 0)
    clock.unwrap(3600, 0)

    assert clock.unwrap(3600 + 11 * RATE, 0) == 7200
    assert clock.jumps == 1


def test_a_pause_that_really_took_its_time_is_no_jump():
    clock = Unwrapper(RATE)
    clock.unwrap(0, 0)

    assert clock.unwrap(30 * RATE, 30_000_000) == 30 * RATE
    assert clock.jumps == 0
