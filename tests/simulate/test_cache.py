from dataclasses import replace

import pytest

from nvr.base.errors import SettingsError
from nvr.base.model import Codec
from nvr.codec.loop import AudioSpec
from nvr.simulate import cache
from nvr.simulate.prepare import EncodingFailed, prepare
from nvr.simulate.service import make_options
from tests.simulate.conftest import SMALL


async def test_a_loop_is_made_once_and_then_read(tmp_path):
    told = []
    sound = AudioSpec(Codec.PCMU, 8000, 1)

    made = await prepare([SMALL, sound, SMALL], tmp_path, progress=told.append)
    count = len(told)
    read = await prepare([SMALL, sound], tmp_path, progress=told.append)

    assert made == read and len(told) == count
    assert (told[-1].done, told[-1].total, told[-1].loops) == (21, 21, 2)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".loop", ".loop"]


async def test_a_damaged_loop_is_made_again(tmp_path):
    whole = await prepare([SMALL], tmp_path)
    path = cache.path_of(tmp_path, SMALL)
    path.write_bytes(path.read_bytes()[:-100])

    assert cache.load(path) is None
    assert await prepare([SMALL], tmp_path) == whole


async def test_a_spec_that_cannot_be_encoded_is_explained(tmp_path):
    with pytest.raises(EncodingFailed, match="Small Lane"):
        await prepare([replace(SMALL, width=319)], tmp_path)


def test_options_are_checked_and_explained(tmp_path):
    options = make_options(cache_dir=tmp_path, cameras=3, codec="h265", gop_seconds=4)

    assert {camera.main.codec for camera in options.cameras} == {Codec.H265}
    assert all(camera.main.seconds % 4 == 0 for camera in options.cameras)
    with pytest.raises(SettingsError, match="digest-sha256"):
        make_options(cache_dir=tmp_path, auth="magic")
    with pytest.raises(SettingsError, match="not a camera"):
        make_options(cache_dir=tmp_path, cameras=1, faults=["cam2:drop"])
