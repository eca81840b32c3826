"""What a virtual camera is asked to show, and the encoded loop that comes of it.

Plain values: this file needs neither numpy nor av, so that whoever only sends a loop
does not load them.
"""

from dataclasses import dataclass
from typing import NamedTuple

from nvr.base.model import Codec


@dataclass(frozen=True, slots=True)
class VideoSpec:
    """Everything that decides the bytes of a picture loop."""

    title: str
    number: int  # of the camera, readable by machine at the bottom edge
    seed: int  # of the street and of what moves in it
    is_night: bool = False
    width: int = 1280
    height: int = 720
    frames_per_second: int = 25
    seconds: int = 16
    gop_seconds: int = 2
    codec: Codec = Codec.H264
    bitrate: int = 0  # bit/s that are really reached; 0: what good pictures need
    b_frames: int = 0

    @property
    def frames(self) -> int:
        return self.seconds * self.frames_per_second


@dataclass(frozen=True, slots=True)
class AudioSpec:
    """Everything that decides the bytes of a sound loop."""

    codec: Codec
    sample_rate: int = 16_000
    seconds: int = 8
    seed: int = 0


class Picture(NamedTuple):
    """One coded picture. `nals` hold no parameter sets, start codes or lengths."""

    nals: tuple[bytes, ...]
    shown_at: int  # place in the order of showing, from 0, inside the loop
    is_key: bool


@dataclass(frozen=True, slots=True)
class VideoLoop:
    """Pictures in decoding order; the first is an IDR, every GOP is closed."""

    codec: Codec
    width: int
    height: int
    frames_per_second: int
    parameter_sets: tuple[bytes, ...]
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class AudioLoop:
    """Audio frames of equal length that can be repeated without a click."""

    codec: Codec
    clock_rate: int
    channels: int
    config: bytes
    samples_per_frame: int
    frames: tuple[bytes, ...]
