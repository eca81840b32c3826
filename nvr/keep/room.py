"""How much room a volume must keep free, as plain arithmetic."""

from nvr.base.model import VolumeId
from nvr.base.retention import LOOKAHEAD_SECONDS, VolumeState
from nvr.store.volume import Space

RESERVE_SECONDS = 15 * 60
"""The reserve holds at least this much of what is being written."""


def volume_state(
    volume_id: VolumeId,
    *,
    name: str,
    space: Space,
    reserve_bytes: int,
    kept_bytes: int,
    doomed_bytes: int,
    bytes_per_second: int,
) -> VolumeState:
    """The room on a volume. `reserve_bytes` is the configured one.

    On a disk that others fill, keeping to a share of the whole disk would mean to
    delete everything and still be short; so reserve and outlook are limited to a
    share of what footage can use: its own bytes and the free ones.
    """
    usable_bytes = space.free_bytes + kept_bytes + doomed_bytes
    reserve = max(
        reserve_bytes, space.total_bytes // 50, bytes_per_second * RESERVE_SECONDS
    )
    return VolumeState(
        id=volume_id,
        name=name,
        free_bytes=space.free_bytes,
        doomed_bytes=doomed_bytes,
        reserve_bytes=min(reserve, usable_bytes // 4),
        lookahead_bytes=min(bytes_per_second * LOOKAHEAD_SECONDS, usable_bytes // 8),
    )
