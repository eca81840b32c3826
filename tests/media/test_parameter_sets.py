"""How parameter sets that come in band change a track."""

from dataclasses import replace

import pytest

from nvr.base.errors import MediaError
from nvr.base.model import Codec, VideoTrack
from nvr.media.parameter_sets import updated
from tests.media.packets import PPS, SPS, SPS_SMALL

TRACK = VideoTrack(Codec.H264, 90000, (SPS, PPS), 1920, 1080)
OTHER_PPS = b"\x68\x5b\xdf\x20"
"""A PPS with id 1: its first bits are 010."""


def test_sets_that_are_known_change_nothing():
    assert updated(TRACK, [PPS]) is None
    assert updated(TRACK, [SPS, PPS]) is None


def test_a_new_whole_collection_replaces_everything():
    before = replace(TRACK, parameter_sets=(SPS, PPS, OTHER_PPS))

    after = updated(before, [SPS_SMALL, PPS])

    assert after == VideoTrack(Codec.H264, 90000, (SPS_SMALL, PPS), 240, 160)


def test_another_set_of_the_same_sequence_is_added():
    after = updated(TRACK, [SPS, OTHER_PPS])

    assert after is not None
    assert after.parameter_sets == (SPS, PPS, OTHER_PPS)
    assert updated(after, [SPS, PPS]) is None


def test_a_set_of_the_same_id_replaces_the_old_one():
    changed = PPS[:-1] + bytes((PPS[-1] ^ 0x40,))

    after = updated(TRACK, [changed])

    assert after is not None
    assert after.parameter_sets == (SPS, changed)


def test_sets_come_one_by_one():
    first = updated(VideoTrack(Codec.H264, 90000), [PPS])
    assert first is not None
    assert first.width == 0

    second = updated(first, [SPS])
    assert second is not None
    assert second.parameter_sets == (SPS, PPS)
    assert second.width == 1920


def test_sets_that_cannot_be_read_are_an_error():
    with pytest.raises(MediaError):
        updated(TRACK, [b"\x67\xff\xff\xff", PPS])
