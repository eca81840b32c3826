"""The arithmetic behind clips, on small tables made by hand."""

from array import array
from dataclasses import replace
from itertools import pairwise

import pytest

from nvr.base.model import (
    SECOND_US,
    CameraId,
    Codec,
    Gap,
    GapCause,
    Moment,
    Role,
    RunId,
    SegmentId,
    StreamFormat,
    VideoTrack,
)
from nvr.media.mp4_read import FragmentMark, SegmentIndex, TrackIndex
from nvr.media.segment_layout import Description
from nvr.play.cut import cut, prepare
from nvr.play.gaps import clipped, with_missing
from nvr.play.instants import Instants
from nvr.play.join import Joint, join, time_table
from nvr.play.pin import as_it_was
from nvr.play.ranges import Range, media_ranges, moved
from nvr.play.samples import Moved, part, whole

T = 1_800_000_000_000_000
RATE = 90_000
CAMERA = CameraId("c")


def pictures(count: int, *, ticks: int = 3600, per_chunk: int = 25) -> TrackIndex:
    """Pictures of 100 bytes with a key frame each 25, in chunks 4,000 bytes apart."""
    chunks = range(0, count, per_chunk)
    return TrackIndex(
        clock_rate=RATE,
        base_time=0,
        durations=array("I", [ticks] * count),
        sizes=array("I", [100] * count),
        composition=None,
        keys=array("I", range(0, count, 25)),
        offsets=array("Q", [1000 + 4000 * n for n in range(len(chunks))]),
        chunk_lengths=array("I", [min(per_chunk, count - c) for c in chunks]),
    )


def index(track: TrackIndex, walls: list[int]) -> SegmentIndex:
    """A segment whose fragments, one for each chunk, began at these instants."""
    marks, at = [], 0
    for n, wall_us in enumerate(walls):
        offset = track.offsets[n] - 500
        time = track.base_time + sum(track.durations[:at])
        marks.append(FragmentMark(n + 1, offset, 3000, wall_us, time, b""))
        at += track.chunk_lengths[n]
    about = Description(
        "n", CAMERA, Role.MAIN, SegmentId(1), RunId(1), 1, Moment(walls[0], 0)
    )
    form = StreamFormat(VideoTrack(Codec.H264, RATE, (b"",), 64, 64))
    return SegmentIndex(about, form, track, None, marks, True, 0, 0, 0)


def test_instants_are_linear_inside_a_fragment_and_follow_its_mark() -> None:
    track = pictures(75)
    made = index(track, [T, T + 1_000_300, T + 2_000_100])

    instants = Instants(made.marks, track)

    assert instants.wall_us(0) == T
    assert instants.wall_us(45_000) == T + 500_000
    assert instants.wall_us(90_000) == T + 1_000_300
    assert instants.wall_us(270_000) == T + 3_000_100
    # Between the end of a fragment and the next mark its last picture stays.
    assert instants.last_time(T + 1_000_200) == 89_999
    assert instants.last_time(T + 1_000_300) == 90_000


@pytest.mark.parametrize("shift_us", [0, 400, 250_000])
def test_every_picture_is_found_at_its_own_instant(shift_us: int) -> None:
    track = pictures(75)
    walls = [T + n * (SECOND_US + shift_us) for n in range(3)]
    instants = Instants(index(track, walls).marks, track)

    for time in range(0, 75 * 3600, 3600):
        assert instants.last_time(instants.wall_us(time)) == time
        assert instants.time(instants.wall_us(time)) == time


def test_where_marks_step_back_the_later_fragment_counts() -> None:
    track = pictures(50)
    instants = Instants(index(track, [T, T + 900_000]).marks, track)

    assert instants.last_time(T + 890_000) == 80_100
    assert instants.last_time(T + 950_000) == 94_500


def test_the_first_picture_is_stamped_with_the_time_asked_for() -> None:
    segment = prepare(index(pictures(50), [T, T + SECOND_US]))

    share = cut(segment, T + 1_055_000, T + 1_500_000)

    # Key frame 25 is needed, 26 is on the screen since 1.04 s.
    assert share.video.start_time == 90_000
    assert share.video.samples.count == 38 - 25
    assert share.span.from_time == 94_950
    assert list(share.video.samples.ctts or ()) == [1, 0, 1, 94_950 - 93_600, 11, 0]
    assert share.span.until_time - share.span.from_time == 445 * 90


def test_a_part_cuts_its_outer_chunks() -> None:
    samples = part(pictures(75), 20, 55, Moved(21, 7))

    assert list(samples.offsets) == [1000 + 2000, 5000, 9000]
    assert list(samples.chunk_lengths) == [5, 25, 5]
    assert list(samples.chunk_sizes) == [500, 2500, 500]
    assert list(samples.keys) == [5, 30]
    assert list(samples.ctts or ()) == [1, 0, 1, 7, 33, 0]
    assert list(samples.stts) == [35, 3600]


def test_what_lies_between_fragments_goes_along_but_not_other_media() -> None:
    samples = whole(pictures(75))

    assert media_ranges([samples]) == (Range(1000, 11_500),)
    assert media_ranges([samples], bridge_bytes=0) == (
        Range(1000, 3500),
        Range(5000, 7500),
        Range(9000, 11_500),
    )


def test_chunks_keep_their_place_among_the_ranges_sent() -> None:
    samples = whole(pictures(75))
    apart = media_ranges([samples], bridge_bytes=0)

    assert list(moved(samples.offsets, apart, 100)) == [100, 2600, 5100]
    assert list(moved(samples.offsets, (Range(1000, 11_500),), 100)) == [
        100,
        4100,
        8100,
    ]


@pytest.mark.parametrize("ticks", [3564, 3600, 3636])
def test_the_media_time_follows_the_clock_over_segments(ticks: int) -> None:
    """A camera whose stamps are 1 % wrong does not run away in a long clip."""
    joints = []
    for n in range(10):
        walls = [T + (2 * n + k) * SECOND_US for k in range(2)]
        segment = prepare(index(pictures(50, ticks=ticks), walls))
        joints.append(Joint(cut(segment, None, None), False))

    joined = join(joints)

    starts, at = [], 0
    for samples, stretch, _ in joined.video.placed:
        starts.append(at)
        at += samples.length + stretch
    wanted = [2 * n * RATE for n in range(10)]
    assert all(abs(a - b) <= 1 for a, b in zip(starts, wanted, strict=True))
    assert all(b > a for a, b in pairwise(starts))
    table = time_table(joined.video.placed)
    assert sum(c * d for c, d in zip(table[::2], table[1::2], strict=True)) == at


def test_a_gap_between_segments_takes_no_media_time() -> None:
    first = prepare(index(pictures(50), [T, T + SECOND_US]))
    later_us = T + 3600 * SECOND_US
    second = prepare(index(pictures(50), [later_us, later_us + SECOND_US]))

    joined = join(
        [
            Joint(cut(first, None, None, is_before_gap=True), False),
            Joint(cut(second, None, None, is_after_gap=True), True),
        ]
    )

    assert joined.video.shown == 4 * RATE
    assert joined.closed_us == 3598 * SECOND_US
    assert [stretch for _, stretch, _ in joined.video.placed] == [0, 0]


def test_a_segment_as_it_was_ends_with_a_fragment() -> None:
    made = index(pictures(60), [T, T + SECOND_US, T + 2 * SECOND_US])

    was = as_it_was(made, 2)

    assert was.video is not None
    assert len(was.video.sizes) == 50
    assert list(was.video.keys) == [0, 25]
    assert len(was.marks) == 2
    assert as_it_was(made, 3) is made


def gap(start_us: int, end_us: int | None, cause: GapCause = GapCause.LOST) -> Gap:
    return Gap(CAMERA, Role.MAIN, start_us, end_us, cause)


def test_gaps_are_cut_to_the_interval_and_closed() -> None:
    told = [gap(0, 10), gap(20, 30), gap(40, None), gap(50, 60)]

    assert clipped(told, 5, 45) == [gap(5, 10), gap(20, 30), gap(40, 45)]


def test_only_what_no_gap_explains_is_missing() -> None:
    second = SECOND_US
    told = [gap(10 * second, 20 * second), gap(30 * second, 40 * second)]

    found = with_missing(told, [(5 * second, 45 * second)], CAMERA, Role.MAIN)

    missing = [g for g in found if g.cause is GapCause.MISSING]
    assert [(g.start_us // second, g.end_us) for g in missing] == [
        (5, 10 * second),
        (20, 30 * second),
        (40, 45 * second),
    ]
    assert with_missing(told, [(10 * second, 20 * second)], CAMERA, Role.MAIN) == told
    assert replace(missing[0], cause=GapCause.LOST) in {gap(5 * second, 10 * second)}
