"""RTP packets, sequence numbers and RTCP."""

import struct

import pytest

from nvr.media import rtcp, rtp
from nvr.media.camera_clock import ReportReceiver
from tests.media import packets

NTP_OF_1970 = 2_208_988_800
WALL_US = 1_800_000_000_250_000


def bounds(packet: bytes) -> bytes | None:
    found = rtp.payload_bounds(bytearray(packet), 0, len(packet))
    return None if found is None else packet[slice(*found)]


@pytest.mark.parametrize(
    "extras",
    [
        {},
        {"padding": 4},
        {"sources": 3},
        {"extension": b"12345678"},
        {"padding": 1, "sources": 15, "extension": b""},
    ],
)
def test_the_payload_is_found_behind_whatever_the_header_has(extras):
    packet = packets.rtp(b"payload", sequence=1, stamp=2, **extras)

    assert bounds(packet) == b"payload"


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x80" * 11,
        b"\x40" + bytes(20),
        b"\x8f" + bytes(20),
        b"\xa0" + b"\xff" * 20,
        b"\x90" + bytes(11) + b"\0\0\xff\xff",
    ],
)
def test_what_is_no_packet_is_refused(packet):
    assert bounds(packet) is None


def test_missing_packets_are_counted_over_the_wrap():
    check = rtp.SequenceCheck()

    assert check.missing(0xFFFF, 2) == 3


def test_a_late_packet_is_not_used_but_two_in_a_row_are_a_new_count():
    check = rtp.SequenceCheck()

    assert check.missing(1000, 900) == -1
    assert check.missing(1000, 901) == 0


def report(wall_us: int, *, before: bytes = b"") -> bytes:
    seconds, micros = divmod(wall_us, 1_000_000)
    return before + struct.pack(
        ">BBHIIIIII",
        0x80,
        200,
        6,
        1,
        (seconds + NTP_OF_1970) & 0xFFFFFFFF,
        (micros << 32) // 1_000_000,
        90000,
        0,
        0,
    )


def read(packet: bytes, near_us: int = WALL_US) -> rtcp.SenderReport | None:
    return rtcp.sender_report(bytearray(packet), 0, len(packet), near_us=near_us)


def test_a_sender_report_tells_the_cameras_time():
    found = read(report(WALL_US))

    assert found is not None
    assert abs(found.wall_us - WALL_US) <= 1
    assert found.timestamp == 90000


def test_a_report_behind_other_rtcp_is_found():
    assert read(report(WALL_US, before=b"\x80\xca\x00\x01abcd")) is not None


def test_times_of_cameras_without_a_clock_are_not_believed():
    assert read(report(5_000_000)) is None
    assert read(bytes.fromhex("80c80006") + bytes(24)) is None


def test_the_era_after_2036_is_understood():
    wall_us = 2_200_000_000_000_000

    found = read(report(wall_us), near_us=wall_us)

    assert found is not None
    assert abs(found.wall_us - wall_us) <= 1


@pytest.mark.parametrize("length", range(30))
def test_a_cut_report_is_no_report_and_no_crash(length):
    packet = report(WALL_US)[:length]
    assert (read(packet) is None) == (length < 20)


def test_the_offset_is_that_of_the_report_that_was_least_late():
    receiver = ReportReceiver()
    for late_us in (150_000, 3_000, 90_000):
        receiver.arrived_wall_us = WALL_US - 700_000 + late_us
        receiver.packet(bytearray(report(WALL_US)), 0, 28)

    assert receiver.offset_us is not None
    assert abs(receiver.offset_us - 697_000) <= 1


def test_the_offset_follows_at_once_when_the_camera_is_set():
    receiver = ReportReceiver()
    receiver.arrived_wall_us = WALL_US
    receiver.packet(bytearray(report(WALL_US)), 0, 28)
    receiver.packet(bytearray(report(WALL_US - 3_600_000_000)), 0, 28)

    assert receiver.offset_us is not None
    assert abs(receiver.offset_us + 3_600_000_000) <= 1
