"""RTSP requests and answers as bytes (RFC 2326), and the `$` blocks between them."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from nvr.base.errors import MediaError

MAX_REQUEST_BYTES = 16_384
_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    459: "Aggregate Operation Not Allowed",
    461: "Unsupported Transport",
    501: "Not Implemented",
    503: "Service Unavailable",
    551: "Option not supported",
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are in lower case."""

    method: str
    url: str
    headers: dict[str, str]

    @property
    def path(self) -> list[str]:
        """The parts of the URL's path."""
        return [part for part in urlsplit(self.url).path.split("/") if part]


def take_request(buffer: bytearray) -> Request | None:
    """Remove the next request from the buffer; None when it is not there yet.

    Interleaved blocks before it are passed over. Raises `MediaError` on nonsense.
    """
    while buffer[:1] == b"$":
        if len(buffer) < 4 or len(buffer) < 4 + (buffer[2] << 8 | buffer[3]):
            return None
        del buffer[: 4 + (buffer[2] << 8 | buffer[3])]
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        if len(buffer) > MAX_REQUEST_BYTES:
            raise MediaError(f"a request of more than {MAX_REQUEST_BYTES} bytes")
        return None
    lines = buffer[:end].decode("utf-8", "replace").lstrip("\r\n").split("\r\n")
    headers = {
        name.strip().lower(): value.strip()
        for name, colon, value in (line.partition(":") for line in lines[1:])
        if colon
    }
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MAX_REQUEST_BYTES:
        raise MediaError(f"a request with Content-Length {length!r}")
    if len(buffer) < end + 4 + int(length):
        return None
    del buffer[: end + 4 + int(length)]
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("RTSP/"):
        raise MediaError(f"not an RTSP request: {lines[0][:80]!r}")
    return Request(words[0].upper(), words[1], headers)


def answer(
    request: Request,
    status: int = 200,
    headers: dict[str, str] | None = None,
    body: str = "",
    *,
    more: tuple[tuple[str, str], ...] = (),
) -> bytes:
    """An answer to the request. `more` holds headers that may stand twice."""
    lines = [f"RTSP/1.0 {status} {_REASONS[status]}"]
    if "cseq" in request.headers:
        lines.append(f"CSeq: {request.headers['cseq']}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    lines += [f"{name}: {value}" for name, value in more]
    if body:
        lines.append(f"Content-Length: {len(body.encode())}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
