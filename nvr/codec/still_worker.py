"""`python -m nvr.codec.still_worker`: pictures for whoever holds its pipes.

Says `{"type": "ready"}`, then reads requests from standard input and answers on
standard output, one at a time, in the messages of `base/wire.py`. This is where bytes
that a camera made up meet libav, so the process holds nothing worth stealing, gives
itself little memory and a limit on time, and ends when its owner does.

A request is `{"codec", "parameter_bytes": [..], "unit_bytes": [..], "times": [..],
"wanted", "width"}` with the parameter sets and units as its bytes; the answer is
`{"type": "still", "width", "height"}` with a JPEG, or `{"type": "error", "detail"}`.
"""

import resource
import signal
import sys
from itertools import accumulate
from typing import Any, BinaryIO

from nvr.base import wire
from nvr.base.errors import MediaError
from nvr.base.model import Codec

MEMORY_BYTES = 2 << 30
"""Address space, not memory: libraries alone map 0.6 GB, an 8K picture needs 0.4."""
REQUEST_SECONDS = 15
"""The owner kills sooner; this is for an owner that died in the middle."""


def main() -> None:
    confine()
    serve(sys.stdin.buffer, sys.stdout.buffer)


def confine() -> None:
    """Give up what decoding a picture does not need."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Only the owner decides when to stop: Ctrl-C goes to the whole terminal group.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import av.logging

    # Pictures with damage are usual; libav's remarks on them are nobody's log.
    av.logging.set_level(None)


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the pipe is closed."""
    # Imported late: the limits stand before libav is mapped.
    import nvr.codec.jpeg
    import nvr.codec.picture  # noqa: F401

    answers.write(wire.pack({"type": "ready"}))
    answers.flush()
    while True:
        try:
            header, body = wire.read_message_from(requests)
        except EOFError:
            return
        signal.alarm(REQUEST_SECONDS)
        answers.write(answer(header, body))
        answers.flush()
        signal.alarm(0)


def answer(header: dict[str, Any], body: bytes) -> bytes:
    """The packed answer to one request."""
    from nvr.codec import jpeg, picture

    try:
        counts = len(header["parameter_bytes"])
        pieces = _cut(body, header["parameter_bytes"] + header["unit_bytes"])
        frame = picture.decode(
            Codec(header["codec"]),
            pieces[:counts],
            pieces[counts:],
            header["times"],
            header["wanted"],
        )
        image, width, height = jpeg.encode(frame, header["width"])
    except (MediaError, MemoryError) as error:
        detail = str(error) or "the picture needs more memory than allowed"
        return wire.pack({"type": "error", "detail": detail})
    return wire.pack({"type": "still", "width": width, "height": height}, image)


def _cut(body: bytes, sizes: list[int]) -> list[bytes]:
    ends = list(accumulate(sizes))
    return [body[end - size : end] for size, end in zip(sizes, ends, strict=True)]


if __name__ == "__main__":
    main()
