"""What DESCRIBE answers (RFC 4566, with the fmtp of each payload format)."""

import base64
from collections.abc import Sequence

from nvr.base.model import Codec
from nvr.codec.loop import AudioLoop, VideoLoop
from nvr.simulate.packets import AUDIO_TYPES, VIDEO_TYPE


def describe(
    host: str, title: str, video: VideoLoop, audio: AudioLoop | None, *, has_sets: bool
) -> str:
    """The session: `trackID=0` the pictures, `trackID=1` the sound."""
    lines = [
        "v=0",
        f"o=- 1 1 IN IP4 {host}",
        f"s={title}",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=control:*",
        "a=range:npt=now-",
        *_video(video, has_sets),
    ]
    if audio is not None:
        lines += _audio(audio)
    return "\r\n".join(lines) + "\r\n"


def _video(loop: VideoLoop, has_sets: bool) -> list[str]:
    name = "H264" if loop.codec is Codec.H264 else "H265"
    parameters = _h264(loop, has_sets) if name == "H264" else _h265(loop, has_sets)
    return [
        f"m=video 0 RTP/AVP {VIDEO_TYPE}",
        f"a=rtpmap:{VIDEO_TYPE} {name}/90000",
        *([f"a=fmtp:{VIDEO_TYPE} {parameters}"] if parameters else []),
        f"a=framerate:{loop.frames_per_second}",
        "a=control:trackID=0",
    ]


def _h264(loop: VideoLoop, has_sets: bool) -> str:
    if not has_sets:
        return "packetization-mode=1"
    profile = loop.parameter_sets[0][1:4].hex().upper()
    return (
        f"packetization-mode=1;profile-level-id={profile};"
        f"sprop-parameter-sets={_base64(loop.parameter_sets)}"
    )


def _h265(loop: VideoLoop, has_sets: bool) -> str:
    if not has_sets:
        return ""
    names = {32: "sprop-vps", 33: "sprop-sps", 34: "sprop-pps"}
    kinds: dict[str, list[bytes]] = {}
    for nal in loop.parameter_sets:
        kinds.setdefault(names[nal[0] >> 1 & 0x3F], []).append(nal)
    return ";".join(f"{name}={_base64(nals)}" for name, nals in kinds.items())


def _audio(loop: AudioLoop) -> list[str]:
    kind = AUDIO_TYPES[loop.codec]
    if loop.codec is not Codec.AAC:
        name = loop.codec.value.upper()
        form = [f"a=rtpmap:{kind} {name}/{loop.clock_rate}"]
    else:
        form = [
            f"a=rtpmap:{kind} MPEG4-GENERIC/{loop.clock_rate}/{loop.channels}",
            f"a=fmtp:{kind} streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;"
            f"indexlength=3;indexdeltalength=3;config={loop.config.hex().upper()}",
        ]
    return [f"m=audio 0 RTP/AVP {kind}", *form, "a=control:trackID=1"]


def _base64(nals: Sequence[bytes]) -> str:
    return ",".join(base64.b64encode(nal).decode() for nal in nals)
