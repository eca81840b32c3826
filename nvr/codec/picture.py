"""From stored access units to one decoded picture.

Whatever a hostile camera sent ends up in here: it runs only in processes that hold
no secrets and may be killed (see `still_worker`).
"""

from collections.abc import Iterator, Sequence

import av
from av.video.frame import VideoFrame

from nvr.base.errors import MediaError
from nvr.base.model import Codec

_NAMES = {Codec.H264: "h264", Codec.H265: "hevc"}
_START = b"\x00\x00\x00\x01"


def decode(
    codec: Codec,
    parameter_sets: Sequence[bytes],
    units: Sequence[bytes],
    times: Sequence[int],
    wanted: int,
) -> VideoFrame:
    """The picture shown at `wanted` out of units that begin with a key frame.

    `times` are the units' presentation times in the order of decoding. Raises
    `MediaError` when no picture at or before `wanted` comes out.
    """
    found: VideoFrame | None = None
    for frame in _frames(codec, parameter_sets, units, times):
        if frame.pts is not None and frame.pts <= wanted:
            found = frame
        if frame.pts is not None and frame.pts >= wanted:
            break
    if found is None:
        raise MediaError("no picture could be decoded from the recorded data")
    return found


def annexb(payload: bytes) -> bytes:
    """NAL units behind 4-byte lengths as the start-code form that decoders take."""
    pieces: list[bytes] = []
    at, end = 0, len(payload)
    while at + 4 <= end:
        length = int.from_bytes(payload[at : at + 4], "big")
        pieces += (_START, payload[at + 4 : at + 4 + length])
        at += 4 + length
    return b"".join(pieces)


def _frames(
    codec: Codec,
    parameter_sets: Sequence[bytes],
    units: Sequence[bytes],
    times: Sequence[int],
) -> Iterator[VideoFrame]:
    context = av.CodecContext.create(_NAMES[codec], "r")
    assert isinstance(context, av.VideoCodecContext)
    # One thread: a hostile picture costs one core, and nothing waits in a pipeline.
    context.thread_count = 1
    prefix = b"".join(_START + unit for unit in parameter_sets)
    try:
        for unit, time in zip(units, times, strict=True):
            packet = av.Packet(prefix + annexb(unit))
            packet.pts = time
            prefix = b""
            yield from context.decode(packet)
        yield from context.decode(None)
    except av.FFmpegError as error:
        raise MediaError(f"the recorded picture cannot be decoded: {error}") from error
