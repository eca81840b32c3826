"""A small RTSP server that answers by a script, right or wrong."""

import asyncio
import base64
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import ip_network

from nvr.base.model import StreamAddress
from nvr.ingest.address import AddressPolicy
from tests.media.packets import PPS, SPS, framed, rtp

LOOPBACK = AddressPolicy(allowed=(ip_network("127.0.0.0/8"),))

SETS = ",".join(base64.b64encode(nal).decode() for nal in (SPS, PPS))
VIDEO = (
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={SETS}\r\n"
    "a=control:trackID=0\r\n"
)
AUDIO = "m=audio 0 RTP/AVP 8\r\na=control:trackID=1\r\n"
METADATA = (
    "m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n"
    "a=control:trackID=4\r\n"
)
KEY_NAL = b"\x65" + bytes(range(256)) * 2


def key_frame(sequence: int, stamp: int, channel: int = 0) -> bytes:
    return framed(rtp(KEY_NAL, sequence=sequence, stamp=stamp, marker=True), channel)


@dataclass
class Asked:
    """One request as the server read it."""

    method: str
    url: str
    headers: dict[str, str]


Answer = str | bytes | None
Handler = Callable[["Script", Asked], Answer | Awaitable[Answer]]


@dataclass
class Script:
    """Answers by method. A text stands for status, more headers and body; bytes are
    sent as they are; `None` closes the connection."""

    sdp: str = VIDEO
    answers: dict[str, Answer | Handler] = field(default_factory=dict)
    media: bytes = b"".join(key_frame(i, i * 3600) for i in range(5))
    asked: list[Asked] = field(default_factory=list)
    port: int = 0
    scheme: str = "rtsp"
    writer: asyncio.StreamWriter | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def address(self, path: str = "/live", user: str = "", password: str = ""):
        return StreamAddress(
            f"{self.scheme}://127.0.0.1:{self.port}{path}", user, password
        )

    def send_pictures(self, count: int, first: int) -> None:
        """Send more of them, in one write."""
        assert self.writer is not None
        numbers = range(first, first + count)
        self.writer.write(b"".join(key_frame(i, i * 3600) for i in numbers))

    def methods(self) -> list[str]:
        return [asked.method for asked in self.asked]

    def last(self, method: str) -> Asked:
        return [asked for asked in self.asked if asked.method == method][-1]

    async def until_asked(self, method: str, times: int = 1) -> None:
        """Wait until the client has asked so often."""
        async with asyncio.timeout(5):
            while self.methods().count(method) < times:
                self._news.clear()
                await self._news.wait()

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.writer = writer
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                asked = await self._read(reader)
                self.asked.append(asked)
                self._news.set()
                answer = self.answers.get(asked.method, self.usual(asked))
                if callable(answer):
                    answer = answer(self, asked)
                if isinstance(answer, Awaitable):
                    answer = await answer
                if answer is None:
                    break
                if isinstance(answer, str):
                    answer = reply(answer, asked)
                writer.write(answer)
                if asked.method == "PLAY" and b" 200 OK" in answer:
                    writer.write(self.media)
                await writer.drain()
        writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Asked:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        method, url, _ = first.split(" ")
        headers = dict(line.split(": ", 1) for line in lines)
        return Asked(method, url, {k.lower(): v for k, v in headers.items()})

    def usual(self, asked: Asked) -> str:
        """What a well-behaved camera answers."""
        match asked.method:
            case "OPTIONS":
                return "200 OK\r\nPublic: DESCRIBE, SETUP, PLAY, GET_PARAMETER"
            case "DESCRIBE":
                base = f"{self.scheme}://127.0.0.1:{self.port}/live/"
                return f"200 OK\r\nContent-Base: {base}\r\n\r\n{self.sdp}"
            case "SETUP":
                transport = asked.headers["transport"]
                return f"200 OK\r\nSession:  ab12;timeout=60\r\nTransport: {transport}"
            case _:
                return "200 OK"


def reply(text: str, asked: Asked, sequence: str | None = None) -> bytes:
    """An answer with its CSeq and length."""
    head, _, body = text.partition("\r\n\r\n")
    number = asked.headers["cseq"] if sequence is None else sequence
    if body:
        head += f"\r\nContent-Type: application/sdp\r\nContent-Length: {len(body)}"
    return f"RTSP/1.0 {head}\r\nCSeq: {number}\r\n\r\n{body}".encode()


@contextlib.asynccontextmanager
async def serving(
    script: Script, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Script]:
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0, ssl=tls)
    script.scheme = "rtsps" if tls else "rtsp"
    script.port = server.sockets[0].getsockname()[1]
    try:
        yield script
    finally:
        server.close()
        if script.writer is not None:
            script.writer.close()
