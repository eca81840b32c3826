"""Messages between our own processes over a Unix socket.

A message is a JSON object and an optional run of bytes: both lengths in 4 bytes
big-endian, then the JSON, then the bytes. Limits are checked before anything is
allocated, so that a confused peer costs a connection and not the process.
"""

import asyncio
import json
import struct
from typing import Any

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
        lengths = await reader.readexactly(_LENGTHS.size)
        header_bytes, body_bytes = _LENGTHS.unpack(lengths)
        if header_bytes > MAX_HEADER_BYTES or body_bytes > MAX_BODY_BYTES:
            raise ValueError(f"message of {header_bytes} + {body_bytes} bytes refused")
        text = await reader.readexactly(header_bytes)
        body = await reader.readexactly(body_bytes) if body_bytes else b""
    except asyncio.IncompleteReadError as error:
        raise EOFError("the peer closed the socket") from error
    header = json.loads(text)
    if not isinstance(header, dict):
        raise ValueError("a message header must be a JSON object")
    return header, body
