"""H.265 parameter sets, against what FFmpeg writes about the same."""

import pytest

from nvr.base.errors import MediaError
from nvr.media import h265
from tests.media.packets import PPS_265, SPS_265, VPS_265

SETS = [VPS_265, SPS_265, PPS_265]
# Out of a file that ffmpeg muxed with these very sets, but for an SEI it added.
HVCC_OF_FFMPEG = (
    "0101600000009000000000005df000fcfdf8f800000f03"
    "a00001001840010c01ffff01600000030090000003000003005d959809"
    "a10001002b42010101600000030090000003000003005da00280802d165959a4932bc05a02000003"
    "0002000003003210"
    "a2000100074401c172b46240"
)


def test_an_sps_tells_its_size():
    assert h265.size(SETS) == (1280, 720)


def test_the_decoder_configuration_equals_that_of_ffmpeg():
    assert h265.decoder_configuration(SETS).hex() == HVCC_OF_FFMPEG


def test_the_codecs_text_has_profile_compatibility_tier_level_and_constraints():
    assert h265.codecs(SETS) == "hvc1.1.6.L93.90"


@pytest.mark.parametrize("length", range(len(SPS_265)))
def test_a_cut_sps_is_an_error_or_read_but_never_a_crash(length):
    try:
        sps = h265.parse_sps(SPS_265[:length])
    except MediaError:
        return
    assert (sps.width, sps.height) == (1280, 720)


def test_all_three_kinds_of_sets_are_needed():
    assert h265.is_complete(SETS)
    assert not h265.is_complete(SETS[1:])
