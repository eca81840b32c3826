"""Sample entries: how a track's coding is described inside a `moov`, both ways.

H.264 and H.265 as ISO/IEC 14496-15, AAC as 14496-14, G.711 as QuickTime's `alaw` and
`ulaw`, which is how it travels in MP4.
"""

import struct
from collections.abc import Iterator

from nvr.base.errors import MediaError
from nvr.base.model import AudioTrack, Codec, VideoTrack
from nvr.media import boxes, h264, h265
from nvr.media.boxes import Box

_VIDEO_ENTRIES = {b"avc1": Codec.H264, b"hvc1": Codec.H265}
_AUDIO_ENTRIES = {b"mp4a": Codec.AAC, b"alaw": Codec.PCMA, b"ulaw": Codec.PCMU}
_VIDEO_FIELDS = struct.Struct(">6xH16xHHII4xH32xHh")
_AUDIO_FIELDS = struct.Struct(">6xH8xHH4xI")
_U16 = struct.Struct(">H")
_DPI_72 = 0x00480000
_ES, _DECODER, _SPECIFIC, _SYNC_LAYER = 3, 4, 5, 6  # tags of ISO/IEC 14496-1 7.2.2
_MOST_RATE = 0xFFFF
_LAYOUTS = {1: 100 << 16 | 1, 2: 101 << 16 | 2}  # mono, stereo


def video_entry(track: VideoTrack) -> bytes:
    """The entry with its decoder configuration; needs the parameter sets."""
    if not track.parameter_sets:
        raise ValueError("a video track cannot be written before its parameter sets")
    fields = _VIDEO_FIELDS.pack(
        1, track.width, track.height, _DPI_72, _DPI_72, 1, 0x18, -1
    )
    if track.codec is Codec.H264:
        record = h264.decoder_configuration(track.parameter_sets)
        return boxes.box(b"avc1", fields, boxes.box(b"avcC", record))
    record = h265.decoder_configuration(track.parameter_sets)
    return boxes.box(b"hvc1", fields, boxes.box(b"hvcC", record))


def audio_entry(track: AudioTrack) -> bytes:
    """The entry with its decoder configuration, if the codec has one."""
    # The field has 16 bits; players take higher rates from the configuration.
    rate = track.clock_rate if track.clock_rate <= _MOST_RATE else 0
    fields = _AUDIO_FIELDS.pack(1, track.channels, 16, rate << 16)
    if track.codec is Codec.AAC:
        return boxes.box(b"mp4a", fields, _elementary_stream(track.config))
    kind = b"alaw" if track.codec is Codec.PCMA else b"ulaw"
    return boxes.box(kind, fields, *_channel_layout(track.channels))


def parse_video_entry(data: bytes, entry: Box, clock_rate: int) -> VideoTrack:
    """The track that `video_entry` was given, its parameter sets in order of kind."""
    codec = _VIDEO_ENTRIES.get(entry.kind)
    if codec is None:
        raise MediaError(f"video entry {entry.kind!r} is not one of ours")
    fields = boxes.unpack(_VIDEO_FIELDS, data, entry.start, entry.end)
    inside = entry._replace(start=entry.start + _VIDEO_FIELDS.size)
    kind = b"avcC" if codec is Codec.H264 else b"hvcC"
    record = boxes.need(data, kind, within=inside)
    read = _avc_sets if codec is Codec.H264 else _hevc_sets
    sets = tuple(read(data[record.start : record.end]))
    return VideoTrack(codec, clock_rate, sets, width=fields[1], height=fields[2])


def parse_audio_entry(data: bytes, entry: Box, clock_rate: int) -> AudioTrack:
    """The track that `audio_entry` was given."""
    codec = _AUDIO_ENTRIES.get(entry.kind)
    if codec is None:
        raise MediaError(f"audio entry {entry.kind!r} is not one of ours")
    channels = boxes.unpack(_AUDIO_FIELDS, data, entry.start, entry.end)[1]
    config = b""
    if codec is Codec.AAC:
        inside = entry._replace(start=entry.start + _AUDIO_FIELDS.size)
        found = boxes.need(data, b"esds", within=inside)
        config = _specific_config(data[found.start + 4 : found.end])
    return AudioTrack(codec, clock_rate, channels, config)


def _channel_layout(channels: int) -> list[bytes]:
    """QuickTime's `chan`; without it players guess, and ffmpeg says so."""
    tag = _LAYOUTS.get(channels)
    if tag is None:
        return []
    return [boxes.full_box(b"chan", 0, 0, tag.to_bytes(4, "big"), bytes(8))]


def _elementary_stream(config: bytes) -> bytes:
    """`esds`: an AAC audio stream with this configuration."""
    decoder = bytes((0x40, 0x15)) + bytes(11) + _descriptor(_SPECIFIC, config)
    stream = bytes(3) + _descriptor(_DECODER, decoder) + _descriptor(_SYNC_LAYER, b"\2")
    return boxes.full_box(b"esds", 0, 0, _descriptor(_ES, stream))


def _descriptor(tag: int, content: bytes) -> bytes:
    # The length in four groups of seven bits, as most writers do.
    groups = (len(content) >> shift & 0x7F for shift in (21, 14, 7, 0))
    first, second, third, last = groups
    return bytes((tag, first | 0x80, second | 0x80, third | 0x80, last)) + content


def _specific_config(data: bytes) -> bytes:
    """The AudioSpecificConfig inside the descriptors of an `esds`."""
    tag, content = _read_descriptor(data)
    if tag != _ES or len(content) < 3:
        raise MediaError("esds holds no elementary stream")
    tag, content = _read_descriptor(content[3:])
    if tag != _DECODER or len(content) < 13:
        raise MediaError("esds holds no decoder configuration")
    tag, content = _read_descriptor(content[13:])
    if tag != _SPECIFIC:
        raise MediaError("esds holds no audio configuration")
    return content


def _read_descriptor(data: bytes) -> tuple[int, bytes]:
    length = 0
    for used, byte in enumerate(data[1:5], 2):
        length = length << 7 | byte & 0x7F
        if not byte & 0x80:
            if used + length > len(data):
                break
            return data[0], data[used : used + length]
    raise MediaError("a descriptor is cut off")


def _avc_sets(record: bytes) -> Iterator[bytes]:
    if len(record) < 7:
        raise MediaError("avcC is cut off")
    at = 5
    for mask in (0x1F, 0xFF):
        if at >= len(record):
            raise MediaError("avcC is cut off")
        count, at = record[at] & mask, at + 1
        for _ in range(count):
            nal, at = _counted(record, at)
            yield nal


def _hevc_sets(record: bytes) -> Iterator[bytes]:
    if len(record) < 23:
        raise MediaError("hvcC is cut off")
    at = 23
    for _ in range(record[22]):
        (count,) = boxes.unpack(_U16, record, at + 1, len(record))
        at += 3
        for _ in range(count):
            nal, at = _counted(record, at)
            yield nal


def _counted(record: bytes, at: int) -> tuple[bytes, int]:
    """The NAL unit behind its length in 16 bits, and where the next begins."""
    (length,) = boxes.unpack(_U16, record, at, len(record))
    end = at + 2 + length
    if end > len(record):
        raise MediaError("a parameter set is cut off")
    return record[at + 2 : end], end
