"""Recognising runs gives exactly what reading packet by packet gives."""

from random import Random

import pytest

from nvr.base.model import Codec, VideoTrack
from nvr.media.depacketise_h264 import H264Receiver
from nvr.media.depacketise_h265 import H265Receiver
from tests.media.packets import (
    PPS,
    PPS_265,
    SPS,
    SPS_265,
    SPS_SMALL,
    VPS_265,
    Reader,
    SlowH264,
    SlowH265,
    access_unit,
    aggregate,
    framed,
    in_pieces,
    payloads_h264,
    payloads_h265,
    picture_h264,
    picture_h265,
    rtp,
)

TRACK_264 = VideoTrack(Codec.H264, 90000, (SPS, PPS), 1920, 1080)
TRACK_265 = VideoTrack(Codec.H265, 90000, (VPS_265, SPS_265, PPS_265), 1280, 720)
SEI = b"\x06\x05\x02\xaa\xbb\x80"
REPLY = b"RTSP/1.0 200 OK\r\nCSeq: 9\r\nContent-Length: 3\r\n\r\n$$$"


def make_stream(random: Random, *, is_h265: bool, trouble: float) -> bytes:
    """Some seconds of a camera with everything that may stand in its stream."""
    sequence, sent = random.randrange(1 << 16), []
    size = random.choice([60, 200, 1000, 1388, 1440, 9000])
    for index in range(40):
        for payload, is_last in picture(random, index, size, is_h265=is_h265):
            packet = rtp(
                payload,
                sequence=sequence,
                stamp=(1 << 32) - 50_000 + 3600 * index,
                marker=is_last,
                **extras(random, trouble),
            )
            sequence += 1
            if random.random() >= trouble:
                sent.append(framed(packet))
                sent += beside(random, trouble)
            if random.random() < trouble:
                place = random.randrange(max(len(sent) - 4, 0), len(sent) + 1)
                sent.insert(place, framed(packet))
    return b"".join(sent)


def picture(random: Random, index: int, size: int, *, is_h265: bool):
    """Payloads of one picture, each with whether it is the last."""
    is_key = index % 10 == 0
    length = random.choice([50, 3000, 20_000, 120_000 if is_key else 9000])
    if is_h265:
        nal = picture_h265(random, length, is_key=is_key)
        sets, head = [VPS_265, SPS_265, PPS_265], b"\x60\x01"
        cut = payloads_h265(nal, size)
    else:
        nal = picture_h264(random, length, is_key=is_key)
        sets, head = [random.choice([SPS, SPS, SPS, SPS_SMALL]), PPS], b"\x18"
        cut = payloads_h264(nal, size)
    before = []
    if is_key:
        before = random.choice([sets, [aggregate(sets, head)], []])
    elif not is_h265 and random.random() < 0.2:
        before = [SEI]
    payloads = [*before, *cut]
    return [(p, i == len(payloads) - 1) for i, p in enumerate(payloads)]


def extras(random: Random, trouble: float) -> dict[str, object]:
    if random.random() >= trouble:
        return {}
    return random.choice(
        [{"padding": 7}, {"sources": 2}, {"extension": b"12345678"}, {}]
    )


def beside(random: Random, trouble: float) -> list[bytes]:
    """Other tracks, RTCP and answers between the packets."""
    if random.random() >= trouble:
        return []
    return [
        random.choice(
            [
                framed(random.randbytes(300), 2),
                framed(b"\x80\xc8" + bytes(26), 1),
                REPLY,
            ]
        )
    ]


def both(random: Random, content: bytes, *, is_h265: bool, pieces: int):
    fast, slow = (H265Receiver, SlowH265) if is_h265 else (H264Receiver, SlowH264)
    track = TRACK_265 if is_h265 else TRACK_264
    cut = list(in_pieces(random, content, pieces))
    readers = Reader(fast, track), Reader(slow, track)
    runs = [
        [(f.video, units) for f, units in reader.read_runs(*cut)] for reader in readers
    ]
    return readers, runs


@pytest.mark.parametrize("is_h265", [False, True])
@pytest.mark.parametrize("seed", range(60))
def test_both_ways_give_the_same(seed, is_h265):
    random = Random(seed)
    trouble = (0.0, 0.0, 0.002, 0.02, 0.2)[seed % 5]
    content = make_stream(random, is_h265=is_h265, trouble=trouble)

    (fast, slow), (by_runs, by_packets) = both(
        random, content, is_h265=is_h265, pieces=(1, 7, 40, 300)[seed % 4]
    )

    assert by_runs == by_packets
    assert fast.tally == slow.tally
    if trouble == 0:
        assert fast.tally.units == 40
        assert fast.tally.lost_packets == fast.tally.damaged_units == 0


@pytest.mark.parametrize("offset", range(18))
def test_a_run_with_one_odd_header_byte_is_read_packet_by_packet(offset):
    random = Random(offset)
    nal = picture_h264(random, 20_000, is_key=True)
    packets = [
        framed(rtp(p, sequence=i, stamp=0, marker=False))
        for i, p in enumerate(payloads_h264(nal, 1002))
    ]
    odd = bytearray(packets[9])
    odd[offset] ^= 1
    packets[9] = bytes(odd)
    end = framed(rtp(SEI, sequence=len(packets), stamp=0, marker=True))

    _, (by_runs, by_packets) = both(
        random, b"".join(packets) + end, is_h265=False, pieces=1
    )

    assert by_runs == by_packets


def test_a_split_at_every_byte_gives_the_same_picture():
    nal = picture_h264(Random(3), 700, is_key=True)
    content = b"".join(
        framed(rtp(p, sequence=i, stamp=0, marker=i == 6))
        for i, p in enumerate(payloads_h264(nal, 102))
    )

    for place in range(len(content) + 1):
        assert Reader().read(content[:place], content[place:]) == [access_unit([nal])]


def test_a_byte_at_a_time_gives_the_same_picture():
    nal = picture_h264(Random(4), 700, is_key=True)
    content = b"".join(
        framed(rtp(p, sequence=i, stamp=0, marker=i == 6))
        for i, p in enumerate(payloads_h264(nal, 102))
    )

    pieces = [bytes((byte,)) for byte in content]

    assert Reader().read(*pieces) == [access_unit([nal])]
