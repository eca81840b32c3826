"""Frames, texts and garbage on one connection."""

from random import Random

import pytest

from nvr.base.errors import MediaError
from nvr.media.interleaved import MOST_GARBAGE, MOST_LEFTOVER
from nvr.media.rtsp_message import Head
from tests.media.packets import Reader, access_unit, framed, picture_h264, rtp

RANDOM = Random(5)
NALS = [picture_h264(RANDOM, 400, is_key=True) for _ in range(12)]
FRAMES = [
    framed(rtp(nal, sequence=i, stamp=3600 * i, marker=True))
    for i, nal in enumerate(NALS)
]
UNITS = [access_unit([nal]) for nal in NALS]
REPLY = b"RTSP/1.0 200 OK\r\nCSeq: 7\r\nContent-Length: 5\r\n\r\n$ody\n"


def test_answers_between_frames_are_heard_with_their_bodies():
    reader = Reader()

    units = reader.read(FRAMES[0] + REPLY + b"\r\n" + FRAMES[1] + REPLY + FRAMES[2])

    assert units == UNITS[:3]
    assert [head.status for head in reader.texts if isinstance(head, Head)] == [
        200,
        200,
    ]
    assert reader.tally.skipped_bytes == 0


def test_a_request_by_the_camera_is_passed_over():
    reader = Reader()

    units = reader.read(
        FRAMES[0] + b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n" + FRAMES[1]
    )

    assert units == UNITS[:2]


def test_frames_of_unknown_channels_are_passed_over():
    reader = Reader()

    units = reader.read(FRAMES[0] + framed(b"x" * 100, 9) + FRAMES[1])

    assert units == UNITS[:2]
    assert reader.tally.irregular_frames == 1


@pytest.mark.parametrize("seed", range(20))
def test_garbage_between_frames_costs_no_frame_but_those_it_hit(seed):
    random = Random(seed)
    garbage = random.randbytes(random.randrange(1, 3000)).replace(b"$", b"%")
    reader = Reader()

    units = reader.read(b"".join(FRAMES[:3]) + garbage, b"".join(FRAMES[3:]))

    assert units == UNITS
    assert reader.tally.skipped_bytes == len(garbage)


def test_a_missing_piece_costs_only_the_frames_it_touches():
    content = b"".join(FRAMES)
    reader = Reader()

    units = reader.read(content[:1000] + content[1300:])

    assert units[:2] == UNITS[:2]
    assert units[-8:] == UNITS[-8:]


def test_too_much_garbage_ends_the_stream():
    reader = Reader()

    with pytest.raises(MediaError):
        reader.read(*[b"\xff" * 10_000] * (MOST_GARBAGE // 10_000 + 2))


def test_an_answer_without_end_is_not_waited_for_for_ever():
    reader = Reader()
    endless = b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 8000

    reader.read(endless)
    units = reader.read(*FRAMES)

    assert len(endless) < MOST_LEFTOVER
    assert units[1:] == UNITS[1:]


@pytest.mark.parametrize("seed", range(20))
def test_noise_never_crashes(seed):
    random = Random(seed)
    reader = Reader()
    try:
        for _ in range(100):
            piece = random.choice(
                [
                    random.randbytes(random.randrange(500)),
                    b"$" * random.randrange(50),
                    b"RTSP/1.0 ",
                    b"\r\n\r\n",
                    REPLY[: random.randrange(len(REPLY))],
                    FRAMES[random.randrange(len(FRAMES))],
                ]
            )
            reader.read(piece)
    except MediaError:
        pass
