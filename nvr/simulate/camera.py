"""What a virtual camera is and how it wants to be spoken to."""

from dataclasses import dataclass, replace
from enum import StrEnum

from nvr.base.model import Codec, Role
from nvr.codec.loop import AudioSpec, VideoSpec


class Auth(StrEnum):
    """How the camera asks for credentials."""

    NONE = "none"
    BASIC = "basic"
    DIGEST = "digest"  # MD5, as nearly every camera
    DIGEST_SHA256 = "digest-sha256"


class Sets(StrEnum):
    """Where the parameter sets are."""

    BOTH = "both"
    SDP = "sdp"
    IN_BAND = "in-band"


@dataclass(frozen=True, slots=True)
class VirtualCamera:
    """One camera: `rtsp://host:port/NAME/main` and, with a sub stream, `/NAME/sub`.

    `own_port` gives it a listener of its own, so that refusing connections concerns
    nobody else. `clock_offset_us` is by how much its clock (RTCP) is ahead of ours.
    """

    name: str
    main: VideoSpec
    sub: VideoSpec | None = None
    audio: AudioSpec | None = None
    auth: Auth = Auth.NONE
    username: str = ""
    password: str = ""
    sets: Sets = Sets.BOTH
    clock_offset_us: int = 0
    own_port: bool = False

    def video(self, role: Role) -> VideoSpec | None:
        """What the stream shows; None when the camera has no such stream."""
        return self.main if role is Role.MAIN else self.sub


_STREETS = (
    "Market Street",
    "North Gate",
    "Harbour Road",
    "Station Square",
    "Mill Lane",
    "Park Avenue",
    "Old Bridge",
    "Church Hill",
)


def demo_cameras(
    count: int, *, auth: Auth = Auth.NONE, username: str = "", password: str = ""
) -> list[VirtualCamera]:
    """Cameras that differ as a newcomer should see: day, night, codecs, sound."""
    cameras = []
    for number in range(1, count + 1):
        street = _STREETS[(number - 1) % len(_STREETS)]
        main = VideoSpec(
            title=f"{number:02} {street}",
            number=number,
            seed=number,
            is_night=number % 3 == 0,
            codec=Codec.H265 if number % 4 == 2 else Codec.H264,
        )
        sub = replace(
            main, width=640, height=360, frames_per_second=12, codec=Codec.H264
        )
        sound = {1: AudioSpec(Codec.AAC, seed=number), 0: None}
        sound[3] = AudioSpec(Codec.PCMA, sample_rate=8000, seed=number)
        cameras.append(
            VirtualCamera(
                name=f"cam{number}",
                main=main,
                sub=sub,
                audio=sound.get(number % 4),
                auth=auth,
                username=username,
                password=password,
            )
        )
    return cameras


def bench_cameras(count: int) -> list[VirtualCamera]:
    """Cameras that send the same 1080p25 H.264 pictures at 4 Mbit/s, each its own way.

    One loop and its packets are shared; sequence numbers and timestamps are not.
    """
    main = VideoSpec(
        title="Benchmark",
        number=0,
        seed=1,
        width=1920,
        height=1080,
        seconds=10,
        bitrate=4_000_000,
    )
    return [VirtualCamera(f"bench{number}", main) for number in range(1, count + 1)]
