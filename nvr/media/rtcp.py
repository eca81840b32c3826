"""RTCP (RFC 3550 section 6.4.1): the sender report, for the camera's clock."""

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
