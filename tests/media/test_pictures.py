"""Access units out of RTP packets of H.264 and H.265."""

from random import Random

import pytest

from nvr.base.model import Codec, VideoTrack
from nvr.media.depacketise_h265 import H265Receiver
from nvr.media.pictures import LARGEST_UNIT
from tests.media.packets import (
    PPS,
    PPS_265,
    SPS,
    SPS_265,
    SPS_SMALL,
    VPS_265,
    Reader,
    access_unit,
    aggregate,
    framed,
    payloads_h264,
    payloads_h265,
    picture_h264,
    picture_h265,
    rtp,
)

RANDOM = Random(7)
KEY = picture_h264(RANDOM, 5000, is_key=True)
NEXT = picture_h264(RANDOM, 3000, is_key=False)
SEI = b"\x06\x05\x02\xaa\xbb\x80"
AUD = b"\x09\xf0"


def stream(
    *pictures: list[bytes], first: int = 100, lost: tuple[int, ...] = ()
) -> bytes:
    """Pictures, each a list of payloads, in packets; the marker ends each."""
    sent, sequence = [], first
    for index, payloads in enumerate(pictures):
        for place, payload in enumerate(payloads):
            packet = rtp(
                payload,
                sequence=sequence,
                stamp=3600 * index,
                marker=place == len(payloads) - 1,
            )
            if sequence - first not in lost:
                sent.append(framed(packet))
            sequence += 1
    return b"".join(sent)


def cut(nal: bytes, size: int = 1000) -> list[bytes]:
    return payloads_h264(nal, size)


def test_every_nal_unit_is_handed_on_in_the_order_sent():
    reader = Reader()

    units = reader.read(stream([AUD, SPS, PPS, SEI, *cut(KEY)], [AUD, SEI, *cut(NEXT)]))

    assert units == [
        access_unit([AUD, SPS, PPS, SEI, KEY]),
        access_unit([AUD, SEI, NEXT]),
    ]
    assert reader.tally.units == 2


def test_aggregated_nal_units_are_divided():
    units = Reader().read(stream([aggregate([SPS, PPS, SEI]), *cut(KEY)]))

    assert units == [access_unit([SPS, PPS, SEI, KEY])]


def test_a_picture_without_a_marker_ends_where_the_timestamp_changes():
    packets = [
        framed(rtp(payload, sequence=i, stamp=i // 5 * 3600))
        for i, payload in enumerate(cut(KEY, 1250) + cut(NEXT))
    ]

    assert len(cut(KEY, 1250)) == 5
    assert Reader().read(b"".join(packets)) == [access_unit([KEY])]


def test_markers_after_parameter_sets_do_not_part_them_from_the_picture():
    assert Reader().read(stream([SPS], [PPS], cut(KEY))) == [
        access_unit([SPS, PPS, KEY])
    ]


def test_units_before_the_first_key_frame_are_dropped_and_counted():
    reader = Reader()

    units = reader.read(stream(cut(NEXT), cut(NEXT), cut(KEY), cut(NEXT)))

    assert units == [access_unit([KEY]), access_unit([NEXT])]
    assert reader.tally.dropped_units == 2
    assert reader.tally.pictures == 4


def test_a_key_frame_waits_for_parameter_sets():
    reader = Reader(track=VideoTrack(Codec.H264, 90000))

    units = reader.read(
        stream(cut(KEY), [PPS, *cut(KEY)], [SPS, PPS, *cut(KEY)], cut(NEXT))
    )

    assert units == [access_unit([SPS, PPS, KEY]), access_unit([NEXT])]
    assert reader.collector.format.video is not None
    assert reader.collector.format.video.width == 1920


@pytest.mark.parametrize("lost", [3, 5])
def test_a_picture_with_a_hole_is_dropped_and_the_next_is_kept(lost):
    reader = Reader()

    units = reader.read(stream(cut(KEY, 4000), cut(NEXT), cut(NEXT), lost=(lost,)))

    assert units == [access_unit([KEY]), access_unit([NEXT])]
    assert reader.tally.damaged_units == 1
    assert reader.tally.lost_packets == 1


def test_a_lost_end_of_a_picture_does_not_leak_into_the_next():
    reader = Reader()
    pictures = [cut(KEY), cut(NEXT), cut(NEXT)]
    last_of_second = len(pictures[0]) + len(pictures[1]) - 1

    units = reader.read(stream(*pictures, lost=(last_of_second,)))

    assert units == [access_unit([KEY]), access_unit([NEXT])]
    assert reader.tally.damaged_units == 1


def test_what_is_whole_beside_a_hole_is_kept():
    reader = Reader()

    units = reader.read(stream(cut(KEY), [SEI, SEI, *cut(NEXT)], lost=(7,)))

    assert units[1] == access_unit([SEI, NEXT])
    assert reader.tally.damaged_units == 0


def test_doubled_and_late_packets_change_nothing():
    whole = [framed(rtp(p, sequence=i, stamp=0)) for i, p in enumerate(cut(KEY))]
    end = framed(rtp(SEI, sequence=len(whole), stamp=0, marker=True))

    units = Reader().read(b"".join([*whole, whole[2], whole[-1], end]))

    assert units == [access_unit([KEY, SEI])]


def test_new_parameter_sets_in_band_change_the_format():
    reader = Reader()

    runs = reader.read_runs(
        stream(cut(KEY), cut(NEXT), [SPS_SMALL, PPS, *cut(KEY)], cut(NEXT))
    )

    assert [len(units) for _, units in runs] == [2, 2]
    assert [f.video.parameter_sets for f, _ in runs] == [(SPS, PPS), (SPS_SMALL, PPS)]
    assert (runs[1][0].video.width, runs[1][0].video.height) == (240, 160)


def test_the_same_parameter_sets_again_change_nothing():
    runs = Reader().read_runs(stream(cut(KEY), [SPS, PPS, *cut(KEY)], [SPS, *cut(KEY)]))

    assert len(runs) == 1


def test_parameter_sets_of_a_damaged_picture_are_remembered():
    reader = Reader()
    pictures = [cut(KEY), [SPS_SMALL, PPS, *cut(KEY)], cut(NEXT)]

    runs = reader.read_runs(stream(*pictures, lost=(len(cut(KEY)) + 4,)))

    assert [f.video.width for f, _ in runs] == [1920, 240]


def test_parameter_sets_that_make_no_sense_do_not_replace_good_ones():
    reader = Reader()

    runs = reader.read_runs(stream(cut(KEY), [b"\x67\xff\xff", PPS, *cut(KEY)]))

    assert [f.video.width for f, _ in runs] == [1920]
    assert reader.tally.irregular_frames == 1


def test_a_jump_of_the_timestamps_begins_a_new_equal_format():
    reader = Reader()
    before = stream(cut(KEY), cut(NEXT))
    sequence = 100 + len(cut(KEY)) + len(cut(NEXT))
    after = [
        framed(rtp(p, sequence=sequence + i, stamp=900_000_000, marker=i == 3))
        for i, p in enumerate(cut(NEXT))
    ]
    assert len(after) == 4

    (old, first), (new, second) = reader.read_runs(before + b"".join(after))

    assert old == new
    assert old is not new
    assert second[0].timestamp == first[-1].timestamp + 3600


def test_a_recovery_point_can_begin_a_recording():
    recovery = b"\x06\x06\x01\xc4\x80"

    [unit] = [
        unit
        for _, units in Reader().read_runs(stream([recovery, *cut(NEXT)]))
        for unit in units
    ]

    assert unit.is_key


def test_a_unit_without_end_is_dropped_and_costs_bounded_memory():
    reader = Reader()
    head, middle = cut(KEY, 2500)[0], cut(KEY, 2500)[1]
    count = LARGEST_UNIT // len(middle) + 100
    endless = [framed(rtp(head, sequence=0, stamp=9))] + [
        framed(rtp(middle, sequence=i, stamp=9)) for i in range(1, count)
    ]

    units = reader.read(b"".join(endless))
    units += reader.read(stream(cut(KEY), first=count))

    assert units == [access_unit([KEY])]


def reader_h265() -> Reader:
    sets = (VPS_265, SPS_265, PPS_265)
    return Reader(H265Receiver, VideoTrack(Codec.H265, 90000, sets, 1280, 720))


def test_h265_fragments_and_aggregates_are_put_together():
    key = picture_h265(RANDOM, 5000, is_key=True)
    rest = picture_h265(RANDOM, 2500, is_key=False)
    sets = [VPS_265, SPS_265, PPS_265]

    units = reader_h265().read(
        stream(
            [aggregate(sets, b"\x60\x01"), *payloads_h265(key, 1000)],
            payloads_h265(rest, 1000),
        )
    )

    assert units == [access_unit([*sets, key]), access_unit([rest])]


def test_h265_sets_in_band_make_the_format():
    reader = Reader(H265Receiver, VideoTrack(Codec.H265, 90000))
    key = picture_h265(RANDOM, 500, is_key=True)

    [(format, _)] = reader.read_runs(stream([PPS_265, SPS_265, VPS_265, key]))

    assert format.video is not None
    assert format.video.parameter_sets == (VPS_265, SPS_265, PPS_265)
    assert format.video.width == 1280


@pytest.mark.parametrize("seed", range(30))
def test_random_payloads_never_crash(seed):
    random = Random(seed)
    for reader in (Reader(), reader_h265()):
        for sequence in range(300):
            payload = random.randbytes(random.randrange(40))
            reader.read(
                framed(
                    rtp(
                        payload,
                        sequence=sequence,
                        stamp=sequence // 4,
                        marker=random.random() < 0.2,
                    )
                )
            )


def slices(
    count: int, stamp: int, *, first: int, start: bytes, rest: bytes
) -> tuple[list[bytes], list[bytes]]:
    """A picture whose every slice carries the marker: its NAL units and packets."""
    nals = [(rest if i else start) + bytes([i]) * 300 for i in range(count)]
    packets = [
        framed(rtp(nal, sequence=first + i, stamp=stamp, marker=True))
        for i, nal in enumerate(nals)
    ]
    return nals, packets


H264_STARTS = {"start": b"\x65\x88", "rest": b"\x65\x44"}
H265_STARTS = {"start": b"\x26\x01\xaf", "rest": b"\x26\x01\x2f"}


def test_slices_that_each_carry_a_marker_become_one_picture():
    reader = Reader()
    first, sent_first = slices(4, 0, first=0, **H264_STARTS)
    second, sent_second = slices(4, 3600, first=4, **H264_STARTS)

    units = reader.read(b"".join(sent_first + sent_second))

    assert units == [access_unit(first), access_unit(second)]
    assert reader.tally.units == reader.tally.pictures == 2


def test_slices_with_markers_are_not_waited_for_once_their_number_is_known():
    """Each packet is read as it comes: a picture is handed on with its last slice."""
    reader = Reader()
    reader.read(b"".join(slices(3, 0, first=0, **H264_STARTS)[1]))
    wanted, packets = slices(3, 3600, first=3, **H264_STARTS)

    got = [reader.read(packet) for packet in packets]

    assert got == [[], [], [access_unit(wanted)]]


def test_fewer_slices_than_before_end_with_the_timestamp():
    reader = Reader()
    reader.read(b"".join(slices(3, 0, first=0, **H264_STARTS)[1]))
    shorter, packets = slices(2, 3600, first=3, **H264_STARTS)
    following, more = slices(2, 7200, first=5, **H264_STARTS)

    assert reader.read(b"".join(packets)) == []
    assert reader.read(b"".join(more)) == [access_unit(shorter), access_unit(following)]


def test_a_lost_slice_does_not_change_their_number():
    reader = Reader()
    pictures = [slices(3, 3600 * i, first=3 * i, **H264_STARTS) for i in range(4)]
    packets = [packet for _, sent in pictures for packet in sent]
    del packets[5]  # the last slice of the second picture

    got = [unit for packet in packets for unit in reader.read(packet)]

    assert got[-2:] == [access_unit(pictures[2][0]), access_unit(pictures[3][0])]
    assert reader.tally.lost_packets == 1


def test_slices_of_h265_that_each_carry_a_marker_become_one_picture():
    track = VideoTrack(Codec.H265, 90000, (VPS_265, SPS_265, PPS_265), 1280, 720)
    reader = Reader(H265Receiver, track)
    wanted, packets = slices(4, 0, first=0, **H265_STARTS)

    assert reader.read(b"".join(packets)) == [access_unit(wanted)]


def test_two_pictures_of_one_timestamp_stay_two():
    reader = Reader()
    one, sent_one = slices(1, 0, first=0, **H264_STARTS)
    two, sent_two = slices(1, 0, first=1, **H264_STARTS)

    units = reader.read(b"".join(sent_one + sent_two))

    assert units == [access_unit(one), access_unit(two)]


def test_slices_before_the_first_key_frame_are_dropped_together():
    reader = Reader()
    starts = {"start": b"\x41\x88", "rest": b"\x41\x44"}

    units = reader.read(b"".join(slices(3, 0, first=0, **starts)[1]))

    assert units == []
    assert reader.tally.dropped_units == 1
