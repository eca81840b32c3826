"""Segment files are MP4 to everybody: while they grow and when they are closed."""

from pathlib import Path

import av
import pytest

from nvr.base.model import AudioTrack, Codec, StreamFormat, VideoTrack
from nvr.media import mp4_write
from nvr.media.fragment import Fragment, TrackRun
from nvr.media.mp4_read import SegmentIndex, TrackIndex
from nvr.store.volume import Volume
from tests.clips import fragments, make_clip
from tests.segments import (
    START_US,
    decode,
    ffprobe,
    index_of,
    make_spec,
    packets,
    write_clip,
    write_segment,
)

FORMS = [
    (video, audio, b_frames)
    for video in (Codec.H264, Codec.H265)
    for audio, b_frames in ((Codec.AAC, 0), (Codec.PCMA, 2), (Codec.PCMU, 0), (None, 2))
]


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    return Volume.open(tmp_path / "volume", node="test node")


@pytest.mark.parametrize(("video", "audio", "b_frames"), FORMS)
@pytest.mark.parametrize("is_closed", [False, True], ids=["open", "closed"])
def test_any_program_reads_it(
    volume: Volume, video: Codec, audio: Codec | None, b_frames: int, is_closed: bool
) -> None:
    clip = make_clip(video, audio=audio, b_frames=b_frames)

    path = write_clip(volume, clip, is_closed=is_closed)

    decode(path)
    pictures, *sound = ffprobe(path)["streams"]
    assert int(pictures["nb_read_frames"]) == 100
    assert float(pictures["duration"]) == pytest.approx(4, abs=0.001)
    assert pictures.get("nb_frames") == ("100" if is_closed else None)
    assert packets(path, "video") == [unit.payload for unit in clip.video]
    if audio is not None:
        assert float(sound[0]["duration"]) == pytest.approx(4, abs=0.1)
        assert packets(path, "audio") == [unit.payload for unit in clip.audio]


@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_closed_file_shows_every_picture_at_its_time(
    volume: Volume, b_frames: int
) -> None:
    clip = make_clip(b_frames=b_frames)

    path = write_clip(volume, clip, is_closed=True)

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        shown = [packet.pts for packet in container.demux(stream) if packet.size]
    assert shown == [unit.timestamp for unit in clip.video]


def test_a_closed_file_has_one_moov_and_one_mdat_before_it(volume: Volume) -> None:
    path = write_clip(volume, make_clip(audio=Codec.AAC), is_closed=True)

    with av.open(str(path)) as container:
        assert container.metadata["creation_time"].startswith("2027-01-15T08:00:00")
    data, kinds, at = path.read_bytes(), [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        kinds.append(data[at + 4 : at + 8])
        at += int.from_bytes(data[at + 8 : at + 16], "big") if size == 1 else size
    assert kinds == [b"ftyp", b"uuid", b"mdat", b"moov", b"uuid"]


@pytest.mark.parametrize(("video", "audio", "b_frames"), FORMS)
def test_open_and_closed_have_the_same_index(
    volume: Volume, video: Codec, audio: Codec | None, b_frames: int
) -> None:
    clip = make_clip(video, audio=audio, b_frames=b_frames)
    open_path = write_clip(volume, clip, is_closed=False, segment_id=1)
    closed_path = write_clip(volume, clip, is_closed=True, segment_id=2)

    growing, closed = _index(open_path), _index(closed_path)

    assert growing.format == closed.format == clip.format
    assert (growing.is_closed, closed.is_closed) == (False, True)
    assert growing.video == closed.video
    assert growing.audio == closed.audio
    assert growing.end_us == closed.end_us == START_US + 4_000_000
    assert [_place(mark) for mark in growing.marks] == [
        _place(mark) for mark in closed.marks
    ]


def _place(mark: object) -> tuple[object, ...]:
    assert isinstance(mark, tuple)
    return mark[:-1]  # the digests differ with the segment's number


def test_the_index_leads_to_every_sample(volume: Volume) -> None:
    clip = make_clip(audio=Codec.AAC, b_frames=2)
    path = write_clip(volume, clip, is_closed=True)

    index = _index(path)

    assert index.video is not None and index.audio is not None
    assert _payloads(path, index.video) == [unit.payload for unit in clip.video]
    assert _payloads(path, index.audio) == [unit.payload for unit in clip.audio]
    assert list(index.video.keys) == [0, 25, 50, 75]
    assert _shown(index.video) == [unit.timestamp for unit in clip.video]


def test_fragments_behind_their_moov_are_a_stream(
    volume: Volume, tmp_path: Path
) -> None:
    clip = make_clip(audio=Codec.AAC)
    data = write_clip(volume, clip, is_closed=True).read_bytes()
    index = index_of(data)

    stream = bytearray(mp4_write.initialization(index.format))
    for mark in index.marks[1:]:
        stream += data[mark.offset : mark.offset + mark.size_bytes]
    path = tmp_path / "stream.mp4"
    path.write_bytes(stream)

    init = data[index.init_offset :][: index.init_size]
    assert init == mp4_write.initialization(clip.format)[-len(init) :]
    decode(path)
    assert packets(path, "video") == [unit.payload for unit in clip.video[25:]]


def test_a_pause_and_late_sound_keep_their_places(volume: Volume) -> None:
    clip = make_clip(audio=Codec.AAC)
    first, second, third, fourth = fragments(clip, wall_us=START_US)
    pieces = [
        first._replace(audio=None),
        second,
        _later(third, 90_000, 16_000),
        _later(fourth, 90_000, 16_000),
    ]

    open_path = write_segment(volume, clip.format, pieces, segment_id=1)
    path = write_segment(
        volume, clip.format, pieces, segment_id=2, end_us=START_US + 5_000_000
    )

    decode(path)
    pictures, sound = ffprobe(path)["streams"]
    assert float(pictures["duration"]) == pytest.approx(5, abs=0.001)
    assert float(sound["start_time"]) == pytest.approx(1.024, abs=0.001)
    index = _index(path)
    assert index.video is not None and index.audio is not None
    assert _shown(index.video)[50] == 3 * 90_000
    assert second.audio is not None
    assert index.audio.base_time == second.audio.base_time
    assert (index.video, index.audio) == (
        _index(open_path).video,
        _index(open_path).audio,
    )


def test_an_overlap_does_not_push_later_samples_back(volume: Volume) -> None:
    form = make_clip().format
    runs = [
        TrackRun(0, [3000, 3000], None, [True, False], [b"1", b"2"]),
        TrackRun(5000, [3000, 3000], None, [False, False], [b"3", b"4"]),
    ]
    pieces = [Fragment(n, START_US, 0, run, None) for n, run in enumerate(runs, 1)]

    path = write_segment(volume, form, pieces, end_us=START_US)

    index = _index(path)
    assert index.video is not None
    assert _shown(index.video) == [0, 3000, 5000, 8000]


def test_sound_alone_is_a_file_too(volume: Volume) -> None:
    clip = make_clip(audio=Codec.AAC)
    form = StreamFormat(None, clip.format.audio)
    pieces = [piece._replace(video=None) for piece in fragments(clip)]

    path = write_segment(volume, form, pieces, end_us=START_US)

    decode(path)
    assert packets(path, "audio") == [unit.payload for unit in clip.audio]
    assert _index(path).video is None


def test_a_track_of_which_nothing_came_does_not_disturb(volume: Volume) -> None:
    clip = make_clip(audio=Codec.AAC)
    pieces = [piece._replace(audio=None) for piece in fragments(clip)]

    path = write_segment(volume, clip.format, pieces, end_us=START_US)

    decode(path)
    assert len(ffprobe(path)["streams"]) == 1
    assert _index(path).format == clip.format


def test_a_file_says_what_it_is(volume: Volume) -> None:
    clip = make_clip()

    index = _index(write_clip(volume, clip, is_closed=True))

    assert index.description == make_spec(clip.format).description()


def test_a_type_names_the_codecs() -> None:
    form = make_clip(Codec.H265, audio=Codec.AAC).format

    text = mp4_write.mime(form)

    assert text.startswith('video/mp4; codecs="hvc1.1.6.L')
    assert text.endswith(',mp4a.40.2"')
    sound = StreamFormat(None, AudioTrack(Codec.PCMU, 8000))
    assert mp4_write.mime(sound) == 'audio/mp4; codecs="ulaw"'


def test_a_track_without_parameter_sets_is_a_mistake_of_the_caller() -> None:
    form = StreamFormat(VideoTrack(Codec.H264, 90_000))

    with pytest.raises(ValueError, match="parameter sets"):
        mp4_write.initialization(form)


def _later(piece: Fragment, video_ticks: int, audio_ticks: int) -> Fragment:
    video, audio = piece.video, piece.audio
    assert video is not None and audio is not None
    return piece._replace(
        wall_us=piece.wall_us + 1_000_000,
        video=video._replace(base_time=video.base_time + video_ticks),
        audio=audio._replace(base_time=audio.base_time + audio_ticks),
    )


def _index(path: Path) -> SegmentIndex:
    return index_of(path.read_bytes())


def _shown(track: TrackIndex) -> list[int]:
    shown, decoded = [], track.base_time
    for place, duration in enumerate(track.durations):
        shown.append(decoded + (track.composition[place] if track.composition else 0))
        decoded += duration
    return shown


def _payloads(path: Path, track: TrackIndex) -> list[bytes]:
    data, payloads, sample = path.read_bytes(), [], 0
    for offset, length in zip(track.offsets, track.chunk_lengths, strict=True):
        for size in track.sizes[sample : sample + length]:
            payloads.append(data[offset : offset + size])
            offset += size
        sample += length
    return payloads
