"""NAL units at the level of bits, shared by H.264 and H.265.

Reads only what a parameter set or header says about itself; slices are never looked
into. Everything is bounded: reading past the end is a `MediaError`.
"""

from nvr.base.errors import MediaError

LARGEST_PARAMETER_SET = 4096
"""Real ones take 10 to 200 bytes; what is longer is not one."""
LARGEST_DIMENSION = 16384


def unescape(nal: bytes) -> bytes:
    """The NAL unit without emulation prevention bytes (H.264 7.4.1, H.265 7.4.2)."""
    return nal.replace(b"\0\0\3", b"\0\0")


class BitReader:
    """Reads unsigned and Exp-Golomb values from the start of some bytes."""

    def __init__(self, content: bytes) -> None:
        self._value = int.from_bytes(content, "big")
        self._left = len(content) * 8

    def bits(self, count: int) -> int:
        if count > self._left:
            raise MediaError("a parameter set ends too early")
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)

    def skip(self, count: int) -> None:
        self.bits(count)

    def flag(self) -> bool:
        return self.bits(1) == 1

    def ue(self) -> int:
        """Unsigned Exp-Golomb, at most 32 bits (9.1 in both standards)."""
        zeros = 0
        while not self.flag():
            zeros += 1
            if zeros > 32:
                raise MediaError("a parameter set holds an impossible number")
        return (1 << zeros) - 1 + self.bits(zeros)

    def se(self) -> int:
        """Signed Exp-Golomb."""
        code = self.ue()
        return (code + 1) // 2 if code % 2 else -(code // 2)


def split(payload: bytes) -> list[bytes]:
    """The NAL units of an access unit's payload (each behind 4 bytes of length)."""
    units = []
    at = 0
    while at < len(payload):
        size = int.from_bytes(payload[at : at + 4], "big")
        at += 4
        if size > len(payload) - at:
            raise MediaError("an access unit ends inside a NAL unit")
        units.append(payload[at : at + size])
        at += size
    return units
