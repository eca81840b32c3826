"""Writing MP4: what players and files need, from our own values.

Payloads are never copied or changed: these functions make what stands in front of
them.
"""

from nvr.base.model import AudioTrack, Codec, StreamFormat
from nvr.media import aac, boxes, h264, h265
from nvr.media.fragment import Fragment
from nvr.media.movie import (
    AUDIO_ID,
    VIDEO_ID,
    Edit,
    Track,
    build_moov,
    fragment_moov,
    full_index,
)
from nvr.media.movie_fragment import movie_fragment
from nvr.media.segment_layout import FILE_TYPE

__all__ = [
    "Edit",
    "Track",
    "build_moov",
    "codecs",
    "fragment_header",
    "full_index",
    "initialization",
    "mime",
]


def initialization(form: StreamFormat) -> bytes:
    """`ftyp` and `moov`: what a player needs before the first fragment."""
    return FILE_TYPE + fragment_moov(form)


def fragment_header(fragment: Fragment) -> bytes:
    """`moof` and the header of the `mdat`.

    The payloads follow as they are: all pictures, then all sound.
    """
    pairs = ((VIDEO_ID, fragment.video), (AUDIO_ID, fragment.audio))
    tracks = [
        (track_id, run, [*map(len, run.payloads)])
        for track_id, run in pairs
        if run is not None
    ]
    moof = movie_fragment(fragment.number, tracks)
    return moof + boxes.header(b"mdat", sum(sum(sizes) for _, _, sizes in tracks))


def codecs(form: StreamFormat) -> str:
    """The `codecs` parameter of RFC 6381, such as `avc1.64001f,mp4a.40.2`."""
    names = []
    if form.video is not None:
        sets = form.video.parameter_sets
        name = h264.codecs if form.video.codec is Codec.H264 else h265.codecs
        names.append(name(sets))
    if form.audio is not None:
        names.append(_audio_codec(form.audio))
    return ",".join(names)


def mime(form: StreamFormat) -> str:
    """The type a player is asked about and told."""
    kind = "video" if form.video is not None else "audio"
    return f'{kind}/mp4; codecs="{codecs(form)}"'


def _audio_codec(audio: AudioTrack) -> str:
    if audio.codec is Codec.AAC:
        return aac.codecs(audio.config)
    return "alaw" if audio.codec is Codec.PCMA else "ulaw"
