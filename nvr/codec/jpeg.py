"""One decoded picture as a JPEG.

Used only in processes that may be killed; never by a recorder or the web process.
"""

from fractions import Fraction

import av
from av.video.frame import VideoFrame

from nvr.base.errors import MediaError

QUALITY = 4
"""Quantiser of mjpeg, 2 (best) to 31: 4 keeps number plates at a third of 2's size."""
MIN_WIDTH = 16
MAX_SIDE = 8192


def encode(frame: VideoFrame, width: int | None = None) -> tuple[bytes, int, int]:
    """JPEG bytes, width and height. `width` only ever makes the picture smaller."""
    wide, high = fit(frame.width, frame.height, width)
    picture = frame.reformat(wide, high, "yuvj420p")
    picture.pts = 0
    context = av.CodecContext.create("mjpeg", "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = wide, high, "yuvj420p"
    context.time_base = Fraction(1, 25)
    context.thread_count = 1
    context.options = {"qmin": str(QUALITY), "qmax": str(QUALITY)}
    try:
        packets = [*context.encode(picture), *context.encode(None)]
    except av.FFmpegError as error:
        raise MediaError(f"the picture cannot be made a JPEG: {error}") from error
    return b"".join(bytes(packet) for packet in packets), wide, high


def fit(width: int, height: int, wanted: int | None) -> tuple[int, int]:
    """The size to deliver: not larger than the source, same shape, even numbers."""
    limit = min(wanted or width, width, MAX_SIDE)
    if height > width:
        limit = min(limit, MAX_SIDE * width // height)
    wide = max(MIN_WIDTH, limit)
    high = max(MIN_WIDTH, round(height * wide / width))
    return wide // 2 * 2, high // 2 * 2
