"""Is every file what it should be? Looks, and never changes or deletes anything.

Three levels: that a file is there and has its size; that its boxes and tables agree
with each other; that every fragment has the hash it was written with. Symbolic links
are reported and not followed.
"""

import errno
import fcntl
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from pathlib import Path

from nvr.base import merkle
from nvr.base.errors import MediaError
from nvr.base.model import Segment, SegmentId, SegmentState
from nvr.media.fragment_walk import Read, walk
from nvr.media.mp4_read import Tail, read_index, read_tail
from nvr.media.segment_head import Head, read_head
from nvr.store.recovery import damaged_fragments, reader
from nvr.store.volume import (
    IDENTITY,
    LOCK,
    SUFFIX,
    Volume,
    segment_folder,
    segment_name,
)


class Level(IntEnum):
    """How closely to look."""

    PRESENCE = 0
    BOXES = 1
    HASHES = 2


class Fault(StrEnum):
    """What can be wrong."""

    MISSING = "missing"  # a row has no file
    NO_ROW = "no row"  # a file has no row
    SIZE = "size"  # not as long as its row says
    OTHER_DIGEST = "other digest"  # whole, but not what its row says
    UNFINISHED = "unfinished"  # nobody writes it and it was not closed
    DAMAGED = "damaged"
    LINK = "link"  # a symbolic link
    STRANGE = "strange"  # nothing that belongs here
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, as a sentence for people in `detail`."""

    path: Path
    fault: Fault
    detail: str
    segment_id: SegmentId | None = None


@dataclass(frozen=True, slots=True)
class _Looked:
    """What a look at one file found. `digest` None: it is not closed."""

    size_bytes: int
    is_being_written: bool
    digest: bytes | None
    segment_id: SegmentId | None
    is_empty: bool
    faults: list[tuple[Fault, str]]


def check_file(path: Path, level: Level) -> list[Finding]:
    """All that is wrong with one file. Blocks."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        fd = os.open(path, flags)
    except OSError as error:
        return [Finding(path, *_cannot_open(error))]
    try:
        looked = _look(fd, path.name, level)
    finally:
        os.close(fd)
    return [Finding(path, *fault, looked.segment_id) for fault in looked.faults]


def check_volume(
    volume: Volume, rows: Iterable[Segment], level: Level = Level.BOXES
) -> list[Finding]:
    """Compare a volume's files with the catalogue's rows of it. Blocks.

    Read the rows just before: a file that is begun or deleted meanwhile is reported
    as if it or its row were missing.
    """
    expected = {_parts(row): row for row in rows}
    findings = []
    for parts, entry in _files(volume):
        path = volume.path.joinpath(*parts)
        row = expected.pop(parts, None)
        if isinstance(entry, Finding):
            findings.append(entry)
        else:
            findings += _check_against(volume, parts, path, row, level)
    for parts, row in expected.items():
        if row.state not in (SegmentState.MISSING, SegmentState.UNLINKING):
            path = volume.path.joinpath(*parts)
            detail = f"the file of a segment that is {row.state} is not there"
            findings.append(Finding(path, Fault.MISSING, detail, row.id))
    return findings


def _check_against(
    volume: Volume,
    parts: tuple[str, ...],
    path: Path,
    row: Segment | None,
    level: Level,
) -> list[Finding]:
    """One file and its row, if it has one."""
    segment_id = row.id if row is not None else None
    try:
        fd = volume.open_file(*parts, flags=os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        return [Finding(path, *_cannot_open(error), segment_id)]
    try:
        looked = _look(fd, parts[-1], level)
    finally:
        os.close(fd)
    faults = [*looked.faults, *_compare(looked, row)]
    return [Finding(path, *fault, segment_id or looked.segment_id) for fault in faults]


def _compare(looked: _Looked, row: Segment | None) -> Iterator[tuple[Fault, str]]:
    if row is None:
        if not looked.is_being_written:
            yield Fault.NO_ROW, "the catalogue does not know this file"
        return
    if row.state is SegmentState.MISSING and not looked.is_empty:
        yield Fault.NO_ROW, "the catalogue says that this file is missing"
    if row.state not in (SegmentState.CLOSED, SegmentState.DOOMED):
        return
    if looked.size_bytes != row.size_bytes:
        yield (
            Fault.SIZE,
            f"{looked.size_bytes} bytes, the catalogue says {row.size_bytes}",
        )
    elif looked.digest is not None and looked.digest != row.digest:
        yield Fault.OTHER_DIGEST, "the file is not the one that the catalogue knows"


def _look(fd: int, name: str, level: Level) -> _Looked:
    """All there is to see in one open file."""
    status = os.fstat(fd)
    faults: list[tuple[Fault, str]] = []
    is_being_written, is_empty, digest, segment_id = False, False, None, None
    if not stat.S_ISREG(status.st_mode):
        faults.append((Fault.STRANGE, "this is not a regular file"))
    elif level > Level.PRESENCE:
        is_being_written = _is_locked(fd)
        read, size = reader(fd), status.st_size
        try:
            head = read_head(read)
            segment_id = head.description.segment_id
            tail = read_tail(read, size, head)
            digest = tail.close.root if tail is not None else None
            is_empty = _is_empty(read, size, head, tail)
            if segment_name(segment_id) != name:
                faults.append((Fault.STRANGE, f"it says it is segment {segment_id}"))
            if not (is_being_written or is_empty):
                faults += _faults_inside(read, size, head, tail, level)
        except (MediaError, OSError) as error:
            if not is_being_written:
                faults.append(_fault_of(error))
    return _Looked(
        status.st_size, is_being_written, digest, segment_id, is_empty, faults
    )


def _is_empty(read: Read, size: int, head: Head, tail: Tail | None) -> bool:
    """True of what a crash leaves between opening a file and its first fragment."""
    if tail is not None or head.covered_end is not None:
        return False
    found = walk(read, head.size_bytes, size, head.description.segment_id)
    return next(iter(found), None) is None


def _faults_inside(
    read: Read, size: int, head: Head, tail: Tail | None, level: Level
) -> Iterator[tuple[Fault, str]]:
    if tail is None:
        if head.covered_end is not None:
            yield Fault.DAMAGED, "the end of the file is damaged"
        else:
            yield Fault.UNFINISHED, "the file was not closed"
        return
    found = list(walk(read, head.size_bytes, size, head.description.segment_id))
    marks = tail.close.marks
    if [fragment.mark() for fragment in found] != marks:
        yield Fault.DAMAGED, f"{len(found)} of {len(marks)} fragments are whole"
    elif (found[-1].end if found else head.size_bytes) != head.covered_end:
        yield Fault.DAMAGED, "there is something behind the last fragment"
    if merkle.root([mark.digest for mark in marks]) != tail.close.root:
        yield Fault.DAMAGED, "the table of fragments does not have its root"
    read_index(read, size)
    if level >= Level.HASHES:
        for number in damaged_fragments(read, marks):
            yield Fault.DAMAGED, f"fragment {number} is not what was written"


def _is_locked(fd: int) -> bool:
    """True while a writer holds the file."""
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    fcntl.flock(fd, fcntl.LOCK_UN)
    return False


def _files(
    volume: Volume,
) -> Iterator[tuple[tuple[str, ...], "os.DirEntry[str] | Finding"]]:
    """Every segment file of a volume by its path in parts, and whatever else is
    there as a finding."""
    yield from _walk(volume, (), depth=2)


def _walk(
    volume: Volume, above: tuple[str, ...], depth: int
) -> Iterator[tuple[tuple[str, ...], "os.DirEntry[str] | Finding"]]:
    for entry in volume.entries(*above):
        parts = (*above, entry.name)
        path = volume.path.joinpath(*parts)
        if entry.is_symlink():
            yield parts, Finding(path, Fault.LINK, "a symbolic link is not followed")
        elif depth and entry.is_dir(follow_symlinks=False):
            if above or entry.name != "lost+found":
                yield from _walk(volume, parts, depth - 1)
        elif not depth and _is_segment_name(entry.name):
            yield parts, entry
        elif above or entry.name not in (IDENTITY, LOCK):
            yield parts, Finding(path, Fault.STRANGE, "nothing of ours has this name")


def _is_segment_name(name: str) -> bool:
    stem = name.removesuffix(SUFFIX)
    return name.endswith(SUFFIX) and stem.isascii() and stem.isdigit()


def _parts(row: Segment) -> tuple[str, ...]:
    return (*segment_folder(row.camera_id, row.start_us), segment_name(row.id))


def _cannot_open(error: OSError) -> tuple[Fault, str]:
    if error.errno == errno.ENOENT:
        return Fault.MISSING, "the file is not there"
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return Fault.LINK, "a symbolic link is not followed"
    return Fault.UNREADABLE, error.strerror or str(error)


def _fault_of(error: MediaError | OSError) -> tuple[Fault, str]:
    if isinstance(error, OSError):
        return Fault.UNREADABLE, error.strerror or str(error)
    return Fault.DAMAGED, str(error)
