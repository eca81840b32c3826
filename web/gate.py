"""The gate: how many connections there may be, and how long they may say nothing.

Who opens thousands of connections, or sends a header a byte at a time, costs a bounded
amount of memory. What is recorded does not notice: this is another process.
"""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Middleware
from nvr.web.policy import Handler

MOST_CONNECTIONS = 4000
FIRST_REQUEST_SECONDS = 20.0

_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
    b"Retry-After: 10\r\nConnection: close\r\n\r\n"
)


class Newcomers:
    """Connections on which no whole header has come yet. Add `middleware` outermost."""

    def __init__(self) -> None:
        self._protocols: set[web.RequestHandler] = set()

    def add(self, protocol: web.RequestHandler) -> None:
        self._protocols.add(protocol)

    def close(self, protocol: web.RequestHandler) -> None:
        """Hang up, if it still is a newcomer."""
        if protocol in self._protocols:
            self._protocols.discard(protocol)
            protocol.force_close()

    def middleware(self) -> Middleware:
        """Whoever sends a request is none any more."""

        @web.middleware
        async def hear(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._protocols.discard(request.protocol)
            return await handler(request)

        return hear


class Gate:
    """Makes the protocol of each new connection; a factory for `create_server`."""

    def __init__(
        self,
        server: web.Server,
        newcomers: Newcomers,
        *,
        most_connections: int = MOST_CONNECTIONS,
        first_request_seconds: float = FIRST_REQUEST_SECONDS,
    ) -> None:
        self._server = server
        self._newcomers = newcomers
        self._most = most_connections
        self._patience = first_request_seconds

    def __call__(self) -> asyncio.Protocol:
        if len(self._server.connections) >= self._most:
            return _Refusal()
        protocol = self._server()
        self._newcomers.add(protocol)
        loop = asyncio.get_running_loop()
        loop.call_later(self._patience, self._newcomers.close, protocol)
        return protocol


class _Refusal(asyncio.Protocol):
    """Says that it is too much, and hangs up."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(_BUSY)
        transport.close()
