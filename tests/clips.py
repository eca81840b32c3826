"""Footage for tests: small real clips as access units and as fragments.

Encoded by libav in well under a second and kept for the life of the test run.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import pairwise

import av
import numpy as np

from nvr.base.model import (
    AUDIO,
    SECOND_US,
    VIDEO,
    AccessUnit,
    AudioTrack,
    Codec,
    StreamFormat,
    VideoTrack,
)
from nvr.media import h264, h265
from nvr.media.fragment import Fragment, TrackRun

VIDEO_RATE = 90_000
_ENCODERS = {Codec.H264: "libx264", Codec.H265: "libx265"}
_SOUND_ENCODERS = {Codec.AAC: "aac", Codec.PCMA: "pcm_alaw", Codec.PCMU: "pcm_mulaw"}


@dataclass(frozen=True, slots=True)
class Clip:
    """Units of each track in decoding order; timestamps begin at 0."""

    format: StreamFormat
    video: list[AccessUnit]
    audio: list[AccessUnit]

    @property
    def units(self) -> list[AccessUnit]:
        """Both tracks as a camera would send them."""
        tracks = ((self.format.video, self.video), (self.format.audio, self.audio))
        timed = []
        for track, units in tracks:
            for place, unit in enumerate(units):
                assert track is not None
                timed.append((unit.timestamp / track.clock_rate, place, unit))
        if any(a.timestamp > b.timestamp for a, b in pairwise(self.video)):
            return [*self.video, *self.audio]
        return [unit for _, _, unit in sorted(timed, key=lambda t: t[0])]


@cache
def make_clip(
    codec: Codec = Codec.H264,
    *,
    audio: Codec | None = None,
    seconds: float = 4.0,
    rate: int = 25,
    key_every: int = 25,
    b_frames: int = 0,
    width: int = 160,
    height: int = 96,
    noise: int = 0,
) -> Clip:
    """A moving pattern with a tone. `noise` (0 to 255) makes the pictures large."""
    video, parameter_sets = _encode_video(
        codec,
        count=round(seconds * rate),
        rate=rate,
        key_every=key_every,
        b_frames=b_frames,
        size=(width, height),
        noise=noise,
    )
    track = VideoTrack(codec, VIDEO_RATE, parameter_sets, width, height)
    if audio is None:
        return Clip(StreamFormat(track), video, [])
    sound_track, sound = _encode_audio(audio, seconds)
    return Clip(StreamFormat(track, sound_track), video, sound)


def fragments(
    clip: Clip, *, every: int = 25, wall_us: int = 1_800_000_000_000_000
) -> list[Fragment]:
    """The clip in fragments of `every` pictures with the sound of their time."""
    made = []
    pieces = list(_pieces(clip.video, every))
    for number, piece in enumerate(pieces, 1):
        is_last = number == len(pieces)
        run = _video_run(piece, None if is_last else pieces[number])
        until = run.base_time + sum(run.durations)
        heard = _heard(clip, run.base_time, None if is_last else until)
        zero_us = run.base_time * SECOND_US // VIDEO_RATE
        sound = _audio_run(heard, clip) if heard else None
        made.append(Fragment(number, wall_us + zero_us, zero_us, run, sound))
    return made


def to_lengths(annex_b: bytes) -> bytes:
    """NAL units behind start codes as NAL units behind 4-byte lengths."""
    return b"".join(len(n).to_bytes(4, "big") + n for n in split_annex_b(annex_b))


def split_annex_b(annex_b: bytes) -> list[bytes]:
    """The NAL units between start codes."""
    pieces = annex_b.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
    return [piece for piece in pieces if piece]


def _pieces(units: list[AccessUnit], every: int) -> Iterator[list[AccessUnit]]:
    """Cut where all so far is shown before all to come, and long enough."""
    begun = 0
    for place in range(1, len(units)):
        newest = max(unit.timestamp for unit in units[begun:place])
        oldest = min(unit.timestamp for unit in units[place : place + 20])
        if place - begun >= every and newest < oldest:
            yield units[begun:place]
            begun = place
    yield units[begun:]


def _video_run(units: list[AccessUnit], following: list[AccessUnit] | None) -> TrackRun:
    shown = [unit.timestamp for unit in units]
    decoded = sorted(shown)
    if following is None:
        end = 2 * decoded[-1] - decoded[-2]
    else:
        end = min(unit.timestamp for unit in following)
    shifts = [s - d for s, d in zip(shown, decoded, strict=True)]
    return TrackRun(
        base_time=decoded[0],
        durations=[b - a for a, b in pairwise([*decoded, end])],
        composition=shifts if any(shifts) else None,
        keys=[unit.is_key for unit in units],
        payloads=[unit.payload for unit in units],
    )


def _heard(clip: Clip, start: int, end: int | None) -> list[AccessUnit]:
    audio = clip.format.audio
    if audio is None:
        return []

    def is_inside(unit: AccessUnit) -> bool:
        at = unit.timestamp * VIDEO_RATE / audio.clock_rate
        return start <= at and (end is None or at < end)

    return [unit for unit in clip.audio if is_inside(unit)]


def _audio_run(units: list[AccessUnit], clip: Clip) -> TrackRun:
    stamps = [unit.timestamp for unit in clip.audio]
    usual = stamps[1] - stamps[0]
    return TrackRun(
        base_time=units[0].timestamp,
        durations=[usual] * len(units),
        composition=None,
        keys=[True] * len(units),
        payloads=[unit.payload for unit in units],
    )


def _encode_video(
    codec: Codec,
    *,
    count: int,
    rate: int,
    key_every: int,
    b_frames: int,
    size: tuple[int, int],
    noise: int,
) -> tuple[list[AccessUnit], tuple[bytes, ...]]:
    context = av.CodecContext.create(_ENCODERS[codec], "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, rate)
    context.framerate = Fraction(rate)
    context.gop_size = key_every
    context.max_b_frames = b_frames
    options = {"preset": "ultrafast", "forced-idr": "1"}
    if codec is Codec.H264:
        options |= {"sc_threshold": "0", "x264-params": f"bframes={b_frames}"}
    else:
        options["x265-params"] = (
            f"log-level=none:keyint={key_every}:min-keyint={key_every}:scenecut=0:"
            f"bframes={b_frames}:repeat-headers=1:open-gop=0:pools=1:frame-threads=1"
        )
    context.options = options
    packets = []
    for number in range(count):
        packets += context.encode(_picture(number, size, noise))
    packets += context.encode(None)
    shown = [packet.pts for packet in packets if packet.pts is not None]
    first = min(shown)
    is_set = _is_set_264 if codec is Codec.H264 else _is_set_265
    found: dict[bytes, None] = {}
    units = []
    for packet, pts in zip(packets, shown, strict=True):
        nals = split_annex_b(bytes(packet))
        found.update(dict.fromkeys(nal for nal in nals if is_set(nal)))
        units.append(
            AccessUnit(
                VIDEO,
                (pts - first) * VIDEO_RATE // rate,
                to_lengths(bytes(packet)),
                bool(packet.is_keyframe),
            )
        )
    return units, tuple(found)


def _is_set_264(nal: bytes) -> bool:
    return h264.nal_type(nal) in (7, 8)


def _is_set_265(nal: bytes) -> bool:
    return h265.nal_type(nal) in (32, 33, 34)


def _picture(number: int, size: tuple[int, int], noise: int) -> av.VideoFrame:
    width, height = size
    across = np.arange(width, dtype=np.uint16)[None, :]
    down = np.arange(height, dtype=np.uint16)[:, None]
    grey = ((across + down * 2 + number * 4) % 256).astype(np.uint8)
    if noise:
        random = np.random.default_rng(number)
        grey ^= random.integers(0, noise + 1, grey.shape, dtype=np.uint8)
    chroma = np.full((height // 2, width), 128, np.uint8)
    frame = av.VideoFrame.from_ndarray(np.vstack((grey, chroma)), format="yuv420p")
    frame.pts = number
    return frame


def _encode_audio(codec: Codec, seconds: float) -> tuple[AudioTrack, list[AccessUnit]]:
    rate = 16_000 if codec is Codec.AAC else 8_000
    context = av.CodecContext.create(_SOUND_ENCODERS[codec], "w")
    assert isinstance(context, av.AudioCodecContext)
    context.sample_rate = rate
    context.layout = "mono"
    context.format = "fltp" if codec is Codec.AAC else "s16"
    context.time_base = Fraction(1, rate)
    length = 1024 if codec is Codec.AAC else 160
    packets = []
    for start in range(0, round(seconds * rate), length):
        packets += context.encode(_tone(start, length, rate, codec))
    packets += context.encode(None)
    units = [
        AccessUnit(AUDIO, place * length, bytes(packet), True)
        for place, packet in enumerate(p for p in packets if p.size)
    ]
    config = bytes(context.extradata or b"") if codec is Codec.AAC else b""
    return AudioTrack(codec, rate, 1, config), units


def _tone(start: int, length: int, rate: int, codec: Codec) -> av.AudioFrame:
    times = (np.arange(length) + start) / rate
    wave = (0.3 * np.sin(2 * np.pi * 440 * times))[None, :]
    if codec is Codec.AAC:
        frame = av.AudioFrame.from_ndarray(
            wave.astype(np.float32), format="fltp", layout="mono"
        )
    else:
        frame = av.AudioFrame.from_ndarray(
            (wave * 32767).astype(np.int16), format="s16", layout="mono"
        )
    frame.sample_rate = rate
    frame.pts = start
    return frame
