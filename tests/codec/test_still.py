"""Stills: the right picture, and nothing a decoder does can hurt the caller."""

import asyncio
import io
import os
import signal
from fractions import Fraction

import av
import numpy as np
import pytest

from nvr.base.errors import MediaError
from nvr.base.model import Codec
from nvr.codec.still import Picture, StillBusy, StillDecoder, StillRequest

FRAMES = 12


def grey_levels(count: int) -> list[int]:
    """Brightness of each picture, far enough apart to be told after coding."""
    return [30 + 15 * n for n in range(count)]


def coded(encoder: str, b_frames: int) -> tuple[list[bytes], list[int]]:
    """One GOP of pictures of rising brightness, as length-prefixed units."""
    context = av.CodecContext.create(encoder, "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = 320, 240, "yuv420p"
    context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
    quiet = f"bframes={b_frames}:keyint=100:log-level=none:scenecut=0"
    context.options = {f"{encoder[3:]}-params": quiet, "preset": "ultrafast"}
    packets = []
    for n, level in enumerate(grey_levels(FRAMES)):
        picture = np.full((360, 320), 128, np.uint8)
        picture[:240] = level
        frame = av.VideoFrame.from_ndarray(picture, "yuv420p")
        frame.pts = n
        packets += context.encode(frame)
    packets += context.encode(None)
    times = [packet.pts for packet in packets if packet.pts is not None]
    return [length_prefixed(bytes(packet)) for packet in packets], times


def length_prefixed(annexb: bytes) -> bytes:
    units = annexb.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")[1:]
    return b"".join(len(u).to_bytes(4, "big") + u for u in units)


def brightness(jpeg: bytes) -> float:
    with av.open(io.BytesIO(jpeg), format="jpeg_pipe") as container:
        frame = next(container.decode(video=0))
    return float(frame.to_ndarray(format="gray").mean())


def full_range(level: int) -> float:
    """Stored pictures use 16 to 235; a JPEG uses all of it."""
    return (level - 16) * 255 / 219


@pytest.mark.parametrize("encoder", ["libx264", "libx265"])
async def test_a_key_frame_becomes_a_jpeg(encoder: str) -> None:
    units, times = coded(encoder, b_frames=0)
    codec = Codec.H264 if encoder == "libx264" else Codec.H265

    async with StillDecoder() as decoder:
        made = await decoder.make(
            StillRequest(codec, (), units[:1], times[:1], times[0])
        )

    assert (made.width, made.height) == (320, 240)
    assert brightness(made.jpeg) == pytest.approx(full_range(30), abs=4)


@pytest.mark.parametrize("b_frames", [0, 2])
async def test_the_exact_picture_is_found_inside_a_gop(b_frames: int) -> None:
    units, times = coded("libx264", b_frames)

    async with StillDecoder() as decoder:
        for shown in (0, 5, FRAMES - 1):
            made = await decoder.make(
                StillRequest(Codec.H264, (), units, times, shown, width=160)
            )

            assert (made.width, made.height) == (160, 120)
            level = grey_levels(FRAMES)[shown]
            assert brightness(made.jpeg) == pytest.approx(full_range(level), abs=4)


async def test_nonsense_is_an_error_and_the_next_picture_comes() -> None:
    units, times = coded("libx264", b_frames=0)
    good = StillRequest(Codec.H264, (), units[:1], times[:1], times[0])
    bad = StillRequest(Codec.H264, (), [b"\0\0\0\4abcd"], [0], 0)

    async with StillDecoder() as decoder:
        with pytest.raises(MediaError):
            await decoder.make(bad)

        assert (await decoder.make(good)).jpeg[:2] == b"\xff\xd8"


async def test_a_decoder_that_hangs_is_killed_and_replaced() -> None:
    units, times = coded("libx264", b_frames=0)
    good = StillRequest(Codec.H264, (), units[:1], times[:1], times[0])

    async with StillDecoder(deadline_seconds=1.0) as decoder:
        await decoder.make(good)
        first = worker(decoder)
        os.kill(first, signal.SIGSTOP)
        with pytest.raises(MediaError, match="took over 1 s"):
            await decoder.make(good)

        assert (await decoder.make(good)).width == 320
        assert worker(decoder) != first


async def test_a_decoder_that_dies_is_replaced() -> None:
    units, times = coded("libx264", b_frames=0)
    good = StillRequest(Codec.H264, (), units[:1], times[:1], times[0])

    async with StillDecoder() as decoder:
        await decoder.make(good)
        os.kill(worker(decoder), signal.SIGKILL)
        answers = await asyncio.gather(
            decoder.make(good), decoder.make(good), return_exceptions=True
        )

        assert isinstance(answers[-1], Picture)


async def test_a_full_queue_is_a_clear_error_at_once() -> None:
    units, times = coded("libx264", b_frames=0)
    good = StillRequest(Codec.H264, (), units[:1], times[:1], times[0])

    async with StillDecoder(queue_length=2) as decoder:
        answers = await asyncio.gather(
            *(decoder.make(good) for _ in range(5)), return_exceptions=True
        )

    assert [type(a) for a in answers] == [Picture] * 2 + [StillBusy] * 3


async def test_leaving_in_the_middle_does_not_mix_up_answers() -> None:
    units, times = coded("libx264", b_frames=0)
    wide = StillRequest(Codec.H264, (), units[:1], times[:1], times[0])
    small = StillRequest(Codec.H264, (), units[:1], times[:1], times[0], width=64)

    async with StillDecoder() as decoder:
        await decoder.make(wide)
        leaving = asyncio.create_task(decoder.make(wide))
        await asyncio.sleep(0)
        leaving.cancel()
        made = await decoder.make(small)

    assert made.width == 64


def worker(decoder: StillDecoder) -> int:
    assert decoder._process is not None
    return decoder._process.pid
