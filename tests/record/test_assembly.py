"""Units into fragments."""

from nvr.base.model import AUDIO, VIDEO, AccessUnit
from nvr.media.fragment import TrackRun
from nvr.record.assembly import MOST_PENDING_BYTES, Assembler

SECOND = 90_000
FRAME = SECOND // 25


def picture(stamp: int, *, is_key: bool = False, size: int = 10) -> AccessUnit:
    return AccessUnit(VIDEO, stamp, bytes(size), is_key)


def sound(stamp: int) -> AccessUnit:
    return AccessUnit(AUDIO, stamp, b"a", True)


def assembler() -> Assembler:
    return Assembler(
        longest_ticks=SECOND * 6 // 10,
        video_zero=1000,
        video_rate=SECOND,
        audio_rate=8000,
    )


def feed(target: Assembler, stamps: list[int], gop: int) -> list[TrackRun]:
    """Pictures in decoding order, every `gop`-th a key; the fragments they make."""
    runs = []
    for number, stamp in enumerate(stamps):
        unit = picture(stamp, is_key=number % gop == 0)
        if not target.add_if_room(unit):
            run = target.take_video(stamp)
            assert run is not None
            runs.append(run)
            target.add_video(unit)
    last = target.take_video(None)
    assert last is not None
    return [*runs, last]


def test_fragments_follow_one_another_without_hole_or_overlap() -> None:
    stamps = [1000 + n * FRAME for n in range(200)]

    runs = feed(assembler(), stamps, gop=50)

    begins = 0
    for run in runs:
        assert run.base_time == begins
        begins += sum(run.durations)
    assert begins == 200 * FRAME


def test_a_fragment_is_cut_before_a_key_frame_and_when_it_is_long_enough() -> None:
    stamps = [1000 + n * FRAME for n in range(100)]

    runs = feed(assembler(), stamps, gop=50)

    assert all(not any(run.keys[1:]) for run in runs)
    assert max(sum(run.durations) for run in runs) <= SECOND * 6 // 10 + FRAME
    assert [len(run.keys) for run in runs] == [15, 15, 15, 5] * 2


def test_reordered_pictures_decode_in_order_and_show_as_stamped() -> None:
    shown = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8, 12, 10, 11] * 1
    stamps = [1000 + n * FRAME for n in shown]

    runs = feed(assembler(), stamps, gop=100)

    decode, seen = [], []
    for run in runs:
        time = run.base_time
        shifts = run.composition or [0] * len(run.durations)
        for duration, shift in zip(run.durations, shifts, strict=True):
            decode.append(time)
            seen.append((time + shift) // FRAME)
            time += duration
    assert seen == shown
    assert decode == sorted(set(decode))


def test_a_reordered_group_is_never_torn() -> None:
    target = assembler()
    target.add_video(picture(1000, is_key=True))
    target.add_video(picture(1000 + SECOND))

    assert target.add_if_room(picture(1000 + FRAME))
    assert not target.add_if_room(picture(1000 + SECOND + FRAME))


def test_sound_is_held_back_by_one_piece_until_the_end() -> None:
    target = assembler()
    target.audio_zero = 500
    for number in range(4):
        target.add_audio(sound(500 + number * 1024))

    first = target.take_audio(is_last=False)
    rest = target.take_audio(is_last=True)

    assert first is not None and rest is not None
    assert (first.base_time, first.durations) == (0, [1024] * 3)
    assert (rest.base_time, rest.durations) == (3 * 1024, [1024])


def test_sound_from_before_the_first_picture_moves_the_zero_of_both() -> None:
    target = assembler()
    target.audio_zero = 500
    target.add_video(picture(1000, is_key=True))
    target.add_audio(sound(500 - 80))

    target.settle_zero()

    video, audio = target.take_video(None), target.take_audio(is_last=True)
    assert video is not None and audio is not None
    assert (audio.base_time, video.base_time) == (0, 80 * SECOND // 8000)


def test_a_flood_without_progress_in_time_is_cut_by_its_size() -> None:
    target = assembler()
    target.add_video(picture(1000, is_key=True, size=MOST_PENDING_BYTES + 1))

    assert not target.add_if_room(picture(1000))


def test_what_no_fragment_took_is_shown_to_a_new_viewer() -> None:
    target = assembler()
    target.add_video(picture(1000, is_key=True))
    target.add_audio(sound(7))

    assert [u.track for u in target.pending_units] == [VIDEO, AUDIO]
