"""Encoded loops on disk, so that each is drawn and encoded once in its life.

A file is named by a digest of everything that decides its bytes, written beside its
name and then renamed, and carries a digest of its content: a reader sees a whole loop
or none. Nothing here is synced; a loop that is lost is made again.
"""

import json
import os
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from nvr.base.model import Codec
from nvr.codec.loop import AudioLoop, AudioSpec, Picture, VideoLoop, VideoSpec

VERSION = 1
"""Part of every key: raise it when pictures, sound or encoding change."""

Spec = VideoSpec | AudioSpec
Loop = VideoLoop | AudioLoop


def path_of(folder: Path, spec: Spec) -> Path:
    """Where the loop of a spec is kept."""
    text = json.dumps([VERSION, type(spec).__name__, asdict(spec)], sort_keys=True)
    return folder / f"{sha256(text.encode()).hexdigest()[:32]}.loop"


def save(path: Path, loop: Loop) -> None:
    """Put a loop in its place at once. Two savers at a time do no harm."""
    header, pieces = _take_apart(loop)
    body = b"".join(pieces)
    text = json.dumps(header).encode()
    content = len(text).to_bytes(4, "big") + text + body
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}.part")
    try:
        beside.write_bytes(sha256(content).digest() + content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def load(path: Path) -> Loop | None:
    """The loop, or None when there is no whole one."""
    try:
        file = path.read_bytes()
    except FileNotFoundError:
        return None
    digest, content = file[:32], memoryview(file)[32:]
    if sha256(content).digest() != digest:
        return None
    length = int.from_bytes(content[:4], "big")
    header = json.loads(bytes(content[4 : 4 + length]))
    return _put_together(header, content[4 + length :])


def _take_apart(loop: Loop) -> tuple[dict[str, Any], list[bytes]]:
    if isinstance(loop, AudioLoop):
        header = {
            "kind": "audio",
            "codec": loop.codec,
            "clock_rate": loop.clock_rate,
            "channels": loop.channels,
            "config": loop.config.hex(),
            "samples_per_frame": loop.samples_per_frame,
            "sizes": [len(frame) for frame in loop.frames],
        }
        return header, list(loop.frames)
    header = {
        "kind": "video",
        "codec": loop.codec,
        "width": loop.width,
        "height": loop.height,
        "frames_per_second": loop.frames_per_second,
        "parameter_sets": [nal.hex() for nal in loop.parameter_sets],
        "pictures": [
            (p.shown_at, p.is_key, [len(nal) for nal in p.nals]) for p in loop.pictures
        ],
    }
    return header, [nal for picture in loop.pictures for nal in picture.nals]


def _put_together(header: dict[str, Any], body: memoryview) -> Loop:
    position = 0

    def take(size: int) -> bytes:
        nonlocal position
        position += size
        return bytes(body[position - size : position])

    codec = Codec(header["codec"])
    if header["kind"] == "audio":
        return AudioLoop(
            codec,
            header["clock_rate"],
            header["channels"],
            bytes.fromhex(header["config"]),
            header["samples_per_frame"],
            tuple(take(size) for size in header["sizes"]),
        )
    return VideoLoop(
        codec,
        header["width"],
        header["height"],
        header["frames_per_second"],
        tuple(bytes.fromhex(nal) for nal in header["parameter_sets"]),
        tuple(
            Picture(tuple(take(size) for size in sizes), shown_at, is_key)
            for shown_at, is_key, sizes in header["pictures"]
        ),
    )
