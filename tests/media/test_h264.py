"""H.264 parameter sets, against what FFmpeg writes about the same."""

import pytest

from nvr.base.errors import MediaError
from nvr.media import h264
from tests.media.packets import PPS, SPS, SPS_SMALL

# Out of a file that ffmpeg muxed with these very sets.
AVCC_OF_FFMPEG = (
    "01640028ffe1001b67640028acd940780227e5c044000003000400000300c83c60c658"
    "01000668ebe3cb22c0fdf8f800"
)


def test_an_sps_tells_size_profile_and_level():
    sps = h264.parse_sps(SPS)

    assert (sps.width, sps.height) == (1920, 1080)
    assert (sps.profile_idc, sps.level_idc) == (100, 40)


def test_cropping_is_taken_off_the_size():
    assert h264.size([SPS_SMALL]) == (240, 160)


def test_the_decoder_configuration_equals_that_of_ffmpeg():
    assert h264.decoder_configuration([SPS, PPS]).hex() == AVCC_OF_FFMPEG


def test_the_codecs_text_has_profile_constraints_and_level():
    assert h264.codecs([SPS, PPS]) == "avc1.640028"


@pytest.mark.parametrize("length", range(len(SPS)))
def test_a_cut_sps_is_an_error_or_read_but_never_a_crash(length):
    try:
        sps = h264.parse_sps(SPS[:length])
    except MediaError:
        return
    assert (sps.width, sps.height) == (1920, 1080)


def test_sets_without_an_sps_make_no_configuration():
    with pytest.raises(MediaError):
        h264.decoder_configuration([PPS])


def test_an_endless_parameter_set_is_refused():
    with pytest.raises(MediaError):
        h264.parse_sps(SPS + bytes(10_000))


def test_a_recovery_point_with_no_frames_to_wait_is_a_place_to_start():
    assert h264.is_recovery_point(b"\x06\x06\x01\xc4\x80")
    assert not h264.is_recovery_point(b"\x06\x06\x02\x24\x80")
    assert not h264.is_recovery_point(b"\x06\x05\x01\xc4\x80")
