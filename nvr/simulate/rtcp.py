"""RTCP as a camera sends it: sender report and name (RFC 3550 section 6)."""

from struct import Struct

from nvr.base.model import SECOND_US

_REPORT = Struct(">BBHIIIIII")
_UNIX_TO_NTP_S = 2_208_988_800


def sender_report(
    *, ssrc: int, wall_us: int, timestamp: int, packets: int, octets: int
) -> bytes:
    """Wall time beside the media clock, with a CNAME as the standard demands."""
    seconds, fraction = divmod(wall_us, SECOND_US)
    report = _REPORT.pack(
        0x80,
        200,
        6,
        ssrc,
        seconds + _UNIX_TO_NTP_S & 0xFFFFFFFF,
        (fraction << 32) // SECOND_US,
        timestamp,
        packets & 0xFFFFFFFF,
        octets & 0xFFFFFFFF,
    )
    name = b"virtual-camera"
    item = ssrc.to_bytes(4, "big") + bytes((1, len(name))) + name
    item += bytes(4 - len(item) % 4)  # at least one zero ends the list of items
    return report + b"\x81\xca" + (len(item) // 4).to_bytes(2, "big") + item
