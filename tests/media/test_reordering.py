"""Datagrams in any order, as frames in the right one."""

import random

from nvr.media import reordering
from nvr.media.reordering import Reordering
from tests.media.packets import framed, rtp

SSRC = 0x11223344


def frame(number: int, ssrc: int = SSRC) -> bytes:
    packet = bytearray(rtp(b"content", sequence=number & 0xFFFF, stamp=number))
    packet[8:12] = ssrc.to_bytes(4, "big")
    return framed(bytes(packet), 0)


class Reader:
    """What comes out, as sequence numbers."""

    def __init__(self) -> None:
        self.order = Reordering()
        self.buffer = bytearray(4 << 20)
        self.mono_us = 0

    def read(self, *frames: bytes) -> list[int]:
        at = 0
        for each in frames:
            self.buffer[at : at + len(each)] = each
            at = self.order.take(self.buffer, at, at + len(each), self.mono_us)
        at = self.order.give_up(self.buffer, at, self.mono_us)
        size = len(frame(0))
        assert at % size == 0
        return [
            int.from_bytes(self.buffer[i + 6 : i + 8], "big")
            for i in range(0, at, size)
        ]


def test_packets_in_order_pass_over_the_end_of_the_numbers():
    reader = Reader()

    numbers = range(65_500, 65_600)

    assert reader.read(*map(frame, numbers)) == [n & 0xFFFF for n in numbers]
    assert reader.order.expected == reader.order.received == 100


def test_shuffled_packets_come_out_in_order():
    reader, chance = Reader(), random.Random(1)
    numbers = list(range(65_000, 67_000))
    shuffled = [65_000]  # the first says where to begin
    for start in range(1, 2000, 10):
        some = numbers[start : start + 10]
        chance.shuffle(some)
        shuffled += some

    got = reader.read(*map(frame, shuffled))

    assert got == [n & 0xFFFF for n in numbers]
    assert reader.order.expected == reader.order.received == 2000


def test_a_missing_packet_is_waited_for_and_then_given_up():
    reader = Reader()
    assert reader.read(frame(1), frame(3), frame(4)) == [1]

    reader.mono_us += reordering.WAIT_US - 1
    assert reader.read(frame(6)) == []
    reader.mono_us += 1
    assert reader.read() == [3, 4]
    assert reader.read(frame(2)) == []
    assert reader.read(frame(5)) == [5, 6]
    assert reader.order.expected == 6


def test_doubled_packets_come_out_once():
    reader = Reader()

    assert reader.read(*map(frame, (1, 1, 2, 4, 4, 3, 3, 2, 5))) == [1, 2, 3, 4, 5]


def test_no_more_than_so_many_packets_wait():
    reader = Reader()
    waiting = range(2, 2 + reordering.MOST_HELD + 1)

    got = reader.read(frame(0), *map(frame, waiting))

    assert got == [0, *waiting]


def test_no_more_than_so_many_bytes_wait(monkeypatch):
    monkeypatch.setattr(reordering, "MOST_HELD_BYTES", 10 * len(frame(0)))
    reader = Reader()

    assert reader.read(frame(0), *map(frame, range(2, 12))) == [0]
    assert reader.read(frame(12)) == list(range(2, 13))


def test_a_camera_may_count_anew():
    reader = Reader()

    got = reader.read(frame(10), frame(12), frame(40_000), frame(40_001))

    assert got == [10, 12, 40_000, 40_001]
    assert reader.order.expected == reader.order.received == 2


def test_packets_of_another_source_are_not_mixed_in():
    reader = Reader()

    got = reader.read(frame(1), frame(900, ssrc=7), frame(2), frame(901, ssrc=7))

    assert got == [1, 2]


def test_a_new_source_is_taken_when_the_old_one_is_gone():
    reader = Reader()
    reader.read(frame(1), frame(3))

    got = reader.read(*(frame(500 + i, ssrc=7) for i in range(60)))

    assert got == list(range(500 + reordering.MOST_FOREIGN - 1, 560))


def test_what_is_no_rtp_is_passed_over():
    reader = Reader()
    other = b"$\0\0\x0c" + bytes(12)

    reader.buffer[: len(other)] = other

    assert reader.order.take(reader.buffer, 0, len(other), 0) == 0
