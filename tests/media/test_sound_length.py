"""The length of a unit of sound."""

import pytest

from nvr.base.model import AudioTrack, Codec
from nvr.media.sound_length import samples_in
from tests.clips import make_clip


@pytest.mark.parametrize(
    ("toc", "samples"),
    [
        (b"\x08", 960),  # SILK, 20 ms
        (b"\x18", 2880),  # SILK, 60 ms
        (b"\x78", 960),  # hybrid, 20 ms
        (b"\x80", 120),  # CELT, 2.5 ms
        (b"\xf8", 960),  # CELT, 20 ms
        (b"\xf9", 1920),  # two frames
        (b"\xfb\x03", 2880),  # as many as are told
        (b"\xfb", 960),
        (b"", 1),
    ],
)
def test_an_opus_packet_says_how_long_it_is(toc: bytes, samples: int):
    assert samples_in(AudioTrack(Codec.OPUS, 48000, 2), toc) == samples


def test_an_encoded_opus_packet_is_as_long_as_it_was_made():
    clip = make_clip(audio=Codec.OPUS)
    assert clip.format.audio is not None

    assert {samples_in(clip.format.audio, u.payload) for u in clip.audio} == {960}


def test_uncoded_samples_are_counted():
    assert samples_in(AudioTrack(Codec.PCMA, 8000), bytes(160)) == 160
    assert samples_in(AudioTrack(Codec.PCMU, 8000, 2), bytes(160)) == 80
    assert samples_in(AudioTrack(Codec.L16, 16000), bytes(640)) == 320
    assert samples_in(AudioTrack(Codec.L16, 16000, 2), bytes(640)) == 160
    assert samples_in(AudioTrack(Codec.AAC, 16000), bytes(300)) == 1024
