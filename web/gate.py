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


class Heard:
    """Tells connections on which a whole header has come from those that only stand.

    Add `middleware` outermost. A connection is held here until it is heard or given
    up; aiohttp's protocols cannot be referred to weakly.
    """

    def __init__(self) -> None:
        self._silent: set[object] = set()

    def expect(self, protocol: object) -> None:
        """A new connection, on which nothing has come yet."""
        self._silent.add(protocol)

    def give_up(self, protocol: object) -> bool:
        """Forget a connection; True if nothing has come on it."""
        was_silent = protocol in self._silent
        self._silent.discard(protocol)
        return was_silent

    def middleware(self) -> Middleware:
        """Notes the connection of every request."""

        @web.middleware
        async def hear(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._silent.discard(request.protocol)
            return await handler(request)

        return hear


class Gate:
    """Makes the protocol of each new connection; a factory for `create_server`."""

    def __init__(
        self,
        server: web.Server,
        heard: Heard,
        *,
        most_connections: int = MOST_CONNECTIONS,
        first_request_seconds: float = FIRST_REQUEST_SECONDS,
    ) -> None:
        self._server = server
        self._heard = heard
        self._most = most_connections
        self._patience = first_request_seconds

    def __call__(self) -> asyncio.Protocol:
        if len(self._server.connections) >= self._most:
            return _Refusal()
        protocol = self._server()
        self._heard.expect(protocol)
        loop = asyncio.get_running_loop()
        loop.call_later(self._patience, self._look, protocol)
        return protocol

    def _look(self, protocol: web.RequestHandler) -> None:
        if self._heard.give_up(protocol):
            protocol.force_close()


class _Refusal(asyncio.Protocol):
    """Says that it is too much, and hangs up."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(_BUSY)
        transport.close()
