"""The GOP under way, read back from the file that is being written.

Keeping it in memory for the rare moment at which somebody begins to watch would cost
every camera half a megabyte; the page cache has it anyway.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from nvr.base.errors import MediaError
from nvr.base.model import AUDIO, VIDEO, AccessUnit
from nvr.media.mp4_read import TrackIndex, read_index


def read_recent(
    path: Path, *, fragments: int, video_zero: int, audio_zero: int
) -> list[AccessUnit] | None:
    """Units from the last key frame on; None while fewer `fragments` are on disk.

    Blocks; call it in a thread. Empty when the file cannot be read: then a viewer
    begins at the next key frame.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        index = read_index(lambda o, n: os.pread(fd, n, o), os.fstat(fd).st_size)
        if len(index.marks) < fragments:
            return None
        if index.video is None or not index.video.keys:
            return []
        first = index.video.keys[-1]
        units = list(_units(fd, index.video, VIDEO, video_zero, first))
        if index.audio is not None:
            from_s = _time(index.video, first) / index.video.clock_rate
            heard = _at(index.audio, int(from_s * index.audio.clock_rate))
            units += _units(fd, index.audio, AUDIO, audio_zero, heard)
        return units
    except (OSError, MediaError):
        return []
    finally:
        os.close(fd)


def _time(track: TrackIndex, sample: int) -> int:
    return track.base_time + sum(track.durations[:sample])


def _at(track: TrackIndex, ticks: int) -> int:
    """The first sample that begins at or after `ticks`."""
    begins = track.base_time
    for sample, duration in enumerate(track.durations):
        if begins >= ticks:
            return sample
        begins += duration
    return len(track.durations)


def _units(
    fd: int, track: TrackIndex, number: int, zero: int, first: int
) -> Iterator[AccessUnit]:
    keys = set(track.keys)
    decode = track.base_time
    sample = 0
    for offset, length in zip(track.offsets, track.chunk_lengths, strict=True):
        for size in track.sizes[sample : sample + length]:
            if sample >= first:
                shift = track.composition[sample] if track.composition else 0
                payload = os.pread(fd, size, offset)
                is_key = number == AUDIO or sample in keys
                yield AccessUnit(number, zero + decode + shift, payload, is_key)
            decode += track.durations[sample]
            offset += size
            sample += 1
