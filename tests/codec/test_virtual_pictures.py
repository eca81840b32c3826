from dataclasses import replace

import numpy as np
import pytest

from nvr.base.model import Codec
from nvr.codec.choreography import motion
from nvr.codec.encode import decode_gray, encode_video
from nvr.codec.loop import AudioSpec, VideoSpec
from nvr.codec.scene import Scene, clock_text
from nvr.codec.strip import draw_strip, read_strip
from nvr.codec.tone import encode_audio

SUB = VideoSpec(
    "Small", number=9, seed=3, width=640, height=360, frames_per_second=10, seconds=4
)


@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_the_strip_survives_encoding(codec, b_frames):
    spec = replace(SUB, codec=codec, b_frames=b_frames)

    loop = encode_video(spec)
    read = [read_strip(gray) for gray in decode_gray(loop)]

    assert read == [(9, index) for index in range(spec.frames)]
    assert sorted(p.shown_at for p in loop.pictures) == list(range(spec.frames))


def test_every_gop_has_the_length_asked_for():
    loop = encode_video(replace(SUB, gop_seconds=1))

    keys = [i for i, picture in enumerate(loop.pictures) if picture.is_key]

    assert keys == [0, 10, 20, 30]


def test_a_bitrate_that_is_asked_for_is_reached():
    spec = replace(SUB, bitrate=1_000_000)

    loop = encode_video(spec)

    size = sum(len(nal) for picture in loop.pictures for nal in picture.nals)
    assert size * 8 / spec.seconds == pytest.approx(1_000_000, rel=0.15)


def test_the_same_spec_gives_the_same_bytes():
    spec = replace(SUB, seconds=2)

    assert encode_video(spec) == encode_video(spec)


@pytest.mark.parametrize("is_night", [False, True])
def test_pictures_change_only_where_motion_is_told(is_night):
    spec = replace(SUB, seconds=16, frames_per_second=5, is_night=is_night)
    scene = Scene(spec)
    (span,) = motion(spec.seed, spec.seconds, is_night=is_night)
    body = slice(30, 345)  # between the clock and the strip
    still = scene.picture(0)[body].astype(int)

    changed = [
        np.abs(scene.picture(i)[body].astype(int) - still).max() > 12
        for i in range(spec.frames)
    ]

    moving = [span.start_us <= i * 200_000 < span.end_us for i in range(spec.frames)]
    assert not any(c and not m for c, m in zip(changed, moving, strict=True))
    assert sum(changed) > 0.8 * sum(moving) and not all(moving)


def test_boxes_say_where_things_are():
    spec = replace(SUB, seconds=16, frames_per_second=5)
    scene = Scene(spec)
    (span,) = motion(spec.seed, spec.seconds)
    difference = np.abs(
        scene.picture(20).astype(int) - scene.picture(0).astype(int)
    ).max(axis=2)[30:345]

    inside = np.zeros_like(difference, bool)
    for at_us, box in span.boxes:
        if at_us == 20 * 200_000:
            rows = slice(max(0, int(box.top * 360) - 34), int(box.bottom * 360) - 22)
            inside[rows, max(0, int(box.left * 640) - 6) : int(box.right * 640) + 6] = (
                True
            )

    assert (difference[inside] > 12).any()
    assert not (difference[~inside] > 40).any()


def test_a_strip_that_does_not_match_its_check_is_refused():
    rgb = np.zeros((360, 640, 3), np.uint8)
    draw_strip(rgb, 77, 1234)
    gray = rgb[:, :, 0].copy()

    assert read_strip(gray) == (77, 1234)
    gray[-8:, 160:176] = 255 - gray[-8:, 160:176]
    with pytest.raises(ValueError, match="strip"):
        read_strip(gray)


def test_the_clock_counts_within_the_loop():
    assert clock_text(301, 25) == "00:00:12.040  #0301"


def test_sound_loops_are_whole_frames():
    aac = encode_audio(AudioSpec(Codec.AAC, 16_000, 8))
    law = encode_audio(AudioSpec(Codec.PCMA, 8_000, 2))

    assert (len(aac.frames), aac.config.hex()) == (125, "1408")
    assert {len(frame) for frame in law.frames} == {320} and len(law.frames) == 50
