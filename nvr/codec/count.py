"""How many pictures a file holds, as libav reads it."""

from pathlib import Path

import av


def count_pictures(path: Path) -> int:
    """Coded pictures of the first video track; 0 for a file without one."""
    try:
        with av.open(str(path)) as file:
            if not file.streams.video:
                return 0
            packets = file.demux(file.streams.video[0])
            return sum(1 for packet in packets if packet.size)
    except av.error.FFmpegError:
        return 0
