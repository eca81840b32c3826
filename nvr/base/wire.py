"""Messages between our own processes over a Unix socket.

A message is a JSON object and an optional run of bytes: both lengths in 4 bytes
big-endian, then the JSON, then the bytes. Limits are checked before anything is
allocated, so that a confused peer costs a connection and not the process.
"""

import asyncio
import json
import struct
from typing import Any, BinaryIO

_LENGTHS = struct.Struct(">II")
MAX_HEADER_BYTES = 1 << 20
MAX_BODY_BYTES = 64 << 20


def pack(header: dict[str, Any], body: bytes = b"") -> bytes:
    """One message as bytes."""
    text = json.dumps(header, separators=(",", ":")).encode()
    return b"".join((_LENGTHS.pack(len(text), len(body)), text, body))


async def read_message(reader: asyncio.StreamReader) -> tuple[dict[str, Any], bytes]:
    """The next message. Raises `EOFError` at the end, `ValueError` on nonsense."""
    try:
        header_bytes, body_bytes = _lengths(await reader.readexactly(_LENGTHS.size))
        text = await reader.readexactly(header_bytes)
        body = await reader.readexactly(body_bytes) if body_bytes else b""
    except asyncio.IncompleteReadError as error:
        raise EOFError("the peer closed the socket") from error
    return _header(text), body


def read_message_from(file: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """The next message of a blocking pipe; the same errors as `read_message`."""
    header_bytes, body_bytes = _lengths(_exactly(file, _LENGTHS.size))
    text = _exactly(file, header_bytes)
    return _header(text), _exactly(file, body_bytes)


def _lengths(raw: bytes) -> tuple[int, int]:
    header_bytes, body_bytes = _LENGTHS.unpack(raw)
    if header_bytes > MAX_HEADER_BYTES or body_bytes > MAX_BODY_BYTES:
        raise ValueError(f"message of {header_bytes} + {body_bytes} bytes refused")
    return header_bytes, body_bytes


def _header(text: bytes) -> dict[str, Any]:
    header = json.loads(text)
    if not isinstance(header, dict):
        raise ValueError("a message header must be a JSON object")
    return header


def _exactly(file: BinaryIO, count: int) -> bytes:
    block = file.read(count)
    if len(block) < count:
        raise EOFError("the peer closed the pipe")
    return block
