"""Looking into files and clips, to compare them with what a camera sent."""

import io
import shutil
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import av

from nvr.base.model import Codec
from nvr.codec.strip import read_strip


def frame_numbers(data: bytes | Path) -> list[tuple[int, int]]:
    """Camera and frame number burnt into every picture that a player shows."""
    source = io.BytesIO(data) if isinstance(data, bytes) else str(data)
    with av.open(source) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        found = []
        for frame in container.decode(stream):
            found.append(read_strip(frame.to_ndarray(format="gray")))
    return found


def nal_digests(path: Path, codec: Codec) -> list[bytes]:
    """SHA-256 of every NAL unit of the video track but parameter sets, as stored."""
    is_set = h264_set if codec is Codec.H264 else h265_set
    with av.open(str(path)) as container:
        return [
            sha256(nal).digest()
            for packet in container.demux(container.streams.video[0])
            if packet.size
            for nal in nals_of(bytes(packet))
            if not is_set(nal)
        ]


def nals_of(sample: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(sample):
        length = int.from_bytes(sample[at : at + 4])
        yield sample[at + 4 : at + 4 + length]
        at += 4 + length


def h264_set(nal: bytes) -> bool:
    return nal[0] & 31 in (7, 8)


def h265_set(nal: bytes) -> bool:
    return nal[0] >> 1 & 63 in (32, 33, 34)


def ffmpeg_complaints(path: Path, level: str = "warning") -> str:
    """What the ffmpeg command says while decoding all of a file; empty is good."""
    command = ["ffmpeg", "-v", level, "-xerror", "-i", str(path), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip() + ("" if done.returncode == 0 else " (failed)")


def has_ffmpeg() -> bool:
    return shutil.which("ffmpeg") is not None
