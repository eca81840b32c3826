"""The values that cross a border between rooms.

Nothing here does anything: these are the nouns of the field as frozen values.
Times are whole microseconds in UTC (`wall_us`) or on the monotonic clock
(`mono_us`); timestamps inside a stream are in that track's own clock rate.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, NewType

CameraId = NewType("CameraId", str)
"""Canonical text of a UUID; survives a rename, a new address, a new device."""

VolumeId = NewType("VolumeId", str)
"""Canonical text of the UUID in a volume's identity file."""

SegmentId = NewType("SegmentId", int)
"""A node's own 64-bit sequence; never a time, never used twice."""

RunId = NewType("RunId", int)
"""The id of the first segment of a stretch without gaps."""

VIDEO = 0
AUDIO = 1
"""Track numbers inside an access unit and inside our files (track id is +1)."""

SECOND_US = 1_000_000


class Role(StrEnum):
    """Which of a camera's streams."""

    MAIN = "main"
    SUB = "sub"


class Codec(StrEnum):
    """What a track is coded with, as stored."""

    H264 = "h264"
    H265 = "h265"
    AAC = "aac"
    PCMA = "pcma"
    PCMU = "pcmu"


class GapCause(StrEnum):
    """Why a stretch of a stream's time has no footage."""

    STARTING = "starting"  # never recorded yet: added, first connection under way
    UNREACHABLE = "unreachable"  # no TCP connection, or no answer
    REFUSED = "refused"  # the camera answered with an error
    UNAUTHORIZED = "unauthorized"  # the camera wants other credentials
    SILENT = "silent"  # connected, but no pictures came
    LOST = "lost"  # the connection ended
    BAD_STREAM = "bad_stream"  # what came could not be understood
    CLOCK = "clock"  # the server's clock was stepped
    DISK = "disk"  # the volume was slow, full or failing
    OVERLOAD = "overload"  # this server could not keep up
    STOPPED = "stopped"  # the recorder was stopped on purpose
    KILLED = "killed"  # the recorder died without saying so
    DISABLED = "disabled"  # a person switched the camera off
    MISSING = "missing"  # a recorded file is gone or damaged


class SegmentState(StrEnum):
    """The life of a segment; deletion goes through the last three."""

    OPEN = "open"
    CLOSED = "closed"
    SUSPECT = "suspect"  # a write or sync failed: verify before use
    DOOMED = "doomed"  # may be deleted after its grace
    UNLINKING = "unlinking"
    MISSING = "missing"  # the row has no file


class Moment(NamedTuple):
    """One instant read from both clocks at once."""

    wall_us: int
    mono_us: int


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """A video track as the camera describes it.

    `parameter_sets` are bare NAL units without start code or length: SPS then PPS
    for H.264, VPS, SPS, PPS for H.265; several of a kind are allowed. Empty until
    the camera has sent them.
    """

    codec: Codec
    clock_rate: int
    parameter_sets: tuple[bytes, ...] = ()
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """An audio track. `config` is the AudioSpecificConfig of AAC, else empty."""

    codec: Codec
    clock_rate: int
    channels: int = 1
    config: bytes = b""


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """What a player must know before the first access unit. `None`: no such track."""

    video: VideoTrack | None
    audio: AudioTrack | None = None


class AccessUnit(NamedTuple):
    """One picture or one audio frame, exactly as the camera sent it.

    `timestamp` counts the track's clock rate from an arbitrary start, unwrapped
    (it never jumps at 2**32) and is the presentation time. `payload` of H.264 and
    H.265 is the NAL units in the order sent, each behind its length in 4 bytes
    big-endian; of AAC one raw frame; of G.711 a run of one-byte samples (per
    channel). Units come in decoding order.
    """

    track: int
    timestamp: int
    payload: bytes
    is_key: bool


class Batch(NamedTuple):
    """What one visit to a stream brought: units that share one format.

    `arrived` is when the visit read them. A format that is not the previous
    batch's very object means that a new segment must begin here.
    """

    arrived: Moment
    format: StreamFormat
    units: list[AccessUnit]


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera as the catalogue knows it; credentials are elsewhere."""

    id: CameraId
    name: str
    url: str  # main stream, without credentials
    sub_url: str  # empty: no sub stream
    username: str
    is_enabled: bool
    created_us: int


@dataclass(frozen=True, slots=True)
class StreamAddress:
    """All that ingest needs to open one stream. Never log it: it has a password."""

    url: str
    username: str
    password: str

    def __repr__(self) -> str:
        return f"StreamAddress(url={self.url!r}, username={self.username!r})"


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of about a minute. `end_us` of an open one is what is known durable."""

    id: SegmentId
    camera_id: CameraId
    role: Role
    run_id: RunId
    volume_id: VolumeId
    epoch: int
    state: SegmentState
    start_us: int
    end_us: int
    size_bytes: int
    digest: bytes  # Merkle root over its fragments; empty while open


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of one stream without gaps. `end_us` is None while it goes on."""

    id: RunId
    camera_id: CameraId
    role: Role
    start_us: int
    end_us: int | None


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of one stream without footage. `end_us` is None while it goes on."""

    camera_id: CameraId
    role: Role
    start_us: int
    end_us: int | None
    cause: GapCause
    detail: str = ""
