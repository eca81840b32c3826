"""Runs of equal-sized middle fragments, recognised and joined in C.

A camera cuts a NAL unit into fragments of one size, the last excepted. Between the
first and the last, the headers of a run differ only in their sequence numbers; so the
headers that a run must have are composed and compared at once, all bytes of them, and
no Python statement is run per packet. Measured: 2 us for a picture of 12 packets, where
a loop takes 12 us.
"""

import struct
from functools import lru_cache

LONGEST_RUN = 64
"""Bounds the number of compiled layouts; a longer run is several."""
SHORTEST_RUN = 2
_SEQUENCES = struct.pack(
    f">{(1 << 16) + LONGEST_RUN}H", *range(1 << 16), *range(LONGEST_RUN)
)
_PREFIX_BYTES = 6
"""`$`, channel, length, RTP flags, marker and payload type: before the sequence."""
_SUFFIX_AT = 8


@lru_cache(maxsize=512)
def _layout(header_bytes: int, payload_bytes: int, count: int) -> struct.Struct:
    return struct.Struct(f"{header_bytes}s{payload_bytes}s" * count)


@lru_cache(maxsize=LONGEST_RUN + 1)
def _numbers(count: int) -> struct.Struct:
    return struct.Struct("2s" * count)


def take(
    buffer: bytearray,
    at: int,
    end: int,
    *,
    stride: int,
    header_bytes: int,
    middle: bytes,
) -> tuple[bytes, ...]:
    """Payloads of the fragments that follow, like the one before them, from `at` on.

    The interleaved frame before `at` is a fragment of `stride` bytes with a plain RTP
    header and no marker; `header_bytes` reach from its `$` to the end of its fragment
    header, whose last byte is `middle` in all that are taken. Nothing is taken (and no
    error raised) unless every byte of every header is as expected.
    """
    reach = min(end, at + stride * LONGEST_RUN)
    ends = buffer[at + header_bytes - 1 : reach : stride]
    count = len(ends) - len(ends.lstrip(middle))
    count = min(count, (end - at) // stride)
    before = at - stride
    prefix = buffer[before : before + _PREFIX_BYTES]
    suffix = buffer[before + _SUFFIX_AT : before + header_bytes - 1] + middle
    sequence = (buffer[before + 6] << 8 | buffer[before + 7]) + 1 & 0xFFFF
    # What follows the last packet of a run may look like one more by chance.
    for length in (count, count - 1):
        if length < SHORTEST_RUN:
            break
        layout = _layout(header_bytes, stride - header_bytes, length)
        fields = layout.unpack_from(buffer, at)
        numbers = _numbers(length).unpack_from(_SEQUENCES, 2 * sequence)
        expected = prefix + (suffix + prefix).join(numbers) + suffix
        # Starts with the prefix, then number and suffix by turns.
        if b"".join(fields[::2]) == expected:
            return fields[1::2]
    return ()
