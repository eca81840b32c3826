"""Stills: the right picture out of the files, decoded once, with a clear refusal."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest

from nvr.base.errors import NotFound
from nvr.base.model import Codec, Role
from nvr.codec.still import StillDecoder
from nvr.codec.strip import read_strip
from nvr.play.still import Still, StillMaker
from tests.fakes import FakeClock
from tests.play.recording import START_US, Recording, numbered


@pytest.fixture
async def decoder() -> AsyncIterator[StillDecoder]:
    async with StillDecoder() as decoder:
        yield decoder


def maker(
    recording: Recording, decoder: StillDecoder, now_us: int = START_US
) -> StillMaker:
    return StillMaker(
        catalogue=recording.catalogue,
        volumes=recording.volumes,
        decoder=decoder,
        clock=FakeClock(now_us),
    )


def number_in(still: Still) -> int:
    with av.open(io.BytesIO(still.jpeg), format="jpeg_pipe") as container:
        frame = next(container.decode(video=0))
    return read_strip(frame.to_ndarray(format="gray"))[1]


@pytest.mark.parametrize(("codec", "b_frames"), [(Codec.H264, 0), (Codec.H265, 3)])
async def test_the_key_frame_before_or_the_exact_picture(
    recording: Recording, decoder: StillDecoder, codec: Codec, b_frames: int
) -> None:
    recording.run(numbered(codec, b_frames=b_frames))
    stills = maker(recording, decoder)
    for at_us in (0, 1_300_000, 3_999_999, 7_990_000):
        near = await stills.jpeg(recording.camera, Role.MAIN, START_US + at_us)
        exact = await stills.jpeg(
            recording.camera, Role.MAIN, START_US + at_us, exact=True
        )

        assert number_in(near) == at_us // 1_000_000 * 25
        assert near.wall_us == START_US + at_us // 1_000_000 * 1_000_000
        assert number_in(exact) == at_us // 40_000
        assert exact.wall_us == START_US + at_us // 40_000 * 40_000


async def test_now_is_the_newest_key_frame_of_the_open_segment(
    recording: Recording, decoder: StillDecoder
) -> None:
    recording.run(numbered(), stays_open=True)
    stills = maker(recording, decoder, START_US + 9_500_000)

    still = await stills.jpeg(recording.camera, Role.MAIN, width=160)

    assert number_in(still) == 175
    assert (still.width, still.height) == (160, 96)


async def test_no_footage_is_said_with_the_last_there_is(
    recording: Recording, decoder: StillDecoder
) -> None:
    stills = maker(recording, decoder, START_US + 60_000_000)
    with pytest.raises(NotFound, match="nothing of it was ever recorded"):
        await stills.jpeg(recording.camera, Role.MAIN)
    recording.run(numbered(seconds=4))

    with pytest.raises(NotFound, match="not being recorded now; its last footage"):
        await stills.jpeg(recording.camera, Role.MAIN)
    with pytest.raises(NotFound, match="footage before ends at"):
        await stills.jpeg(recording.camera, Role.MAIN, START_US + 20_000_000)


async def test_many_who_ask_for_one_picture_cost_one_decoding(
    recording: Recording, tmp_path: Path
) -> None:
    recording.run(numbered(seconds=4))
    async with StillDecoder(queue_length=1) as decoder:
        stills = maker(recording, decoder)
        asked = [
            stills.jpeg(recording.camera, Role.MAIN, START_US + n) for n in range(20)
        ]
        answers = await asyncio.gather(*asked)

    assert len(set(answers)) == 1


async def test_the_cache_is_bounded_by_bytes(
    recording: Recording, decoder: StillDecoder
) -> None:
    recording.run(numbered())
    stills = StillMaker(
        catalogue=recording.catalogue,
        volumes=recording.volumes,
        decoder=decoder,
        clock=FakeClock(),
        cache_bytes=20_000,
    )
    for second in range(8):
        at_us = START_US + second * 1_000_000
        await stills.jpeg(recording.camera, Role.MAIN, at_us)

    assert 0 < sum(len(still.jpeg) for still in stills._made.values()) <= 20_000
