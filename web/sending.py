"""Parts of a long answer to a client: bytes from memory, stretches of files.

Files go by sendfile, without passing through us (with TLS, which must encrypt, by reads
in a thread). They are opened one at a time and only when their turn comes; a client who
leaves costs nothing from then on.
"""

import asyncio
import os
import stat
from collections.abc import Sequence
from typing import BinaryIO

from aiohttp import web

from nvr.play.parts import FilePiece, Part

PIECE_BYTES = 4 << 20
"""Sent at once: enough to be cheap, and as much as the kernel reads ahead for us."""
STALLED_SECONDS = 600.0
"""A player that is paused takes nothing for minutes; one that is gone, for longer."""


class FootageGone(Exception):
    """A file that was promised is not there any more, or shorter."""


async def send_parts(
    request: web.Request, response: web.StreamResponse, parts: Sequence[Part]
) -> None:
    """Send the body of a response that is prepared. Raises `FootageGone` if it cannot
    be sent whole, `TimeoutError` if nobody takes it, `ConnectionError` if they left."""
    for part in parts:
        if isinstance(part, FilePiece):
            await _send_file(request, part)
        else:
            view = memoryview(part)
            for offset in range(0, len(view), PIECE_BYTES):
                async with asyncio.timeout(STALLED_SECONDS):
                    await response.write(view[offset : offset + PIECE_BYTES])
    await response.write_eof()


async def _send_file(request: web.Request, piece: FilePiece) -> None:
    file = await asyncio.to_thread(_opened, piece)
    try:
        offset, end = piece.offset, piece.offset + piece.size_bytes
        while offset < end:
            count = min(PIECE_BYTES, end - offset)
            if offset > piece.offset:
                await asyncio.to_thread(_read_ahead, file, offset, count)
            offset += await _send_piece(request, file, offset, count)
    finally:
        file.close()


async def _send_piece(
    request: web.Request, file: BinaryIO, offset: int, count: int
) -> int:
    transport = request.transport
    if transport is None or transport.is_closing():
        raise ConnectionResetError("the client left")
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(STALLED_SECONDS):
        sent = await loop.sendfile(transport, file, offset, count)
    if sent < count:
        raise FootageGone("a file became shorter while it was sent")
    return sent


def _opened(piece: FilePiece) -> BinaryIO:
    """The file, with its first piece on the way from the disk. No link is followed."""
    try:
        fd = os.open(piece.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise FootageGone(f"{piece.path.name}: {error.strerror}") from error
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise FootageGone(f"{piece.path.name} is not a file")
        if found.st_size < piece.offset + piece.size_bytes:
            raise FootageGone(f"{piece.path.name} is too short")
        file = os.fdopen(fd, "rb", buffering=0)
    except BaseException:
        os.close(fd)
        raise
    _read_ahead(file, piece.offset, min(PIECE_BYTES, piece.size_bytes))
    return file


def _read_ahead(file: BinaryIO, offset: int, count: int) -> None:
    """Have the kernel fetch it, so that sendfile hardly ever waits for a disk."""
    os.posix_fadvise(file.fileno(), offset, count, os.POSIX_FADV_WILLNEED)
