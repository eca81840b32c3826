"""The AudioSpecificConfig."""

import pytest

from nvr.base.errors import MediaError
from nvr.media import aac


@pytest.mark.parametrize(
    ("config", "rate", "channels"),
    [("1188", 48000, 1), ("1210", 44100, 2), ("1408", 16000, 1), ("1490", 12000, 2)],
)
def test_a_config_tells_rate_and_channels(config, rate, channels):
    read = aac.parse_config(bytes.fromhex(config))

    assert (read.sample_rate, read.channels, read.object_type) == (rate, channels, 2)
    assert read.frame_samples == 1024


def test_a_made_config_reads_back():
    assert aac.make_config(16000, 1) == bytes.fromhex("1408")


def test_the_codecs_text_names_the_object_type():
    assert aac.codecs(bytes.fromhex("1408")) == "mp4a.40.2"


@pytest.mark.parametrize("config", [b"", b"\x14", b"\x16\x80", b"\x14" * 100])
def test_nonsense_is_refused(config):
    with pytest.raises(MediaError):
        aac.parse_config(config)
