"""A volume: one directory, usually a disk of its own, that holds footage.

    volume.json                                 who it is; written once
    lock                                        held by the server that writes here
    <camera id>/<yyyymmdd UTC>/<segment id>.mp4

A volume is known by its identity and not by where it is mounted, and nothing is ever
written into a directory that is not the volume it is taken for. Below its path no
symbolic link is followed.
"""

import errno
import fcntl
import json
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from uuid import uuid4

from nvr.base.errors import (
    VolumeBusy,
    VolumeError,
    VolumeFailed,
    VolumeForeign,
    VolumeFull,
)
from nvr.base.model import SECOND_US, CameraId, SegmentId, VolumeId

FORMAT = 1
IDENTITY = "volume.json"
LOCK = "lock"
SUFFIX = ".mp4"
SPACE_SECONDS = 5.0
"""How long a disk may take to say how much room it has."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_BELONGS_TO_A_NEW_DISK = frozenset({LOCK, f"{IDENTITY}.new", "lost+found"})


@dataclass(frozen=True, slots=True)
class Space:
    """Room on a volume, as any user may use it."""

    total_bytes: int
    free_bytes: int
    free_inodes: int


class Volume:
    """An open volume. Its directory stays the same one even if the path changes."""

    def __init__(
        self, *, path: Path, volume_id: VolumeId, root_fd: int, lock_fd: int | None
    ) -> None:
        self.id = volume_id
        self.path = path
        self._root_fd = root_fd
        self._lock_fd = lock_fd
        self._asker: threading.Thread | None = None

    @classmethod
    def open(cls, path: Path, *, node: str, expected: VolumeId | None = None) -> Self:
        """The volume of this node, locked until it is closed or the process ends.

        An empty or missing directory becomes a new volume, unless one is `expected`:
        then an unmounted disk is noticed. Raises `VolumeForeign`, `VolumeBusy` or
        another `VolumeError`.
        """
        try:
            if expected is None:
                path.mkdir(parents=True, exist_ok=True)
            root_fd = _open_root(path)
            try:
                lock_fd = _lock(root_fd, path)
                volume_id = _identity(root_fd, path, node, may_create=expected is None)
                if expected not in (None, volume_id):
                    raise VolumeForeign(f"{path} is another volume", str(path))
            except BaseException:
                os.close(root_fd)
                raise
        except OSError as error:
            raise volume_error(error, path) from error
        return cls(path=path, volume_id=volume_id, root_fd=root_fd, lock_fd=lock_fd)

    @classmethod
    def attach(cls, path: Path) -> Self:
        """A volume that this server has open already; nothing is created or locked."""
        try:
            root_fd = _open_root(path)
            try:
                volume_id = _read_identity(root_fd, path)[0]
            except BaseException:
                os.close(root_fd)
                raise
        except FileNotFoundError as error:
            raise VolumeForeign(f"there is no volume in {path}", str(path)) from error
        except OSError as error:
            raise volume_error(error, path) from error
        return cls(path=path, volume_id=volume_id, root_fd=root_fd, lock_fd=None)

    @property
    def lock_fileno(self) -> int | None:
        """The lock's descriptor. A child that inherits it keeps the volume locked as
        long as it lives; None of a volume that was attached."""
        return self._lock_fd

    def close(self) -> None:
        """Give up the lock. Harmless when done already."""
        for fd in (self._lock_fd, self._root_fd):
            if fd is not None and fd >= 0:
                os.close(fd)
        self._lock_fd, self._root_fd = None, -1

    def space(self) -> Space:
        """How much room there is. Blocks at most `SPACE_SECONDS`.

        A disk that does not answer is asked again only when it has answered.
        """
        if self._asker is not None and self._asker.is_alive():
            raise VolumeFailed(f"{self.path} still does not answer", str(self.path))
        answers: list[os.statvfs_result | OSError] = []
        asker = threading.Thread(
            target=self._ask_space, args=(answers,), name="volume-space", daemon=True
        )
        self._asker = asker
        asker.start()
        asker.join(SPACE_SECONDS)
        if not answers:
            raise VolumeFailed(
                f"{self.path} did not answer within {SPACE_SECONDS:.0f} s",
                str(self.path),
            )
        answer = answers[0]
        if isinstance(answer, OSError):
            raise volume_error(answer, self.path) from answer
        return Space(
            total_bytes=answer.f_blocks * answer.f_frsize,
            free_bytes=answer.f_bavail * answer.f_frsize,
            free_inodes=answer.f_favail if answer.f_files else 1 << 62,
        )

    def _ask_space(self, answers: list[os.statvfs_result | OSError]) -> None:
        try:
            answers.append(os.fstatvfs(self._root_fd))
        except OSError as error:
            answers.append(error)

    def segment_path(
        self, camera_id: CameraId, start_us: int, segment_id: SegmentId
    ) -> Path:
        """Where a segment's file is or will be."""
        folder = segment_folder(camera_id, start_us)
        return self.path.joinpath(*folder, segment_name(segment_id))

    def make_folder(self, *parts: str) -> tuple[int, list[str]]:
        """A descriptor of a folder below the root, and which of `parts` were made."""
        fd, made = os.dup(self._root_fd), []
        for part in parts:
            try:
                os.mkdir(part, 0o755, dir_fd=fd)
                made.append(part)
            except FileExistsError:
                pass
            except OSError:
                os.close(fd)
                raise
            fd = _into(fd, part)
        return fd, made

    def open_folder(self, *parts: str) -> int:
        """A descriptor of a folder below the root; no link is followed."""
        fd = os.dup(self._root_fd)
        for part in parts:
            fd = _into(fd, part)
        return fd

    def open_file(self, *parts: str, flags: int = os.O_RDONLY) -> int:
        """A descriptor of a file below the root; no link is followed."""
        *folders, name = parts
        folder_fd = self.open_folder(*folders)
        try:
            return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder_fd)
        finally:
            os.close(folder_fd)

    def entries(self, *parts: str) -> Iterator[os.DirEntry[str]]:
        """What lies in a folder below the root, in order of name."""
        fd = self.open_folder(*parts)
        try:
            with os.scandir(fd) as found:
                listed = sorted(found, key=lambda entry: entry.name)
            # Yielded while the folder is open: an entry is asked through it.
            yield from listed
        finally:
            os.close(fd)


def segment_folder(camera_id: CameraId, start_us: int) -> tuple[str, str]:
    """The camera's folder and the day's in it."""
    if not camera_id or camera_id.startswith(".") or "/" in camera_id:
        raise ValueError(f"{camera_id!r} cannot name a folder")
    day = datetime.fromtimestamp(start_us // SECOND_US, UTC)
    return camera_id, f"{day:%Y%m%d}"


def segment_name(segment_id: SegmentId) -> str:
    """The file's name."""
    return f"{segment_id}{SUFFIX}"


def volume_error(error: OSError, path: Path) -> VolumeError:
    """An operating system's error in our words."""
    reason = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return VolumeFull(f"{path} is full: {reason}", str(path))
    return VolumeFailed(f"{path}: {reason}", str(path))


def _into(folder_fd: int, name: str) -> int:
    """Step into a folder, closing the one above."""
    try:
        return os.open(name, _FOLDER, dir_fd=folder_fd)
    finally:
        os.close(folder_fd)


def _open_root(path: Path) -> int:
    # The path itself may be a link: where a volume is mounted is the owner's choice.
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _lock(root_fd: int, path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(LOCK, flags, 0o644, dir_fd=root_fd)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise VolumeBusy(f"{path} is in use by another server", str(path)) from error
    except OSError:
        os.close(fd)
        raise
    return fd


def _identity(root_fd: int, path: Path, node: str, *, may_create: bool) -> VolumeId:
    try:
        volume_id, owner = _read_identity(root_fd, path)
    except FileNotFoundError:
        if not may_create:
            raise VolumeForeign(f"no volume is mounted at {path}", str(path)) from None
        if set(os.listdir(root_fd)) - _BELONGS_TO_A_NEW_DISK:
            raise VolumeForeign(
                f"{path} holds other files; give the recorder an empty folder",
                str(path),
            ) from None
        return _create_identity(root_fd, node)
    if owner != node:
        raise VolumeForeign(f"{path} belongs to the node {owner!r}", str(path))
    return volume_id


def _read_identity(root_fd: int, path: Path) -> tuple[VolumeId, str]:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(IDENTITY, flags, dir_fd=root_fd)
    with os.fdopen(fd, "rb") as file:
        content = file.read(64 << 10)
    try:
        found = json.loads(content)
        volume_id, node, form = found["volume"], found["node"], found["format"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise VolumeForeign(f"{path}/{IDENTITY} is damaged", str(path)) from error
    if form != FORMAT:
        raise VolumeForeign(f"{path} has format {form!r}, unknown here", str(path))
    return VolumeId(str(volume_id)), str(node)


def _create_identity(root_fd: int, node: str) -> VolumeId:
    volume_id = VolumeId(str(uuid4()))
    text = json.dumps({"volume": volume_id, "node": node, "format": FORMAT}, indent=1)
    fresh = f"{IDENTITY}.new"
    with suppress(FileNotFoundError):
        os.unlink(fresh, dir_fd=root_fd)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(fresh, flags, 0o644, dir_fd=root_fd), "wb") as file:
        file.write(text.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    os.rename(fresh, IDENTITY, src_dir_fd=root_fd, dst_dir_fd=root_fd)
    os.fsync(root_fd)
    return volume_id
