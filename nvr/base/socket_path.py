"""Unix sockets in folders with long names.

The kernel takes 107 bytes of a socket's path. A longer one is reached through the
folder's descriptor, which has a short name in /proc (Linux).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MOST_BYTES = 107


@contextmanager
def reachable(path: Path) -> Iterator[str]:
    """A name of the socket at `path` that can be bound or connected to meanwhile."""
    if len(os.fsencode(path)) <= MOST_BYTES:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
