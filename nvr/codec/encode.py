"""Pictures to H.264 and H.265 loops, with libx264 and libx265 through PyAV.

One thread for each loop: loops are encoded side by side in processes of their own,
and one thread gives the same bytes each time.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from nvr.base.model import Codec
from nvr.codec import annexb
from nvr.codec.loop import Picture, VideoLoop, VideoSpec
from nvr.codec.scene import Scene

_QUALITY = {Codec.H264: 23, Codec.H265: 25}
"""CRF when no bitrate is asked for: clean text, 1 to 3 Mbit/s at 720p."""


def encode_video(
    spec: VideoSpec, progress: Callable[[int, int], None] = lambda done, total: None
) -> VideoLoop:
    """Draw and encode the whole loop. `progress(frames done, frames in all)`."""
    encoder = _encoder(spec)
    sets: dict[bytes, None] = {}
    pictures: list[Picture] = []
    scene = Scene(spec)
    for index in range(spec.frames):
        frame = av.VideoFrame.from_ndarray(scene.picture(index), format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709")
        frame.pts = index
        frame.time_base = Fraction(1, spec.frames_per_second)
        _collect(encoder, frame, spec.codec, sets, pictures)
        progress(index + 1, spec.frames)
    _collect(encoder, None, spec.codec, sets, pictures)
    if len(pictures) != spec.frames or not pictures[0].is_key:
        raise RuntimeError(f"the encoder gave {len(pictures)} of {spec.frames} frames")
    return VideoLoop(
        spec.codec,
        spec.width,
        spec.height,
        spec.frames_per_second,
        tuple(sets),
        tuple(pictures),
    )


def _encoder(spec: VideoSpec) -> VideoCodecContext:
    name = "libx264" if spec.codec is Codec.H264 else "libx265"
    encoder = av.CodecContext.create(name, "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height = spec.width, spec.height
    encoder.pix_fmt = "yuv420p"
    encoder.framerate = Fraction(spec.frames_per_second)
    encoder.time_base = Fraction(1, spec.frames_per_second)
    encoder.thread_count = 1
    encoder.options = _options(spec)
    return encoder


def _options(spec: VideoSpec) -> dict[str, str]:
    gop = spec.gop_seconds * spec.frames_per_second
    parameters = {
        "keyint": gop,
        "min-keyint": gop,
        "scenecut": 0,
        "open-gop": 0,  # the loop's seam and every cut must be a clean start
        "repeat-headers": 1,
        "bframes": spec.b_frames,
        "colorprim": "bt709",
        "transfer": "bt709",
        "colormatrix": "bt709",
        "range": "limited" if spec.codec is Codec.H265 else "tv",
    }
    if spec.bitrate:
        kilobits = spec.bitrate // 1000
        parameters |= {
            "bitrate": kilobits,
            "vbv-maxrate": kilobits,
            "vbv-bufsize": kilobits,
        }
    else:
        parameters["crf"] = _QUALITY[spec.codec]
    if spec.codec is Codec.H265:
        parameters |= {"log-level": "none", "pools": "none", "frame-threads": 1}
    preset = "superfast" if spec.codec is Codec.H264 else "ultrafast"
    text = ":".join(f"{key}={value}" for key, value in parameters.items())
    key = "x264-params" if spec.codec is Codec.H264 else "x265-params"
    return {"preset": preset, key: text}


def _collect(
    encoder: VideoCodecContext,
    frame: av.VideoFrame | None,
    codec: Codec,
    sets: dict[bytes, None],
    pictures: list[Picture],
) -> None:
    for packet in encoder.encode(frame):
        nals = []
        for nal in annexb.split(bytes(packet)):
            if is_parameter_set(nal, codec):
                sets[nal] = None
            else:
                nals.append(nal)
        assert packet.pts is not None
        pictures.append(Picture(tuple(nals), packet.pts, packet.is_keyframe))


def is_parameter_set(nal: bytes, codec: Codec) -> bool:
    """SPS or PPS of H.264; VPS, SPS or PPS of H.265."""
    if codec is Codec.H264:
        return nal[0] & 0x1F in (7, 8)
    return nal[0] >> 1 & 0x3F in (32, 33, 34)


def decode_gray(loop: VideoLoop) -> Iterator[NDArray[np.uint8]]:
    """The loop's pictures as grey arrays in the order of showing, for checking."""
    name = "h264" if loop.codec is Codec.H264 else "hevc"
    decoder = av.CodecContext.create(name, "r")
    assert isinstance(decoder, VideoCodecContext)
    for picture in loop.pictures:
        sets = loop.parameter_sets if picture.is_key else ()
        stream = b"".join(b"\x00\x00\x00\x01" + nal for nal in (*sets, *picture.nals))
        for frame in decoder.decode(av.Packet(stream)):
            yield _gray(frame)
    for frame in decoder.decode(None):
        yield _gray(frame)


def _gray(frame: av.VideoFrame) -> NDArray[np.uint8]:
    return frame.to_ndarray(format="gray").astype(np.uint8, copy=False)
