"""When a segment ends. Plain decisions over plain values."""

import zlib

from nvr.base.model import SECOND_US, CameraId, Role

PATIENCE_US = 4 * 60 * SECOND_US
"""How long past its time a segment waits for a key frame before it is cut without."""
MOST_BYTES = 1 << 30


def next_cut_us(camera_id: CameraId, role: Role, start_us: int, length_us: int) -> int:
    """The wall time from which the segment begun at `start_us` may end.

    Every stream has its own phase, so that the files of many cameras are opened and
    closed evenly over the minute; the first segment is a quarter long at least.
    """
    phase = zlib.crc32(f"{camera_id}/{role}".encode()) * length_us >> 32
    cut = start_us - (start_us - phase) % length_us + length_us
    return cut if cut - start_us >= length_us // 4 else cut + length_us


def should_cut(*, wall_us: int, cut_us: int, size_bytes: int, is_key: bool) -> bool:
    """True when the picture at `wall_us` should be the first of a new segment."""
    if wall_us < cut_us and size_bytes < MOST_BYTES:
        return False
    return is_key or wall_us >= cut_us + PATIENCE_US or size_bytes >= 2 * MOST_BYTES
