"""RTSP messages (RFC 2326) as text: requests written, replies and requests read.

Tolerant of what cameras do: any case and spacing of header names, `\\n` alone as line
end, missing reasons. Strict about size.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from nvr.base.errors import MediaError

LARGEST_HEAD = 32 << 10
LARGEST_BODY = 64 << 10
MOST_HEADERS = 200


@dataclass(frozen=True, slots=True)
class Head:
    """Everything before the body. `status` is 0 for a request from the camera, whose
    method then stands in `reason`. Header names are in lower case."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """The first header of this name, or nothing."""
        return next((value for key, value in self.headers if key == name), "")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    @property
    def body_bytes(self) -> int:
        """Raises `MediaError` when it is no number or more than we take."""
        text = self.get("content-length") or "0"
        if not (text.isascii() and text.isdigit()) or len(text) > 9:
            raise MediaError("the camera's answer has no usable length")
        if int(text) > LARGEST_BODY:
            raise MediaError(
                f"the camera's answer is longer than {LARGEST_BODY >> 10} KiB"
            )
        return int(text)


def request(method: str, url: str, headers: Sequence[tuple[str, str]]) -> bytes:
    """A request without a body. Raises `MediaError` if it would be more than one."""
    lines = [f"{method} {url} RTSP/1.0", *(f"{k}: {v}" for k, v in headers)]
    if any("\r" in line or "\n" in line for line in lines) or " " in url:
        raise MediaError("a line break or space is in what should be one word")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def find_end(buffer: bytes | bytearray, start: int, end: int) -> int:
    """Where the head that begins at `start` ends, or -1 while it is not all there.
    Raises `MediaError` when it is too long."""
    limit = min(end, start + LARGEST_HEAD)
    crlf = buffer.find(b"\r\n\r\n", start, limit)
    bare = buffer.find(b"\n\n", start, limit if crlf < 0 else crlf)
    if bare >= 0:
        return bare + 2
    if crlf >= 0:
        return crlf + 4
    if limit < end:
        raise MediaError(f"the camera's answer is longer than {LARGEST_HEAD >> 10} KiB")
    return -1


def parse_head(text: bytes) -> Head:
    """Read a head. Raises `MediaError` when the first line cannot be understood."""
    lines = _unfold(text.decode("utf-8", "replace").replace("\r\n", "\n").split("\n"))
    first, *rest = lines or [""]
    status, reason = _first_line(first)
    pairs = (line.partition(":") for line in rest[:MOST_HEADERS] if ":" in line)
    headers = tuple((name.strip().lower(), value.strip()) for name, _, value in pairs)
    return Head(status, reason, headers)


def _first_line(line: str) -> tuple[int, str]:
    words = line.split(None, 2)
    if len(words) >= 2 and words[0].upper().startswith("RTSP/"):
        if len(words[1]) == 3 and words[1].isascii() and words[1].isdigit():
            return int(words[1]), words[2].strip() if len(words) > 2 else ""
    elif len(words) == 3 and words[2].upper().startswith("RTSP/"):
        return 0, words[0].upper()
    raise MediaError("the camera's answer is not RTSP")


def _unfold(lines: list[str]) -> list[str]:
    """Join lines that continue the one before (RFC 2326 section 4.2)."""
    joined: list[str] = []
    for line in lines:
        if line[:1] in (" ", "\t") and len(joined) > 1:
            joined[-1] += " " + line.strip()
        elif line.strip():
            joined.append(line)
    return joined
