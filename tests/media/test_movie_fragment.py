"""What is written into a `moof` is read back."""

from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nvr.base.errors import MediaError
from nvr.media.fragment import Fragment, TrackRun, settled
from nvr.media.movie import AUDIO_ID, VIDEO_ID
from nvr.media.movie_fragment import (
    RunColumns,
    movie_fragment,
    read_movie_fragment,
)
from nvr.media.mp4_write import fragment_header

numbers = st.integers(0, 2**32 - 1)
signed = st.integers(-(2**31), 2**31 - 1)


@st.composite
def runs(draw: st.DrawFn) -> TrackRun:
    """Any run of up to 12 samples."""
    count = draw(st.integers(1, 12))
    is_even = draw(st.booleans())
    durations = [draw(numbers)] * count
    if not is_even:
        durations = draw(st.lists(numbers, min_size=count, max_size=count))
    shifts = st.none() | st.lists(signed, min_size=count, max_size=count)
    return TrackRun(
        base_time=draw(st.integers(0, 2**64 - 1)),
        durations=durations,
        composition=draw(shifts),
        keys=draw(st.lists(st.booleans(), min_size=count, max_size=count)),
        payloads=draw(st.lists(st.binary(max_size=9), min_size=count, max_size=count)),
    )


@settings(deadline=None)  # the machine may be busy
@given(runs(), st.none() | runs(), numbers)
def test_a_fragment_is_read_back_as_it_was(
    video: TrackRun, audio: TrackRun | None, number: int
) -> None:
    header = fragment_header(Fragment(number, 5, 6, video, audio))
    moof, mdat_bytes = header[:-8], int.from_bytes(header[-8:-4], "big")

    found = read_movie_fragment(moof, mdat_bytes)

    assert found.number == number
    offset = len(header)
    expected = [(VIDEO_ID, video)] + ([(AUDIO_ID, audio)] if audio else [])
    assert len(found.runs) == len(expected)
    for columns, (track_id, run) in zip(found.runs, expected, strict=True):
        assert columns == _columns(track_id, run, offset)
        offset += sum(map(len, run.payloads))


def _columns(track_id: int, run: TrackRun, offset: int) -> RunColumns:
    return RunColumns(
        track_id=track_id,
        base_time=run.base_time,
        offset=offset,
        sizes=array("I", map(len, run.payloads)),
        durations=array("I", run.durations),
        composition=None if run.composition is None else array("i", run.composition),
        keys=run.keys,
    )


@settings(deadline=None)  # the machine may be busy
@given(runs(), st.data())
def test_a_damaged_fragment_is_read_or_refused(
    run: TrackRun, data: st.DataObject
) -> None:
    sizes = [*map(len, run.payloads)]
    moof = bytearray(movie_fragment(1, [(VIDEO_ID, run, sizes)]))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(moof) - 1))
        moof[place] = data.draw(st.integers(0, 255))

    try:
        found = read_movie_fragment(bytes(moof), 8 + sum(sizes))
    except MediaError:
        return

    assert all(len(columns.sizes) <= len(moof) for columns in found.runs)


def test_a_run_outside_its_fragment_is_refused() -> None:
    run = TrackRun(0, [1], None, [True], [b"12345"])
    moof = movie_fragment(1, [(VIDEO_ID, run, [5])])

    with pytest.raises(MediaError, match="outside"):
        read_movie_fragment(moof, 8 + 4)


@settings(deadline=None)  # the machine may be busy
@given(runs(), st.integers(-1_000_000, -1))
def test_times_before_zero_are_shown_when_they_were(run: TrackRun, base: int) -> None:
    before = run._replace(
        base_time=base,
        durations=[d % 5000 + 1 for d in run.durations],
        composition=[0] * len(run.durations),
    )

    after = settled(Fragment(1, 0, 0, before, None)).video

    assert after is not None and after.base_time == 0
    assert min(after.durations) >= 1
    assert _shown(after) == _shown(before)


def _shown(run: TrackRun) -> list[int]:
    shown, decoded = [], run.base_time
    for duration, shift in zip(run.durations, run.composition or [], strict=True):
        shown.append(decoded + shift)
        decoded += duration
    return shown
