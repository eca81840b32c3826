"""Encoder output, start codes between NAL units (Annex B), taken apart."""

import re

_START_CODE = re.compile(rb"\x00\x00\x01")


def split(stream: bytes) -> list[bytes]:
    """The NAL units without start codes and without the zeros before one."""
    starts = [match.end() for match in _START_CODE.finditer(stream)]
    ends = [start - 3 for start in starts[1:]] + [len(stream)]
    units = (
        stream[start:end].rstrip(b"\x00")
        for start, end in zip(starts, ends, strict=True)
    )
    return [unit for unit in units if unit]
