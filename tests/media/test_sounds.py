"""Audio frames out of RTP packets."""

import struct

import pytest

from nvr.base.model import AccessUnit, AudioTrack, Codec, StreamFormat, VideoTrack
from nvr.media import sdp
from nvr.media.collector import Collector
from nvr.media.depacketise_h264 import H264Receiver
from nvr.media.interleaved import Scanner
from nvr.media.sounds import AacReceiver, G711Receiver, SoundReceiver
from nvr.media.tally import Tally
from tests.media.packets import PPS, SPS, framed, rtp

[AAC_MEDIA] = sdp.parse(
    "m=audio 0 RTP/AVP 97\na=rtpmap:97 mpeg4-generic/16000/1\n"
    "a=fmtp:97 mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1408",
    "rtsp://h/",
)
AAC = AudioTrack(Codec.AAC, 16000, 1, bytes.fromhex("1408"))
PCMA = AudioTrack(Codec.PCMA, 8000)
KEY_FRAME = framed(rtp(b"\x65key", sequence=0, stamp=0, marker=True))


class Listener:
    """Video on channel 0, audio on channel 2; a key frame has come already."""

    def __init__(self, track: AudioTrack, *, has_begun: bool = True) -> None:
        self.tally = Tally()
        video = VideoTrack(Codec.H264, 90000, (SPS, PPS))
        self.collector = Collector(StreamFormat(video, track), self.tally)
        receiver: SoundReceiver = G711Receiver(self.collector, self.tally)
        if track.codec is Codec.AAC:
            receiver = AacReceiver(track, AAC_MEDIA, self.collector, self.tally)
        self.scanner = Scanner(
            {0: H264Receiver(video, self.collector, self.tally), 2: receiver},
            on_text=print,
            tally=self.tally,
        )
        if has_begun:
            self.hear(KEY_FRAME)

    def hear(self, *frames: bytes) -> list[AccessUnit]:
        buffer = bytearray(b"".join(frames))
        assert self.scanner.scan(buffer, 0, len(buffer)) == len(buffer)
        return [unit for _, units in self.collector.take() for unit in units]


def sound(
    payload: bytes, sequence: int, stamp: int, *, payload_type: int = 97
) -> bytes:
    packet = rtp(payload, sequence=sequence, stamp=stamp, payload_type=payload_type)
    return framed(packet, 2)


def aac(*frames: bytes) -> bytes:
    heads = b"".join(struct.pack(">H", len(frame) << 3) for frame in frames)
    return struct.pack(">H", len(heads) * 8) + heads + b"".join(frames)


def aac_part(whole: bytes, part: bytes) -> bytes:
    return struct.pack(">HH", 16, len(whole) << 3) + part


def test_g711_samples_are_handed_on_as_they_came():
    units = Listener(PCMA).hear(
        sound(b"\xd5" * 160, 1, 800), sound(b"\x55" * 160, 2, 960)
    )

    assert units == [
        AccessUnit(1, 800, b"\xd5" * 160, True),
        AccessUnit(1, 960, b"\x55" * 160, True),
    ]


def test_comfort_noise_is_no_sound():
    assert Listener(PCMA).hear(sound(b"\x40", 1, 800, payload_type=13)) == []


def test_sound_before_the_first_key_frame_is_dropped_and_counted():
    listener = Listener(PCMA, has_begun=False)

    assert listener.hear(sound(b"\xd5" * 160, 1, 800)) == []
    assert listener.tally.dropped_units == 1


def test_several_aac_frames_in_a_packet_get_their_own_times():
    units = Listener(AAC).hear(sound(aac(b"one", b"three", b"five!!"), 1, 5000))

    assert [(u.timestamp, u.payload) for u in units] == [
        (5000, b"one"),
        (6024, b"three"),
        (7048, b"five!!"),
    ]


def test_an_aac_frame_over_several_packets_is_put_together():
    frame = bytes(range(256)) * 3

    units = Listener(AAC).hear(
        sound(aac_part(frame, frame[:500]), 1, 100),
        sound(aac_part(frame, frame[500:]), 2, 100),
        sound(aac(b"next"), 3, 1124),
    )

    assert [u.payload for u in units] == [frame, b"next"]


def test_an_aac_frame_with_a_hole_is_dropped_and_counted():
    frame = bytes(900)
    listener = Listener(AAC)

    units = listener.hear(
        sound(aac_part(frame, frame[:300]), 1, 100),
        sound(aac_part(frame, frame[600:]), 3, 100),
        sound(aac(b"next"), 4, 1124),
    )

    assert [u.payload for u in units] == [b"next"]
    assert listener.tally.lost_packets == 1
    assert listener.tally.damaged_units > 0


@pytest.mark.parametrize(
    "payload",
    [b"", b"\0", b"\xff\xff", b"\0\0abc", b"\0\x10\xff\xf8a", b"\0\x20\0\x08\0\xf8ab"],
)
def test_impossible_aac_packets_are_passed_over(payload):
    listener = Listener(AAC)
    listener.hear(sound(payload, 1, 100))

    units = listener.hear(sound(aac(b"next"), 2, 1124))

    assert [u.payload for u in units] == [b"next"]
