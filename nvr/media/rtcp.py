"""RTCP (RFC 3550 section 6.4): the sender report, for the camera's clock, and the
receiver report, by which a camera that sends datagrams knows that we are there."""

import struct
from typing import NamedTuple

from nvr.base.model import SECOND_US

_SENDER_REPORT = 200
FIRST_KIND = 200
LAST_KIND = 204
"""Second bytes of RTCP that came on the channel of RTP (RFC 5761)."""
_HEADER = struct.Struct(">BBH")
_TIMES = struct.Struct(">III")
_NTP_TO_UNIX_S = 2_208_988_800
_NTP_ERA_S = 1 << 32
_DAY_S = 86_400
_NEXT_ERA_UNIX_S = _NTP_ERA_S - _NTP_TO_UNIX_S
"""February 2036, when NTP's seconds begin at nought again."""
_PLAUSIBLE_UNIX_S = 946_684_800
"""2000: cameras without a set clock count from 1900, 1970 or their start."""


_RECEIVER_REPORT = 201
_DESCRIPTION = 202
_BLOCK = struct.Struct(">BBHI4sIIIII")
_NAME = b"nvr"


class SenderReport(NamedTuple):
    """The camera's wall clock at an RTP timestamp."""

    wall_us: int
    timestamp: int


def sender_report(
    buffer: bytearray, start: int, stop: int, *, near_us: int
) -> SenderReport | None:
    """The first sender report of a compound packet, if its time is believable when
    our own clock says `near_us`."""
    while stop - start >= 8:
        first, kind, words = _HEADER.unpack_from(buffer, start)
        if first >> 6 != 2:
            return None
        if kind == _SENDER_REPORT and stop - start >= 20:
            seconds, fraction, timestamp = _TIMES.unpack_from(buffer, start + 8)
            return _report(seconds, fraction, timestamp, near_us)
        start += 4 * (words + 1)
    return None


def _report(
    seconds: int, fraction: int, timestamp: int, near_us: int
) -> SenderReport | None:
    unix_s = seconds - _NTP_TO_UNIX_S
    # Until that day comes, small numbers are cameras that count from their start.
    if seconds < 1 << 31 and near_us // SECOND_US > _NEXT_ERA_UNIX_S - _DAY_S:
        unix_s += _NTP_ERA_S
    if unix_s < _PLAUSIBLE_UNIX_S:
        return None
    return SenderReport(unix_s * SECOND_US + (fraction * SECOND_US >> 32), timestamp)


def receiver_report(
    *,
    ours: int,
    source: bytes,
    share_lost: float,
    lost: int,
    highest: int,
    last_report: int = 0,
    since_report_us: int = 0,
) -> bytes:
    """A report about one source with the sender's name, as every report must have.

    `last_report` is the middle of the NTP time in the last sender report; 0: none.
    Jitter is told as 0: it cannot be seen by who reads now and then.
    """
    fraction = min(max(round(share_lost * 256), 0), 255)
    told_lost = min(max(lost, -0x800000), 0x7FFFFF) & 0xFFFFFF
    delay = (since_report_us << 16) // SECOND_US if last_report else 0
    block = _BLOCK.pack(
        0x81,
        _RECEIVER_REPORT,
        7,
        ours,
        source,
        fraction << 24 | told_lost,
        highest & 0xFFFFFFFF,
        0,
        last_report,
        min(delay, 0xFFFFFFFF),
    )
    item = bytes((1, len(_NAME))) + _NAME
    item += bytes(4 - len(item) % 4)
    words = 1 + len(item) // 4
    chunk = _HEADER.pack(0x81, _DESCRIPTION, words) + ours.to_bytes(4, "big") + item
    return block + chunk


def middle_of_time(buffer: bytearray, start: int, stop: int) -> int:
    """What a receiver report repeats of a sender report; 0 when this is none."""
    if stop - start < 20 or buffer[start + 1] != _SENDER_REPORT:
        return 0
    return int.from_bytes(buffer[start + 10 : start + 14], "big")
