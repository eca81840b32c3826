"""A small RTSP client that shows everything a virtual camera sends, unjudged."""

import asyncio
import base64
import hashlib
import re
import struct
from dataclasses import dataclass

from tests.fakes import FakeClock

Reply = tuple[int, dict[str, str], str]


@dataclass(frozen=True)
class Packet:
    channel: int
    sequence: int
    timestamp: int
    marker: bool
    payload: bytes


class Client:
    """Plays one stream over TCP; `packets` grows as they are read."""

    def __init__(self, url: str, username: str = "", password: str = "") -> None:
        self.url = url
        self.session = ""
        self.authorization = ""
        self.packets: list[Packet] = []
        self.reports: list[bytes] = []
        self._who = username, password
        self._cseq = 0

    async def connect(self) -> "Client":
        host, port = re.match(r"rtsp://([^:/]+):(\d+)", self.url).groups()
        self.reader, self.writer = await asyncio.open_connection(host, int(port))
        return self

    async def request(self, method: str, url: str = "", **headers: str) -> Reply:
        self._cseq += 1
        lines = [f"{method} {url or self.url} RTSP/1.0", f"CSeq: {self._cseq}"]
        if self.session:
            lines.append(f"Session: {self.session}")
        if self.authorization:
            lines.append(f"Authorization: {self.authorization}")
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        return await asyncio.wait_for(self._reply(), 5)

    async def play(self, tracks: int = 1) -> Reply:
        await self.connect()
        for track in range(tracks):
            transport = f"RTP/AVP/TCP;unicast;interleaved={2 * track}-{2 * track + 1}"
            status, headers, _ = await self.request(
                "SETUP", f"{self.url}/trackID={track}", Transport=transport
            )
            assert status == 200, status
            self.session = headers["session"].split(";")[0]
        return await self.request("PLAY")

    async def read(self, count: int) -> list[Packet]:
        """Until so many media packets have come in all."""
        while len(self.packets) < count:
            await self._block()
        return self.packets

    async def read_until_closed(self) -> None:
        """Until the camera ends the connection."""
        try:
            while True:
                await self._block()
        except (asyncio.IncompleteReadError, ConnectionError):
            return

    def sign_in(self, challenge: str, method: str) -> None:
        name, password = self._who
        if challenge.startswith("Basic"):
            word = base64.b64encode(f"{name}:{password}".encode()).decode()
            self.authorization = f"Basic {word}"
            return
        fields = dict(re.findall(r'(\w+)="?([^",]+)', challenge))
        hashed = hashlib.sha256 if fields["algorithm"] == "SHA-256" else hashlib.md5
        who = hashed(f"{name}:{fields['realm']}:{password}".encode()).hexdigest()
        what = hashed(f"{method}:{self.url}".encode()).hexdigest()
        response = hashed(f"{who}:{fields['nonce']}:{what}".encode()).hexdigest()
        self.authorization = (
            f'Digest username="{name}", realm="{fields["realm"]}", '
            f'nonce="{fields["nonce"]}", uri="{self.url}", response="{response}"'
        )

    def close(self) -> None:
        self.writer.close()

    async def _reply(self) -> Reply:
        while (first := await self.reader.readexactly(1)) == b"$":
            await self._rest_of_block()
        text = (first + await self.reader.readuntil(b"\r\n\r\n")).decode()
        status, *lines = text.split("\r\n")
        headers = {
            line.partition(":")[0].lower(): line.partition(":")[2].strip()
            for line in lines
            if line
        }
        body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return int(status.split()[1]), headers, body.decode()

    async def _block(self) -> None:
        first = await self.reader.readexactly(1)
        assert first == b"$", first
        await self._rest_of_block()

    async def _rest_of_block(self) -> None:
        channel, size = struct.unpack(">BH", await self.reader.readexactly(3))
        block = await self.reader.readexactly(size)
        if channel % 2:
            self.reports.append(block)
            return
        _, kind, sequence, timestamp, _ = struct.unpack(">BBHII", block[:12])
        self.packets.append(
            Packet(channel, sequence, timestamp, kind >= 0x80, block[12:])
        )


async def pass_time(clock: FakeClock, seconds: float) -> None:
    """Move the clock in small steps, letting sockets and tasks keep up."""
    for _ in range(round(seconds * 50)):
        clock.advance_us(20_000)
        for _ in range(4):
            await asyncio.sleep(0)


def h264_nals(packets: list[Packet]) -> list[bytes]:
    """The NAL units of H.264 packets, parameter sets among them."""
    nals: list[bytes] = []
    part = b""
    for packet in packets:
        kind = packet.payload[0] & 0x1F
        if kind == 24:
            rest = packet.payload[1:]
            while rest:
                size = int.from_bytes(rest[:2], "big")
                nals.append(rest[2 : 2 + size])
                rest = rest[2 + size :]
        elif kind == 28:
            indicator, header = packet.payload[:2]
            if header & 0x80:
                part = bytes((indicator & 0xE0 | header & 0x1F,))
            part += packet.payload[2:]
            if header & 0x40:
                nals.append(part)
        else:
            nals.append(packet.payload)
    return nals
