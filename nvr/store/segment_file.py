"""One segment file while it is being written.

Every call blocks on the disk and belongs on a volume's writer thread. After an error
of any call only `abandon` may follow; what is in the file then must be verified.
"""

import fcntl
import os
import struct
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from nvr.base.model import (
    SECOND_US,
    CameraId,
    Moment,
    Role,
    RunId,
    SegmentId,
    StreamFormat,
)
from nvr.media.fragment import Fragment, TrackRun, settled
from nvr.media.movie import AUDIO_ID, VIDEO_ID
from nvr.media.mp4_write import fragment_header
from nvr.media.segment_head import make_head
from nvr.media.segment_layout import (
    Check,
    Description,
    FragmentMark,
    Reason,
    check_box,
    closed_header,
    reserved_offset,
)
from nvr.media.segment_tables import SegmentTables
from nvr.store.preallocation import reserve
from nvr.store.volume import Volume, segment_folder, segment_name

MOST_BUFFERS = 1024  # IOV_MAX of Linux
BadFragment = (struct.error, OverflowError)
"""What a fragment raises whose numbers do not fit into a file."""


@dataclass(frozen=True, slots=True)
class SegmentSpec:
    """All that is known of a segment before its first byte."""

    id: SegmentId
    camera_id: CameraId
    role: Role
    run_id: RunId
    epoch: int
    node: str
    format: StreamFormat
    start: Moment

    def description(self) -> Description:
        """The same as the file says it."""
        return Description(
            node=self.node,
            camera_id=self.camera_id,
            role=self.role,
            segment_id=self.id,
            run_id=self.run_id,
            epoch=self.epoch,
            start=self.start,
        )


class SegmentFile:
    """An open file. `end_us` and `size_bytes` are of what has been written."""

    def __init__(self, *, spec: SegmentSpec, head: bytes, fd: int) -> None:
        self.spec = spec
        self.end_us = spec.start.wall_us
        self.size_bytes = 0
        self.fragments = 0
        self._head = head
        self._fd = fd
        self._tables = SegmentTables(spec.format)
        self._is_dirty = True
        # Folders whose entry for this file, or for each other, is not synced yet.
        self._folders: list[tuple[str, ...]] = []

    @classmethod
    def create(cls, volume: Volume, spec: SegmentSpec, *, expected_bytes: int) -> Self:
        """A new file with its head written; it must not exist."""
        folder = segment_folder(spec.camera_id, spec.start.wall_us)
        head = make_head(spec.description(), spec.format)
        fd, made = _create(volume, folder, segment_name(spec.id))
        self = cls(spec=spec, head=head, fd=fd)
        self._folders = [folder]
        if folder[1] in made:
            self._folders.append(folder[:1])
        if folder[0] in made:
            self._folders.append(())
        try:
            reserve(fd, expected_bytes)
            self._write([head])
        except OSError:
            self.abandon()
            raise
        return self

    def append(self, fragment: Fragment) -> None:
        """Write a fragment and its check box; into the page cache, no further."""
        fragment = settled(fragment)
        header = fragment_header(fragment)
        buffers = [header]
        offset = self.size_bytes + len(header)
        for track_id, run in ((VIDEO_ID, fragment.video), (AUDIO_ID, fragment.audio)):
            if run is not None:
                sizes = [*map(len, run.payloads)]
                self._tables.add_samples(track_id, *run[:4], sizes, offset)
                buffers += run.payloads
                offset += sum(sizes)
        digest = sha256()
        for buffer in buffers:
            digest.update(buffer)
        mark = FragmentMark(
            number=fragment.number,
            offset=self.size_bytes,
            size_bytes=offset - self.size_bytes,
            wall_us=fragment.wall_us,
            video_time=_first_time(fragment),
            digest=digest.digest(),
        )
        buffers.append(
            check_box(
                Check(
                    segment_id=self.spec.id,
                    number=fragment.number,
                    wall_us=fragment.wall_us,
                    mono_us=fragment.mono_us,
                    digest=mark.digest,
                )
            )
        )
        self._write(buffers)
        self._tables.add_mark(mark)
        self.fragments += 1
        self.end_us = max(self.end_us, self._end_of(fragment))

    def sync(self, volume: Volume) -> bool:
        """All that is written is on the disk, and will be found. False: it was."""
        if not self._is_dirty:
            return False
        os.fdatasync(self._fd)
        self._is_dirty = False
        while self._folders:
            folder_fd = volume.open_folder(*self._folders[-1])
            try:
                os.fsync(folder_fd)
            finally:
                os.close(folder_fd)
            self._folders.pop()
        return True

    def finish(self, volume: Volume, end_us: int) -> bytes:
        """Make it an ordinary MP4, on the disk for good; its Merkle root."""
        self.end_us = end_us
        tail, root = self._tables.tail(
            self._head, self.spec.description(), end_us=end_us, reason=Reason.CLOSED
        )
        fragments_end = self.size_bytes
        self._write([tail])
        seal(self._fd, self._head, fragments_end, self.size_bytes)
        self.sync(volume)
        os.close(self._fd)
        self._fd = -1
        return root

    def abandon(self) -> None:
        """Let go of the file as it is. Never blocks."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            with suppress(OSError):
                fcntl.flock(fd, fcntl.LOCK_UN)
            # Closing a file on a sick disk can take for ever.
            threading.Thread(
                target=_close_quietly, args=(fd,), name="volume-abandon", daemon=True
            ).start()

    def _write(self, buffers: Sequence[bytes]) -> None:
        self._is_dirty = True
        self.size_bytes += write_all(self._fd, buffers)

    def _end_of(self, fragment: Fragment) -> int:
        form = self.spec.format
        for coded, run in ((form.video, fragment.video), (form.audio, fragment.audio)):
            if coded is not None and run is not None:
                ticks = sum(run.durations)
                return fragment.wall_us + ticks * SECOND_US // coded.clock_rate
        return fragment.wall_us


def write_all(fd: int, buffers: Sequence[bytes]) -> int:
    """Write all of these, with one system call if it goes well; how many bytes."""
    total = 0
    for start in range(0, len(buffers), MOST_BUFFERS):
        group = buffers[start : start + MOST_BUFFERS]
        length = sum(map(len, group))
        written = os.writev(fd, group)
        if written < length:
            rest = memoryview(b"".join(group))[written:]
            while rest:
                rest = rest[os.write(fd, rest) :]
        total += length
    return total


def seal(fd: int, head: bytes, fragments_end: int, size_bytes: int) -> None:
    """The last steps of a close: drop what was set aside, then patch the header.

    The 16 bytes come last, so that a file that says it is closed has its tail.
    """
    os.ftruncate(fd, size_bytes)
    at = reserved_offset(head)
    os.pwrite(fd, closed_header(fragments_end - at), at)


def _create(
    volume: Volume, folder: tuple[str, str], name: str
) -> tuple[int, list[str]]:
    try:
        fd, made = _create_once(volume, folder, name)
    except FileNotFoundError:
        # The keeper removed the day's folder, empty until now, under our feet.
        fd, made = _create_once(volume, folder, name)
    with suppress(OSError):
        # Tells recovery that somebody is still writing; not every file system can.
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return fd, made


def _create_once(
    volume: Volume, folder: tuple[str, str], name: str
) -> tuple[int, list[str]]:
    folder_fd, made = volume.make_folder(*folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(name, flags, 0o644, dir_fd=folder_fd), made
    finally:
        os.close(folder_fd)


def _first_time(fragment: Fragment) -> int:
    run: TrackRun | None = fragment.video or fragment.audio
    return run.base_time if run is not None else 0


def _close_quietly(fd: int) -> None:
    with suppress(OSError):
        os.close(fd)
