"""Whatever a file holds, reading it gives an index or a `MediaError`."""

import random
import tracemalloc
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nvr.base.errors import MediaError
from nvr.base.model import Codec
from nvr.store.volume import Volume
from tests.clips import make_clip
from tests.segments import index_of, write_clip

MOST_BYTES = 16 << 20
CLIPS = [(Codec.H264, Codec.AAC), (Codec.H265, Codec.PCMA)]


@cache
def file_of(video: Codec, audio: Codec, is_closed: bool) -> bytes:
    with TemporaryDirectory() as folder:
        volume = Volume.open(Path(folder), node="test node")
        clip = make_clip(video, audio=audio, seconds=2, b_frames=2, width=64, height=64)
        return write_clip(volume, clip, is_closed=is_closed).read_bytes()


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    with pytest.raises(MediaError):
        index_of(data)


@pytest.mark.parametrize(("video", "audio"), CLIPS)
@pytest.mark.parametrize("is_closed", [False, True])
def test_a_file_with_a_few_bytes_changed(
    video: Codec, audio: Codec, is_closed: bool
) -> None:
    """Mostly where it hurts: the head, the first fragment's boxes and the tail."""
    original = file_of(video, audio, is_closed)
    chance = random.Random(1)
    tracemalloc.start()
    for _ in range(600):
        data = bytearray(original)
        for _ in range(chance.randint(1, 4)):
            area = chance.choice([1200, 1600, len(data), -6000])
            place = (
                chance.randrange(abs(area)) if area > 0 else -chance.randint(1, -area)
            )
            data[place] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])

        try:
            index = index_of(bytes(data))
        except MediaError:
            continue

        assert len(index.marks) <= 2
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MOST_BYTES


@settings(deadline=None)  # the machine may be busy
@given(st.data())
def test_a_file_cut_anywhere(data: st.DataObject) -> None:
    original = file_of(Codec.H264, Codec.AAC, True)
    whole = index_of(original)
    cut = data.draw(st.integers(0, len(original) - 1))

    try:
        index = index_of(original[:cut])
    except MediaError:
        assert cut < whole.init_offset + whole.init_size
        return

    assert not index.is_closed
    assert index.marks == whole.marks[: len(index.marks)]


def test_a_size_beyond_all_bounds_is_not_believed() -> None:
    data = bytearray(file_of(Codec.H264, Codec.AAC, True))
    at = data.index(b"mdat") + 4
    data[at : at + 8] = (1 << 62).to_bytes(8, "big")

    index = index_of(bytes(data))

    assert not index.is_closed
    assert len(index.marks) == 2
