"""What one stream brought and what was wrong with it, in numbers."""

from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """Counters since the session began; changed in place as packets are read."""

    packets: int = 0
    lost_packets: int = 0
    pictures: int = 0  # complete ones, also those not handed on
    units: int = 0  # handed on, of all tracks
    damaged_units: int = 0  # dropped: a part was missing
    dropped_units: int = 0  # before the first key frame
    irregular_frames: int = 0  # interleaved frames that are not what they should be
    skipped_bytes: int = 0  # between packets, to find the next
    timestamp_jumps: int = 0
