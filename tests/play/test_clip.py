"""Clips: the right pictures, exact sizes, the same bytes again, players content."""

import random
import subprocess
from pathlib import Path

import av
import pytest

from nvr.base.errors import Conflict, NotFound
from nvr.base.model import SECOND_US, Codec, GapCause, Role
from nvr.play.clip import BadInterval, Clip, compose
from nvr.play.parts import FilePiece, Part
from tests.play.recording import (
    PICTURE_US,
    START_US,
    Recording,
    numbered,
    numbers_in,
)


def clip_of(
    recording: Recording,
    start_us: int,
    end_us: int,
    *,
    resume: str | None = None,
    has_audio: bool = True,
) -> Clip:
    return compose(
        recording.catalogue,
        recording.volumes,
        recording.camera,
        Role.MAIN,
        start_us,
        end_us,
        resume=resume,
        has_audio=has_audio,
    )


def read(parts: list[Part]) -> bytes:
    pieces = []
    for part in parts:
        if isinstance(part, FilePiece):
            with part.path.open("rb") as file:
                file.seek(part.offset)
                pieces.append(file.read(part.size_bytes))
        else:
            pieces.append(part)
    return b"".join(pieces)


def saved(clip: Clip, tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(read(clip.parts))
    assert path.stat().st_size == clip.size_bytes
    return path


def complaints(path: Path) -> str:
    command = ["ffmpeg", "-v", "warning", "-i", str(path), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr


def probed_seconds(path: Path) -> float:
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration"]
    command += ["-of", "csv=p=0", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def shown(start_us: int, end_us: int) -> list[int]:
    """Numbers on the screen from an offset on, until before another."""
    return list(range(start_us // PICTURE_US, -(-end_us // PICTURE_US)))


FORMS = [
    (Codec.H264, 0, None),
    (Codec.H264, 2, Codec.AAC),
    (Codec.H265, 0, Codec.PCMA),
    (Codec.H265, 3, Codec.AAC),
]


@pytest.mark.parametrize(("codec", "b_frames", "audio"), FORMS)
def test_any_interval_shows_exactly_its_pictures(
    recording: Recording,
    tmp_path: Path,
    codec: Codec,
    b_frames: int,
    audio: Codec | None,
) -> None:
    recording.run(numbered(codec, b_frames=b_frames, audio=audio))
    dice = random.Random(f"{codec}{b_frames}")
    for _ in range(8):
        start_us = dice.randrange(0, 7_500_000)
        end_us = dice.randrange(start_us + 40_000, 8_000_000)

        clip = clip_of(recording, START_US + start_us, START_US + end_us)

        path = saved(clip, tmp_path)
        assert numbers_in(path) == shown(start_us, end_us)
        assert complaints(path) == ""
        wanted = (end_us - start_us) / SECOND_US
        assert probed_seconds(path) == pytest.approx(wanted, abs=0.0001)
        assert clip.gaps == []
        assert (clip.start_us, clip.end_us) == (START_US + start_us, START_US + end_us)


def test_a_gap_is_closed_up_and_stated(recording: Recording, tmp_path: Path) -> None:
    second_us = START_US + 20_500_000
    recording.run(numbered(seconds=4, audio=Codec.AAC))
    recording.gap(START_US + 4_000_000, GapCause.UNREACHABLE)
    recording.run(numbered(seconds=4, first=1000, audio=Codec.AAC), start_us=second_us)

    clip = clip_of(recording, START_US + 2_000_000, second_us + 1_000_000)

    path = saved(clip, tmp_path)
    assert numbers_in(path) == [*range(50, 100), *range(1000, 1025)]
    assert complaints(path) == ""
    assert probed_seconds(path) == pytest.approx(3.0, abs=0.0001)
    assert [(g.start_us, g.end_us, g.cause) for g in clip.gaps] == [
        (START_US + 4_000_000, second_us, GapCause.UNREACHABLE)
    ]


def test_an_interval_that_begins_and_ends_in_gaps_shows_what_there_is(
    recording: Recording, tmp_path: Path
) -> None:
    recording.gap(START_US - 900_000, GapCause.REFUSED)
    recording.run(numbered(seconds=4))
    recording.gap(START_US + 4_000_000, GapCause.LOST)

    clip = clip_of(recording, START_US - 500_000, START_US + 5_000_000)

    assert numbers_in(saved(clip, tmp_path)) == list(range(100))
    assert (clip.start_us, clip.end_us) == (START_US, START_US + 4_000_000)
    assert clip.duration_us == 4_000_000
    assert [g.cause for g in clip.gaps] == [GapCause.REFUSED, GapCause.LOST]
    assert clip.gaps[0].start_us == START_US - 500_000
    assert clip.gaps[1].end_us == START_US + 5_000_000


def test_a_lost_file_is_a_gap_with_cause_missing(
    recording: Recording, tmp_path: Path
) -> None:
    recording.run(numbered(), start_us=START_US)
    recording.path(recording.segments[1]).unlink()

    clip = clip_of(recording, START_US, START_US + 8_000_000)

    path = saved(clip, tmp_path)
    assert numbers_in(path) == [*range(75), *range(150, 200)]
    assert complaints(path) == ""
    assert [(g.start_us, g.end_us, g.cause) for g in clip.gaps] == [
        (START_US + 3_000_000, START_US + 6_000_000, GapCause.MISSING)
    ]


def test_other_parameter_sets_are_a_second_description(
    recording: Recording, tmp_path: Path
) -> None:
    recording.run(numbered(seconds=3, audio=Codec.AAC))
    larger = numbered(seconds=3, size=(640, 384), first=75, audio=Codec.AAC)
    recording.run(larger, start_us=START_US + 3_000_000)

    clip = clip_of(recording, START_US + 1_300_000, START_US + 5_100_000)

    path = saved(clip, tmp_path)
    assert numbers_in(path) == shown(1_300_000, 5_100_000)
    assert complaints(path) == ""


def test_another_codec_is_refused_with_the_instant(recording: Recording) -> None:
    recording.run(numbered(seconds=3))
    recording.run(numbered(Codec.H265, seconds=3), start_us=START_US + 3_000_000)

    with pytest.raises(Conflict, match=r"from h264 .* to h265 .*T\d\d:\d\d:\d\d"):
        clip_of(recording, START_US, START_US + 6_000_000)

    assert clip_of(recording, START_US, START_US + 3_000_000).size_bytes > 0


def test_sound_that_begins_later_stays_with_its_pictures(
    recording: Recording, tmp_path: Path
) -> None:
    recording.run(numbered(seconds=3))
    recording.run(
        numbered(seconds=3, first=75, audio=Codec.AAC), start_us=START_US + 3_000_000
    )

    clip = clip_of(recording, START_US + 1_000_000, START_US + 5_000_000)

    path = saved(clip, tmp_path)
    assert complaints(path) == ""
    assert numbers_in(path) == shown(1_000_000, 5_000_000)
    with av.open(str(path)) as container:
        times = [f.time for f in container.decode(audio=0)]
    assert times[0] == pytest.approx(2.0, abs=0.03)
    assert times[-1] == pytest.approx(4.0, abs=0.07)


@pytest.mark.parametrize("audio", [Codec.AAC, Codec.PCMU])
def test_sound_goes_on_without_a_break_from_segment_to_segment(
    recording: Recording, tmp_path: Path, audio: Codec
) -> None:
    recording.run(numbered(audio=audio))

    clip = clip_of(recording, START_US + 1_010_000, START_US + 7_010_000)

    with av.open(str(saved(clip, tmp_path))) as container:
        frames = list(container.decode(audio=0))
    ends = [f.time + f.samples / f.sample_rate for f in frames]
    breaks = [abs(b.time - end) for b, end in zip(frames[1:], ends, strict=False)]
    assert max(breaks) < 0.001
    assert ends[-1] == pytest.approx(6.0, abs=0.07)


def test_without_audio_not_a_byte_of_it_is_sent(
    recording: Recording, tmp_path: Path
) -> None:
    source = numbered(audio=Codec.PCMA)
    recording.run(source)

    clip = clip_of(recording, START_US + 500_000, START_US + 7_500_000, has_audio=False)

    path = saved(clip, tmp_path)
    assert numbers_in(path) == shown(500_000, 7_500_000)
    content = path.read_bytes()
    assert not any(unit.payload in content for unit in source.audio)
    with av.open(str(path)) as container:
        assert len(container.streams) == 1


def test_the_same_interval_gives_the_same_bytes_and_tag(recording: Recording) -> None:
    recording.run(numbered(audio=Codec.AAC))
    interval = (START_US + 1_234_567, START_US + 6_543_210)

    first, second = clip_of(recording, *interval), clip_of(recording, *interval)
    other = clip_of(recording, interval[0], interval[1] + PICTURE_US)

    assert read(first.parts) == read(second.parts)
    assert first.etag == second.etag != other.etag
    assert first.etag.startswith('"')
    assert not first.is_growing


def test_every_part_of_a_clip_is_what_is_there_in_the_whole(
    recording: Recording,
) -> None:
    recording.run(numbered(audio=Codec.PCMA))
    clip = clip_of(recording, START_US + 500_000, START_US + 7_000_000)
    everything = read(clip.parts)
    dice = random.Random(7)
    spots = [(0, 0), (0, clip.size_bytes - 1), (clip.size_bytes - 1,) * 2]
    spots += [
        tuple(sorted(dice.choices(range(clip.size_bytes), k=2))) for _ in "x" * 50
    ]

    for first, last in spots:
        assert read(clip.slice(first, last)) == everything[first : last + 1]


def test_an_open_segment_gives_its_whole_fragments(
    recording: Recording, tmp_path: Path
) -> None:
    recording.run(numbered(audio=Codec.AAC), stays_open=True)

    clip = clip_of(recording, START_US + 5_500_000, START_US + 60_000_000)

    path = saved(clip, tmp_path)
    assert numbers_in(path) == shown(5_500_000, 8_000_000)
    assert complaints(path) == ""
    assert clip.is_growing
    assert clip.end_us == START_US + 8_000_000


@pytest.mark.parametrize("closes", [False, True])
def test_a_download_of_a_growing_clip_can_be_resumed(
    recording: Recording, closes: bool
) -> None:
    source = numbered(audio=Codec.AAC)
    recording.run(source, stays_open=True, held_back=1)
    interval = (START_US + 4_000_000, START_US + 60_000_000)
    early = clip_of(recording, *interval)
    begun = read(early.parts)

    recording.go_on()
    if closes:
        recording.close()
    late = clip_of(recording, *interval)
    resumed = clip_of(recording, *interval, resume=early.etag)

    assert late.etag != early.etag
    assert late.size_bytes > early.size_bytes
    assert resumed.etag == early.etag
    assert read(resumed.parts) == begun


def test_a_tag_of_something_else_is_not_obeyed(recording: Recording) -> None:
    recording.run(numbered(seconds=4))
    interval = (START_US, START_US + 2_000_000)
    plain = clip_of(recording, *interval)
    forged = '"' + "0" * 32 + f"-{recording.segments[0].id}"

    for tag in ("", "nonsense", f'{forged}-1"', f'{forged}-0"'):
        assert clip_of(recording, *interval, resume=tag).etag == plain.etag


def test_no_footage_names_the_nearest(recording: Recording) -> None:
    with pytest.raises(NotFound, match="nothing of it was ever recorded"):
        clip_of(recording, START_US, START_US + 1)
    recording.run(numbered(seconds=4))

    with pytest.raises(NotFound, match="footage after begins at"):
        clip_of(recording, START_US - 9_000_000, START_US - 5_000_000)
    with pytest.raises(NotFound, match="footage before ends at"):
        clip_of(recording, START_US + 30_000_000, START_US + 40_000_000)


def test_intervals_that_are_no_clip_are_refused(recording: Recording) -> None:
    with pytest.raises(BadInterval, match="after its start"):
        clip_of(recording, START_US, START_US)
    with pytest.raises(BadInterval, match="24 hours"):
        clip_of(recording, START_US, START_US + 24 * 3600 * SECOND_US + 1)


def test_the_file_name_says_camera_time_and_length(recording: Recording) -> None:
    recording.run(numbered(seconds=4))

    clip = clip_of(recording, START_US + 1_250_000, START_US + 2_750_000)

    assert clip.filename == "Gate-North-1_2026-11-18T11-06-41Z_1.5s.mp4"
