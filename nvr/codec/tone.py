"""Sound loops: a soft two-note chime over quiet noise, as AAC or G.711."""

from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

from nvr.base.model import Codec
from nvr.codec.loop import AudioLoop, AudioSpec

_AAC_SAMPLES = 1024
_G711_SAMPLES = 320
"""40 ms at 8 kHz, as most cameras send it."""
_ENCODERS = {Codec.PCMA: "pcm_alaw", Codec.PCMU: "pcm_mulaw"}


def encode_audio(spec: AudioSpec) -> AudioLoop:
    """The loop, whole frames, length rounded up; its seam cannot be heard."""
    if spec.codec is Codec.AAC:
        return _aac(spec)
    frames = -(-spec.seconds * spec.sample_rate // _G711_SAMPLES)
    sound = _sound(spec, frames * _G711_SAMPLES)
    coded = b"".join(_encode(_ENCODERS[spec.codec], "s16", sound, spec)[0])
    return AudioLoop(
        spec.codec,
        spec.sample_rate,
        1,
        b"",
        _G711_SAMPLES,
        tuple(
            coded[i : i + _G711_SAMPLES] for i in range(0, len(coded), _G711_SAMPLES)
        ),
    )


def _aac(spec: AudioSpec) -> AudioLoop:
    count = -(-spec.seconds * spec.sample_rate // _AAC_SAMPLES)
    # AAC frames overlap: the middle one of three rounds has the loop on both sides.
    sound = np.tile(_sound(spec, count * _AAC_SAMPLES), 3)
    frames, config = _encode("aac", "fltp", sound, spec)
    middle = tuple(frames[count : 2 * count])
    return AudioLoop(spec.codec, spec.sample_rate, 1, config, _AAC_SAMPLES, middle)


def _sound(spec: AudioSpec, samples: int) -> NDArray[np.float32]:
    time_s = np.arange(samples) / spec.sample_rate
    noise = np.random.default_rng(spec.seed).normal(0, 0.004, samples)
    sound = noise.astype(np.float32)
    length_s = samples / spec.sample_rate
    pitch = 440 * 2 ** (spec.seed % 12 / 12)
    for number in range(int(length_s / 2)):
        since_s = np.clip(time_s - (2 * number + 0.5), 0, None)
        note = pitch * (1.5 if number % 2 else 1)
        chime = np.exp(-6 * since_s) * np.minimum(1, since_s * 200)
        sound += (0.2 * chime * np.sin(2 * np.pi * note * since_s)).astype(np.float32)
    return sound


def _encode(
    name: str, layout: str, sound: NDArray[np.float32], spec: AudioSpec
) -> tuple[list[bytes], bytes]:
    encoder = av.CodecContext.create(name, "w")
    assert isinstance(encoder, AudioCodecContext)
    encoder.sample_rate = spec.sample_rate
    encoder.format = layout
    encoder.layout = "mono"
    encoder.time_base = Fraction(1, spec.sample_rate)
    if spec.codec is Codec.AAC:
        encoder.bit_rate = 48_000
    samples = sound if layout == "fltp" else (sound * 32_767).astype(np.int16)
    coded: list[bytes] = []
    step = _AAC_SAMPLES if spec.codec is Codec.AAC else _G711_SAMPLES
    for start in range(0, len(samples), step):
        piece: Any = np.ascontiguousarray(samples[None, start : start + step])
        frame = av.AudioFrame.from_ndarray(piece, format=layout, layout="mono")
        frame.sample_rate = spec.sample_rate
        frame.pts = start
        coded += [bytes(packet) for packet in encoder.encode(frame)]
    coded += [bytes(packet) for packet in encoder.encode(None)]
    # The two bytes that matter; the rest says that there is no SBR.
    return coded, bytes(encoder.extradata or b"")[:2]
