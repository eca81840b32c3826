"""Accounts are exact: whatever is told, the sums of a step are its length."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from nvr.base import rfc3339
from nvr.base.model import SECOND_US, CameraId, Gap, GapCause, Role
from nvr.keep.accounting import KINDS, UNKNOWN, Account, accounts, tiles
from nvr.keep.calendar import HOUR_US, Step, bounds
from nvr.store.told import Told

CAMERA = CameraId("11111111-2222-4333-8444-555555555555")
T0 = rfc3339.parse("2026-03-01T00:00:00Z")
ZONES = (
    "Asia/Jakarta",
    "Europe/Berlin",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/New_York",
)

times = st.integers(-100, 1100)
intervals = st.tuples(times, times).map(lambda pair: (min(pair), max(pair)))


def gap(start_us: int, end_us: int | None, cause: GapCause = GapCause.LOST) -> Gap:
    return Gap(CAMERA, Role.MAIN, start_us, end_us, cause)


gaps = st.builds(
    lambda part, cause, is_open: gap(part[0], None if is_open else part[1], cause),
    intervals,
    st.sampled_from(GapCause),
    st.booleans(),
)
stories = st.builds(
    Told,
    recorded=st.lists(intervals, max_size=8).map(tuple),
    gaps=st.lists(gaps, max_size=8).map(tuple),
    deleted=st.lists(intervals, max_size=4).map(tuple),
    added_us=times,
    known_us=st.none() | times,
)


@given(stories, st.sets(st.integers(0, 1000), min_size=2), times)
def test_sums_are_exact_whatever_is_told(
    told: Told, cuts: set[int], now_us: int
) -> None:
    edges = sorted(cuts)

    found = accounts(told, edges, now_us)

    assert [(a.start_us, a.end_us) for a in found] == list(pairwise(edges))
    for account in found:
        assert sum(account.spent_us.values()) == account.length_us
        assert set(account.spent_us) <= set(KINDS)
        assert all(us > 0 for us in account.spent_us.values())


@given(stories, times)
def test_recorded_time_is_counted_once_and_whole(told: Told, now_us: int) -> None:
    instants = {t for a, b in told.recorded for t in range(max(a, 0), min(b, 1000))}

    (account,) = accounts(told, [0, 1000], now_us)

    assert account.recorded_us == len(instants)


@given(stories, times)
def test_tiles_neither_overlap_nor_leave_out(told: Told, now_us: int) -> None:
    laid = tiles(told, 0, 1000, now_us)

    assert laid[0].start_us == 0
    assert laid[-1].end_us == 1000
    assert all(a.end_us == b.start_us for a, b in pairwise(laid))


@given(st.lists(st.tuples(st.integers(1, 90), st.sampled_from(["r", *GapCause]))))
def test_a_stream_that_is_tiled_has_nothing_unknown(
    parts: list[tuple[int, str]],
) -> None:
    at_us, recorded, missing = 0, [], []
    wanted: dict[str, int] = {}
    for length_us, kind in parts:
        if kind == "r":
            recorded.append((at_us, at_us + length_us))
        else:
            missing.append(gap(at_us, at_us + length_us, GapCause(kind)))
        key = "recorded" if kind == "r" else str(kind)
        wanted[key] = wanted.get(key, 0) + length_us
        at_us += length_us
    told = Told(tuple(recorded), tuple(missing), (), 0, at_us)

    found = accounts(told, [0, at_us + 1], at_us)

    assert found[0].spent_us == {**wanted, "pending": 1}
    assert UNKNOWN not in found[0].spent_us


@given(
    st.datetimes(datetime(2011, 1, 1), datetime(2030, 1, 1)),
    st.integers(1, 400 * 24 * 3600),
    st.sampled_from(ZONES),
)
def test_days_are_those_of_the_zone_through_every_change_of_the_clocks(
    start: datetime, seconds: int, name: str
) -> None:
    start_us = rfc3339.parse(start.replace(tzinfo=UTC).isoformat())
    zone = ZoneInfo(name)
    told = Told(((start_us, start_us + seconds * 500_000),), (), (), 0, start_us)

    edges = bounds(start_us, start_us + seconds * SECOND_US, Step.DAY, zone)
    found = accounts(told, edges, start_us)

    assert all(a < b for a, b in pairwise(edges))
    assert sum(a.length_us for a in found) == seconds * SECOND_US
    assert sum(a.recorded_us for a in found) == seconds * 500_000
    for a in found:
        assert sum(a.spent_us.values()) == a.length_us
        first = datetime.fromtimestamp(a.start_us / SECOND_US, zone)
        last = datetime.fromtimestamp((a.end_us - SECOND_US // 1000) / SECOND_US, zone)
        assert first.date() == last.date() or a.length_us < SECOND_US


def test_days_are_23_and_25_hours_where_the_clocks_are_changed() -> None:
    zone = ZoneInfo("Europe/Berlin")

    def hours(start: str, end: str) -> list[float]:
        edges = bounds(rfc3339.parse(start), rfc3339.parse(end), Step.DAY, zone)
        return [(b - a) / HOUR_US for a, b in pairwise(edges)]

    spring = hours("2026-03-28T00:00:00+01:00", "2026-03-31T00:00:00+02:00")
    autumn = hours("2026-10-24T00:00:00+02:00", "2026-10-27T00:00:00+01:00")

    assert spring == [24, 23, 24]
    assert autumn == [24, 25, 24]


def test_a_day_that_a_zone_left_out_is_no_step() -> None:
    zone = ZoneInfo("Pacific/Apia")
    start_us = rfc3339.parse("2011-12-29T10:00:00Z")  # midnight of the 29th

    edges = bounds(start_us, start_us + 48 * HOUR_US, Step.DAY, zone)

    assert edges == [start_us, start_us + 24 * HOUR_US, start_us + 48 * HOUR_US]


def test_hours_are_full_ones_but_for_the_first_and_the_last() -> None:
    edges = bounds(T0 + 1, T0 + 2 * HOUR_US + 5, Step.HOUR, ZoneInfo("UTC"))

    assert edges == [T0 + 1, T0 + HOUR_US, T0 + 2 * HOUR_US, T0 + 2 * HOUR_US + 5]


def test_what_two_recordings_tell_of_after_a_step_of_the_clock_counts_once() -> None:
    told = Told(
        recorded=((T0, T0 + 3000), (T0 + 1000, T0 + 4000)),
        gaps=(gap(T0 + 2000, T0 + 6000, GapCause.CLOCK),),
        deleted=(),
        added_us=T0,
        known_us=T0 + 6000,
    )

    (found,) = accounts(told, [T0, T0 + 10_000], T0 + 8000)

    assert found == Account(
        T0, T0 + 10_000, {"recorded": 4000, "clock": 2000, "pending": 4000}
    )


def test_an_open_gap_lasts_to_now_and_the_future_is_pending() -> None:
    told = Told((), (gap(T0, None),), (), T0 - 500, None)

    (found,) = accounts(told, [T0 - 1000, T0 + 1000], T0 + 400)

    assert found.spent_us == {"before": 500, "unknown": 500, "lost": 400} | {
        "pending": 600
    }
