"""Room on the disk for what a file will hold, without changing its length."""

import ctypes
import errno
import os
from functools import cache

_KEEP_SIZE = 1
_NOT_SUPPORTED = frozenset({errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})


def reserve(fd: int, length_bytes: int) -> None:
    """Set blocks aside, so that a full disk shows now and files lie in one piece.

    Does nothing where the file system cannot. Blocks that are not used go back when
    the file is truncated to its length.
    """
    allocate = _fallocate()
    if allocate is None or length_bytes <= 0:
        return
    if allocate(fd, _KEEP_SIZE, 0, length_bytes) != 0:
        code = ctypes.get_errno()
        if code not in _NOT_SUPPORTED:
            raise OSError(code, os.strerror(code))


@cache
def _fallocate() -> "ctypes._NamedFuncPointer | None":
    # os.posix_fallocate would make the file longer, and readers go by its length.
    library = ctypes.CDLL(None, use_errno=True)
    function = getattr(library, "fallocate64", None) or getattr(
        library, "fallocate", None
    )
    if function is not None:
        function.argtypes = (
            ctypes.c_int,
            ctypes.c_int,
            ctypes.c_int64,
            ctypes.c_int64,
        )
    return function
