"""From an address to a playing session: one attempt, with a sentence for each failure.

TCP interleaved is asked for first: it is flow-controlled, passes firewalls, and lets a
camera that nobody watches be read a few times a second. UDP is for cameras that send
in no other way, or for sites that want it.
"""

import asyncio
import os
import socket
from collections.abc import Sequence

from nvr.base.clock import Clock
from nvr.base.errors import CameraUnreachable
from nvr.base.model import StreamAddress
from nvr.ingest.address import AddressPolicy, RtspUrl, SocketAddress, check_url
from nvr.ingest.authorization import Authorization
from nvr.ingest.dialogue import Dialogue
from nvr.ingest.opening import Opening
from nvr.ingest.receive_buffer import enlarge
from nvr.ingest.session import RtspSession
from nvr.ingest.trust import Trust, secure


async def connect(
    address: StreamAddress,
    *,
    clock: Clock,
    policy: AddressPolicy,
    silence_seconds: float = 8,
    timeout: float = 5.0,
    want_audio: bool = True,
) -> RtspSession:
    """The whole dialogue. `timeout` bounds each step of it. Raises a `CameraError`;
    nothing stays open then."""
    url = check_url(address.url)
    addresses = await _resolve(policy, url.host, url.port, timeout)
    sock = await _open(addresses, f"{url.host}:{url.port}", timeout)
    if url.is_secure:
        sock = await _secure(sock, url, policy.trust, timeout)
    dialogue = Dialogue(
        sock,
        authorization=Authorization(address.username, address.password),
        timeout=timeout,
    )
    opening = Opening(
        dialogue,
        sock,
        url=url.text,
        # Datagrams would go unencrypted beside the connection that is secured.
        transport="tcp" if url.is_secure else policy.transport,
        may_change=not url.is_secure,
    )
    try:
        await opening.describe(want_audio=want_audio)
        await opening.set_up()
        await opening.play()
        return opening.session(clock=clock, silence_seconds=silence_seconds)
    except BaseException:
        opening.close()
        sock.close()
        raise


async def _secure(
    sock: socket.socket, url: RtspUrl, trust: Trust, timeout: float
) -> socket.socket:
    try:
        async with asyncio.timeout(timeout):
            return await secure(sock, trust=trust, host=url.host, port=url.port)
    except TimeoutError:
        raise CameraUnreachable(
            f"The camera did not set up TLS within {timeout:g} s. "
            "Check the port, or use rtsp:// instead of rtsps://."
        ) from None


async def _resolve(
    policy: AddressPolicy, host: str, port: int, timeout: float
) -> list[SocketAddress]:
    try:
        async with asyncio.timeout(timeout):
            return await policy.resolve(host, port)
    except TimeoutError:
        raise CameraUnreachable(
            f"The name {host} was not resolved within {timeout:g} s."
        ) from None


async def _open(
    addresses: Sequence[SocketAddress], shown: str, timeout: float
) -> socket.socket:
    """A connection to the first address that answers."""
    problem = "no address"
    try:
        async with asyncio.timeout(timeout):
            for address in addresses:
                try:
                    return await _open_one(address)
                except OSError as error:
                    # asyncio replaces the system's own words.
                    problem = os.strerror(error.errno) if error.errno else str(error)
    except TimeoutError:
        problem = f"no answer within {timeout:g} s"
    raise CameraUnreachable(
        f"There is no connection to {shown}: {problem}. "
        "Check that the camera is on, and its address and port."
    )


async def _open_one(address: SocketAddress) -> socket.socket:
    family = socket.AF_INET6 if len(address) == 4 else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        enlarge(sock)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock
