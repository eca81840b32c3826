"""Finishing a file whose writer is gone.

What the file holds up to its last whole, unharmed fragment becomes an ordinary MP4,
exactly as if the segment had been closed there. May be repeated, and may itself be
interrupted anywhere. A file with its whole tail is never shortened.
"""

import fcntl
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from nvr.base.errors import MediaError, VolumeBusy
from nvr.media.fragment_walk import Read, WalkedFragment, walk
from nvr.media.mp4_read import Tail, read_tail, read_tail_at
from nvr.media.segment_head import Head, read_head
from nvr.media.segment_layout import (
    RESERVED,
    Description,
    FragmentMark,
    Reason,
)
from nvr.media.segment_tables import SegmentTables
from nvr.store.segment_file import seal

PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a file turned out to hold.

    `digest` None: no whole fragment, the file was left as it is. `was_torn`: it was
    not closed by its writer. `damaged`: numbers of fragments of a closed file that
    are not what was written; they were left in place.
    """

    description: Description | None
    end_us: int
    size_bytes: int
    digest: bytes | None
    fragments: int
    was_torn: bool
    damaged: tuple[int, ...] = ()


def recover_file(path: Path) -> Recovered:
    """Finish one file, on the disk for good when this returns. Blocks.

    `VolumeBusy` while somebody still writes it; `MediaError` when it is the file of
    another segment than its name says; `OSError` as the disk has it.
    """
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    fd = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise MediaError(f"{path} is not a regular file")
        _claim(fd, path)
        return _recover(fd, path)
    finally:
        os.close(fd)


def reader(fd: int) -> Read:
    """Reads anywhere in an open file."""
    return lambda offset, length: os.pread(fd, length, offset)


def hash_of(read: Read, offset: int, size_bytes: int) -> bytes:
    """SHA-256 of a stretch of a file, a piece at a time."""
    digest = sha256()
    end = offset + size_bytes
    while offset < end:
        piece = read(offset, min(PIECE_BYTES, end - offset))
        if not piece:
            break
        digest.update(piece)
        offset += len(piece)
    return digest.digest()


def damaged_fragments(read: Read, marks: list[FragmentMark]) -> Iterator[int]:
    """Numbers of the fragments whose bytes are not what their digest says."""
    for mark in marks:
        if hash_of(read, mark.offset, mark.size_bytes) != mark.digest:
            yield mark.number


def _claim(fd: int, path: Path) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise VolumeBusy(f"{path} is still being written", str(path)) from error


def _recover(fd: int, path: Path) -> Recovered:
    size, read = os.fstat(fd).st_size, reader(fd)
    try:
        head = read_head(read)
    except MediaError:
        return _lost(None, size)
    if path.stem != str(head.description.segment_id):
        raise MediaError(f"{path} says it is segment {head.description.segment_id}")
    tail = read_tail(read, size, head)
    if tail is not None:
        damaged = tuple(damaged_fragments(read, tail.close.marks))
        _sync(fd, path)
        return _closed(head, tail, size, damaged)
    return _finish(fd, path, head, size)


def _finish(fd: int, path: Path, head: Head, size: int) -> Recovered:
    """Cut behind the last good fragment and close there."""
    read, tables = reader(fd), SegmentTables(head.format)
    start_us = end_us = head.description.start.wall_us
    end = head.size_bytes
    for found in _unharmed(read, size, head):
        tables.add_walked(found)
        end_us = max(end_us, found.end_us(head.format))
        end = found.end
    written = read_tail_at(read, size, head, end)
    if written is not None and written.close.marks == tables.marks:
        # Only the header was not patched any more.
        seal(fd, head.content, end, size)
        _sync(fd, path)
        return _closed(head, written, size, ())
    if end == head.size_bytes:
        return _lost(head.description, size, start_us)
    tail, root = tables.tail(
        head.content, head.description, end_us=end_us, reason=Reason.RECOVERED
    )
    # Open again first: a file that says it is closed must have its tail.
    os.pwrite(fd, RESERVED, head.reserved_offset)
    os.ftruncate(fd, end)
    _write_at(fd, tail, end)
    seal(fd, head.content, end, end + len(tail))
    _sync(fd, path)
    return Recovered(
        description=head.description,
        end_us=end_us,
        size_bytes=end + len(tail),
        digest=root,
        fragments=len(tables.marks),
        was_torn=True,
    )


def _unharmed(read: Read, size: int, head: Head) -> Iterator[WalkedFragment]:
    """Whole fragments up to the first whose bytes are not what was written."""
    segment_id = head.description.segment_id
    for found in walk(read, head.size_bytes, size, segment_id):
        if hash_of(read, found.offset, found.size_bytes) != found.check.digest:
            return
        yield found


def _closed(head: Head, tail: Tail, size: int, damaged: tuple[int, ...]) -> Recovered:
    close = tail.close
    return Recovered(
        description=head.description,
        end_us=close.end_us,
        size_bytes=size,
        digest=close.root,
        fragments=len(close.marks),
        was_torn=close.reason is Reason.RECOVERED,
        damaged=damaged,
    )


def _lost(description: Description | None, size: int, end_us: int = 0) -> Recovered:
    return Recovered(
        description=description,
        end_us=end_us,
        size_bytes=size,
        digest=None,
        fragments=0,
        was_torn=True,
    )


def _write_at(fd: int, content: bytes, offset: int) -> None:
    rest = memoryview(content)
    while rest:
        written = os.pwrite(fd, rest, offset)
        rest, offset = rest[written:], offset + written


def _sync(fd: int, path: Path) -> None:
    """The file and its name in the folder."""
    os.fdatasync(fd)
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    folder_fd = os.open(path.parent, flags)
    try:
        os.fsync(folder_fd)
    finally:
        os.close(folder_fd)
