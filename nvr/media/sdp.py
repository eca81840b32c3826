"""SDP (RFC 8866) as cameras write it, from text to track descriptions.

Tolerant on purpose: unknown lines, stray spaces, missing fields and broken base64
are passed over; only a text without any media is an error. Never trusts a length.
"""

import base64
import binascii
from dataclasses import dataclass, field, replace

from nvr.base.errors import MediaError
from nvr.base.model import AudioTrack, Codec, VideoTrack
from nvr.media import aac, h264, h265
from nvr.media.nal import LARGEST_PARAMETER_SET

LARGEST_TEXT = 64 << 10
MOST_MEDIA = 32
MOST_PARAMETER_SETS = 64
NO_PAYLOAD_TYPE = -1

# RFC 3551 section 6: what needs no rtpmap.
_STATIC = {
    0: ("PCMU", 8000),
    3: ("GSM", 8000),
    8: ("PCMA", 8000),
    9: ("G722", 8000),
    14: ("MPA", 90000),
    26: ("JPEG", 90000),
    32: ("MPV", 90000),
}
_VIDEO = {"H264": Codec.H264, "H265": Codec.H265, "HEVC": Codec.H265}
_AUDIO = {"MPEG4-GENERIC": Codec.AAC, "PCMA": Codec.PCMA, "PCMU": Codec.PCMU}
# In the order of decoding, which is also the order of our parameter sets.
_SPROPS = ("sprop-vps", "sprop-sps", "sprop-pps", "sprop-parameter-sets")


@dataclass(frozen=True, slots=True)
class MediaDescription:
    """One `m=` section. `codec` is in capitals, empty when it is not told;
    `control` is absolute; `parameter_sets` are those of the `fmtp` line."""

    kind: str
    codec: str
    payload_type: int
    clock_rate: int
    channels: int
    control: str
    fmtp: dict[str, str] = field(default_factory=dict)
    parameter_sets: tuple[bytes, ...] = ()

    @property
    def label(self) -> str:
        """For people: `application VND.ONVIF.METADATA`."""
        return f"{self.kind} {self.codec}".strip()


@dataclass(frozen=True, slots=True)
class ChosenTracks:
    """What will be recorded of the media offered, and the labels of the rest."""

    video: VideoTrack
    video_media: MediaDescription
    audio: AudioTrack | None
    audio_media: MediaDescription | None
    ignored: list[str]


def parse(text: str, base_url: str) -> list[MediaDescription]:
    """All media, in the order offered. Raises `MediaError` when there is none."""
    if len(text) > LARGEST_TEXT:
        raise MediaError(f"the description is longer than {LARGEST_TEXT >> 10} KiB")
    _, *sections = _sections(text)
    if not sections:
        raise MediaError("the description offers no media")
    aggregate = aggregate_control(text, base_url)
    return [_media(section, aggregate) for section in sections[:MOST_MEDIA]]


def aggregate_control(text: str, base_url: str) -> str:
    """The address that PLAY and TEARDOWN go to (RFC 2326 C.1.1)."""
    session = _sections(text)[0]
    control = _attributes(session).get("control", [""])[0]
    return resolve_control(control, base_url)


def resolve_control(control: str, base_url: str) -> str:
    """An absolute address of a control attribute.

    Appended to the base, not joined by RFC 3986: bases hold a query, or lack the
    slash at their end, and this is what the players do that cameras are tested with.
    """
    if control in ("", "*"):
        return base_url
    if control.lower().startswith(("rtsp://", "rtsps://")):
        return control
    return base_url.rstrip("/") + "/" + control.lstrip("/")


def to_tracks(
    media: list[MediaDescription], *, want_audio: bool = True
) -> ChosenTracks:
    """Choose the first usable video and audio. Raises `MediaError` with the reason
    in a sentence when no video can be recorded."""
    video = next((m for m in media if _is_usable_video(m)), None)
    if video is None:
        raise MediaError(_why_no_video(media))
    audio = (
        next((m for m in media if _is_usable_audio(m)), None) if want_audio else None
    )
    ignored = [m.label for m in media if m is not video and m is not audio]
    audio_track = _audio_track(audio) if audio else None
    return ChosenTracks(_video_track(video), video, audio_track, audio, ignored)


def _sections(text: str) -> list[list[str]]:
    """Lines of the session, then of each media, that line included."""
    sections: list[list[str]] = [[]]
    for line in text.replace("\r", "\n").split("\n"):
        stripped = line.strip().strip("\0")
        if stripped[:2].lower() == "m=":
            sections.append([])
        if stripped[1:2] == "=":
            sections[-1].append(stripped)
    return sections


def _attributes(section: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in section:
        if line[:2].lower() == "a=":
            name, _, value = line[2:].partition(":")
            found.setdefault(name.strip().lower(), []).append(value.strip())
    return found


def _media(section: list[str], aggregate: str) -> MediaDescription:
    words = section[0][2:].split()
    kind = words[0].lower() if words else ""
    payload_type = _number(words[3]) if len(words) > 3 else NO_PAYLOAD_TYPE
    attributes = _attributes(section)
    codec, clock_rate, channels = _mapping(attributes.get("rtpmap", []), payload_type)
    fmtp = _format_parameters(attributes.get("fmtp", []), payload_type)
    if clock_rate <= 0 or kind == "video":
        # RFC 6184, 7798: video counts 90 kHz; some cameras state other numbers.
        clock_rate = 90000 if kind == "video" else 8000
    return MediaDescription(
        kind=kind,
        codec=codec,
        payload_type=payload_type,
        clock_rate=clock_rate,
        channels=channels,
        control=resolve_control(attributes.get("control", [""])[0], aggregate),
        fmtp=fmtp,
        parameter_sets=_parameter_sets(fmtp, _VIDEO.get(codec)),
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _for_payload_type(values: list[str], payload_type: int) -> str:
    """What follows the payload type in the value for it, else in the only value:
    cameras have been seen to state a number of their own there."""
    split = [value.split(None, 1) for value in values]
    pairs = [pair for pair in split if len(pair) == 2]
    for number, rest in pairs:
        if _number(number) == payload_type:
            return rest
    is_dynamic = payload_type not in _STATIC
    return pairs[0][1] if len(pairs) == 1 and is_dynamic else ""


def _mapping(values: list[str], payload_type: int) -> tuple[str, int, int]:
    """Codec name, clock rate and channels."""
    parts = _for_payload_type(values, payload_type).split("/")
    name = parts[0].strip().upper()
    if not name:
        name, rate = _STATIC.get(payload_type, ("", 0))
        return name, rate, 1
    rate = _number(parts[1].strip()) if len(parts) > 1 else -1
    channels = _number(parts[2].strip()) if len(parts) > 2 else 1
    return name, rate, channels if 1 <= channels <= 8 else 1


def _format_parameters(values: list[str], payload_type: int) -> dict[str, str]:
    found = {}
    for part in _for_payload_type(values, payload_type).split(";"):
        name, equals, value = part.partition("=")
        if equals:
            found[name.strip().lower()] = value.strip()
    return found


def _parameter_sets(fmtp: dict[str, str], codec: Codec | None) -> tuple[bytes, ...]:
    if codec is None:
        return ()
    texts = [t for name in _SPROPS for t in fmtp.get(name, "").split(",")]
    nals = [_decode(text) for text in texts[:MOST_PARAMETER_SETS]]
    kind_of = h264.nal_type if codec is Codec.H264 else h265.nal_type
    wanted = (
        (h264.SPS, h264.PPS) if codec is Codec.H264 else (h265.VPS, h265.SPS, h265.PPS)
    )
    return tuple(nal for kind in wanted for nal in nals if nal and kind_of(nal) == kind)


def _decode(text: str) -> bytes:
    """A NAL unit of a sprop value; empty when it cannot be one."""
    text = text.strip().strip('"')
    try:
        nal = base64.b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
    for start_code in (b"\0\0\0\1", b"\0\0\1"):
        nal = nal.removeprefix(start_code)
    return nal if len(nal) <= LARGEST_PARAMETER_SET else b""


def _is_usable_video(media: MediaDescription) -> bool:
    if media.kind != "video" or media.codec not in _VIDEO:
        return False
    return _reordering(media) in ("", "0")


def _reordering(media: MediaDescription) -> str:
    """Says whether NAL units come in another order than they are decoded in."""
    if media.codec == "H264":
        return "2" if media.fmtp.get("packetization-mode") == "2" else ""
    return media.fmtp.get("sprop-max-don-diff", "")


def _is_usable_audio(media: MediaDescription) -> bool:
    if media.kind != "audio" or media.codec not in _AUDIO:
        return False
    if _AUDIO[media.codec] is not Codec.AAC:
        return True
    return bool(_audio_config(media))


def _audio_config(media: MediaDescription) -> bytes:
    """The AudioSpecificConfig; empty when the stream cannot be understood."""
    try:
        config = bytes.fromhex(media.fmtp.get("config", ""))
        config = config or aac.make_config(media.clock_rate, media.channels)
        aac.parse_config(config)
    except (ValueError, MediaError):
        return b""
    return config


def _why_no_video(media: list[MediaDescription]) -> str:
    offered = [m for m in media if m.kind == "video"]
    if not offered:
        return "The camera offers no video at this address."
    if any(m.codec in _VIDEO for m in offered):
        return "The camera sends its video interleaved, which is not supported."
    names = ", ".join(sorted({m.codec or "an unnamed codec" for m in offered}))
    return (
        f"The camera sends {names[:60]}, which cannot be recorded. "
        "Set it to H.264 or H.265."
    )


def _video_track(media: MediaDescription) -> VideoTrack:
    codec = _VIDEO[media.codec]
    track = VideoTrack(codec, media.clock_rate)
    size = h264.size if codec is Codec.H264 else h265.size
    try:
        width, height = size(media.parameter_sets)
    except MediaError:
        # Sets that cannot be read are as good as none: they will come in band.
        return track
    return replace(
        track, parameter_sets=media.parameter_sets, width=width, height=height
    )


def _audio_track(media: MediaDescription) -> AudioTrack:
    codec = _AUDIO[media.codec]
    if codec is not Codec.AAC:
        return AudioTrack(codec, media.clock_rate, media.channels)
    config = _audio_config(media)
    channels = aac.parse_config(config).channels or media.channels
    return AudioTrack(codec, media.clock_rate, channels, config)
