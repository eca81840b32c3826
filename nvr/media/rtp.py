"""RTP packets (RFC 3550 section 5.1) inside a buffer."""

import struct

HEADER = struct.Struct(">BBHI")
"""Version and flags, marker and payload type, sequence number, timestamp."""
HEADER_BYTES = 12
PLAIN = 0x80
"""First byte of a packet with no padding, header extension or CSRC."""
MARKER = 0x80


def payload_bounds(buffer: bytearray, start: int, stop: int) -> tuple[int, int] | None:
    """Where the payload of the packet in [start, stop) begins and ends, or `None`
    when this is no RTP packet."""
    if stop - start < HEADER_BYTES or buffer[start] >> 6 != 2:
        return None
    flags = buffer[start]
    begin = start + HEADER_BYTES + 4 * (flags & 0x0F)
    if flags & 0x10:
        if begin + 4 > stop:
            return None
        begin += 4 + 4 * (buffer[begin + 2] << 8 | buffer[begin + 3])
    if flags & 0x20:
        stop -= buffer[stop - 1]
    return (begin, stop) if begin <= stop else None


class SequenceCheck:
    """Judges sequence numbers that are not the expected one.

    A number from the past is a late or doubled packet, but two such in a row are a
    camera that began to count anew (RFC 3550 appendix A.1).
    """

    __slots__ = ("_retry",)

    def __init__(self) -> None:
        self._retry = -1

    def missing(self, expected: int, sequence: int) -> int:
        """Packets missing before this one (0 for the first, which is `expected` < 0,
        and for a new count), or -1: do not use it."""
        missing = (sequence - expected) & 0xFFFF
        if expected < 0 or sequence == self._retry:
            missing = 0
        elif missing >= 0x8000:
            self._retry = (sequence + 1) & 0xFFFF
            return -1
        self._retry = -1
        return missing
