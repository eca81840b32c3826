"""HLS playlists: by the rules, whatever the recording is like."""

from dataclasses import replace
from io import BytesIO
from itertools import pairwise

import av
import pytest

from nvr.base.errors import NotFound
from nvr.base.model import SECOND_US, Codec, GapCause, Role
from nvr.codec.strip import read_strip
from nvr.play.clip import BadInterval
from nvr.play.cut import prepare
from nvr.play.footage import SegmentFiles
from nvr.play.hls_file import MOST_STEP_US, HlsFile, beginnings, zeros_us
from nvr.play.hls_live import LivePlaylists, Origin
from nvr.play.hls_recorded import recorded
from tests.play.hls_rules import (
    Checked,
    Listed,
    check,
    check_multivariant,
    check_reload,
)
from tests.play.recording import RATE, START_US, Recording, numbered
from tests.play.test_clip import read

KEYS = 20
"""Pictures from key frame to key frame: as many as in a fragment."""


def playlist(recording: Recording, start_s: float, end_s: float) -> Checked:
    start_us, end_us = (START_US + round(s * SECOND_US) for s in (start_s, end_s))
    files = SegmentFiles(recording.volumes)
    camera = recording.camera
    text = recorded(recording.catalogue, files, camera, Role.MAIN, start_us, end_us)
    return check(text)


def fetched(recording: Recording, uri: str, first: int, length: int) -> bytes:
    number = int(uri.removesuffix(".mp4"))
    segment = next(each for each in recording.segments if each.id == number)
    prepared = SegmentFiles(recording.volumes).prepared(segment)
    assert prepared is not None
    file = HlsFile(segment, recording.path(segment), prepared)
    found = read(file.slice(first, first + length - 1))
    assert len(found) == length
    return found


def shown(recording: Recording, listed: Listed) -> list[tuple[int, int]]:
    """Number and time (microseconds since 1970) of each picture of a segment, from
    nothing but its own bytes and its initialization segment."""
    uri, first, length = listed.map
    own = fetched(recording, listed.uri, listed.first, listed.length)
    with av.open(BytesIO(fetched(recording, uri, first, length) + own)) as container:
        return [
            (
                read_strip(frame.to_ndarray(format="gray"))[1],
                round(frame.pts * frame.time_base * SECOND_US),
            )
            for frame in container.decode(video=0)
            if frame.pts is not None and frame.time_base is not None
        ]


@pytest.mark.parametrize(
    ("codec", "b_frames", "audio"),
    [(Codec.H264, 2, Codec.AAC), (Codec.H265, 0, Codec.PCMA)],
)
def test_every_segment_plays_alone_at_wall_clock_time(
    recording: Recording, codec: Codec, b_frames: int, audio: Codec
) -> None:
    recording.run(
        numbered(codec, seconds=8, b_frames=b_frames, audio=audio, key_every=KEYS)
    )

    told = playlist(recording, 0, 8)

    assert told.is_ended and "EXT-X-INDEPENDENT-SEGMENTS" in told.tags
    assert len({each.uri for each in told.segments}) == 4
    pictures = [each for listed in told.segments for each in shown(recording, listed)]
    assert [number for number, _ in pictures] == list(range(8 * RATE))
    late = [at_us - START_US - number * SECOND_US // RATE for number, at_us in pictures]
    # libav shows all pictures later by what the earliest is shown before its decoding.
    assert max(late) - min(late) <= 12
    assert abs(min(late)) <= 12 if not b_frames else 0 <= min(late) <= 80_000
    assert not any(each.is_discontinuous for each in told.segments)
    assert len({each.map for each in told.segments}) == 1
    assert sum(each.duration for each in told.segments) == pytest.approx(8, abs=1e-4)


def test_an_interval_begins_with_the_key_frame_it_needs(recording: Recording) -> None:
    recording.run(numbered(key_every=KEYS))

    told = playlist(recording, 3.5, 5.0)

    pictures = [n for each in told.segments for n, _ in shown(recording, each)]
    assert pictures == list(range(80, 140))
    offset = told.tags["EXT-X-START"].removeprefix("TIME-OFFSET=").split(",")[0]
    assert float(offset) == pytest.approx(3.5 - 80 / RATE)


def test_a_gap_and_a_change_of_format_are_discontinuities(recording: Recording) -> None:
    recording.run(numbered(seconds=4, key_every=KEYS))
    recording.gap(START_US + 4 * SECOND_US, GapCause.UNREACHABLE)
    recording.run(
        numbered(seconds=4, key_every=KEYS, first=1000),
        start_us=START_US + 10 * SECOND_US,
    )
    recording.run(
        numbered(seconds=4, key_every=KEYS, first=2000, size=(480, 192)),
        start_us=START_US + 14 * SECOND_US,
    )

    told = playlist(recording, 0, 20)

    seams = [each for each in told.segments if each.is_discontinuous]
    assert [shown(recording, each)[0][0] for each in seams] == [1000, 2000]
    assert len({each.map for each in told.segments}) == 2
    assert told.segments[0].map == seams[0].map != seams[1].map


def test_segments_are_long_enough_and_begin_with_key_frames(
    recording: Recording,
) -> None:
    recording.run(numbered(seconds=16, key_every=KEYS), keys_per_segment=100)

    told = playlist(recording, 0, 16)

    assert [each.duration for each in told.segments] == [6.4, 6.4, 3.2]
    assert told.target == 6


def test_a_growing_file_can_be_played_as_far_as_it_is(recording: Recording) -> None:
    recording.run(
        numbered(key_every=KEYS), keys_per_segment=99, stays_open=True, held_back=2
    )

    before = playlist(recording, 0, 60)
    part = before.segments[0]
    bytes_before = fetched(recording, part.uri, part.first, part.length)
    recording.close()
    after = playlist(recording, 0, 60)

    assert sum(each.duration for each in before.segments) == pytest.approx(6.4)
    assert sum(each.duration for each in after.segments) == pytest.approx(8)
    assert fetched(recording, part.uri, part.first, part.length) == bytes_before


def test_what_cannot_be_played_is_said(recording: Recording) -> None:
    with pytest.raises(NotFound, match="nothing of it was ever recorded"):
        playlist(recording, 0, 8)
    with pytest.raises(BadInterval):
        playlist(recording, 0, 90_000)
    with pytest.raises(NotFound, match="no live picture"):
        live(recording).begin(recording.camera, Role.MAIN)


def live(recording: Recording) -> LivePlaylists:
    files = SegmentFiles(recording.volumes)
    return LivePlaylists(catalogue=recording.catalogue, files=files)


def origin_of(text: str) -> Origin:
    _, uri = check_multivariant(text)
    numbers = uri.removeprefix("live-").removesuffix(".m3u8").split("-")
    file, number, target = map(int, numbers)
    return Origin(file, number, target)  # type: ignore[arg-type]


def test_a_live_playlist_slides_by_the_rules(recording: Recording) -> None:
    recording.run(
        numbered(seconds=24, key_every=KEYS),
        keys_per_segment=10,
        stays_open=True,
        held_back=9,
    )
    playlists = live(recording)
    told, _ = check_multivariant(playlists.begin(recording.camera, Role.MAIN))
    origin = origin_of(playlists.begin(recording.camera, Role.MAIN))
    loads = [check(playlists.follow(recording.camera.id, origin))]

    waiting, recording.waiting = recording.waiting, []
    for fragment in waiting:
        recording._append([fragment])
        loads.append(check(playlists.follow(recording.camera.id, origin)))
    recording.close()
    loads.append(check(playlists.follow(recording.camera.id, origin)))
    ended_us = recording.segments[-1].end_us
    recording.gap(ended_us, GapCause.LOST)
    recording.run(
        numbered(seconds=24, key_every=KEYS, first=1000),
        start_us=ended_us + 5 * SECOND_US,
        keys_per_segment=10,
        stays_open=True,
    )
    loads.append(check(playlists.follow(recording.camera.id, origin)))

    assert told["RESOLUTION"] == "320x192"
    for before, after in pairwise(loads):
        check_reload(before, after)
        assert not after.is_ended
    assert loads[-1].segments[0].sequence > loads[-2].segments[0].sequence
    again = check(live(recording).follow(recording.camera.id, origin))
    assert again == loads[-1], "another process says the same"
    assert loads[-1].tags["EXT-X-DISCONTINUITY-SEQUENCE"] == "1"


def test_what_is_not_whole_yet_is_not_in_a_live_playlist(recording: Recording) -> None:
    recording.run(
        numbered(seconds=8, key_every=KEYS), keys_per_segment=99, stays_open=True
    )

    playlists = live(recording)
    origin = origin_of(playlists.begin(recording.camera, Role.MAIN))
    told = check(playlists.follow(recording.camera.id, origin))

    # Ten fragments of 0.8 s: three segments of 2.4 s, and one that may yet grow.
    assert [each.duration for each in told.segments] == [2.4, 2.4, 2.4]
    assert (told.target, told.is_ended) == (4, False)
    other = replace(recording.camera, id="of another camera")  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        live(recording).follow(other.id, origin)


def test_time_follows_the_clock_in_steps_that_players_take(
    recording: Recording,
) -> None:
    recording.run(numbered(key_every=KEYS), keys_per_segment=99)
    found = SegmentFiles(recording.volumes).prepared(recording.segments[0])
    assert found is not None
    # Led by 400 us a fragment, and then in a hurry.
    late = [-400 * n if n < 6 else -250_000 for n in range(10)]
    marks = [
        mark._replace(wall_us=mark.wall_us + us)
        for mark, us in zip(found.index.marks, late, strict=True)
    ]
    led = prepare(replace(found.index, marks=marks))

    zeros = zeros_us(led, beginnings(led))

    steps = [b - a for a, b in pairwise(zeros)]
    assert zeros[0] == START_US
    assert steps == [-400] * 5 + [-MOST_STEP_US] * 4
