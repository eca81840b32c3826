"""The gate: how many connections there may be, and how long they may say nothing.

Who opens thousands of connections, or sends a header a byte at a time, costs a bounded
amount of memory. What is recorded does not notice: this is another process.
"""

import asyncio
import logging
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Middleware
from nvr.web.policy import Handler

MOST_CONNECTIONS = 4000
FIRST_REQUEST_SECONDS = 20.0
KEEPALIVE_SECONDS = 75.0
MOST_HEADERS = 64

_log = logging.getLogger(__name__)

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
        loop = asyncio.get_running_loop()
        protocol = _Connection(
            self._server,
            loop=loop,
            # None is what aiohttp's own runner passes on for no log.
            access_log=None,  # type: ignore[arg-type]
            keepalive_timeout=KEEPALIVE_SECONDS,
            max_headers=MOST_HEADERS,
            # A body that grows when it is unpacked is nothing we ask for.
            auto_decompress=False,
        )
        self._newcomers.add(protocol)
        loop.call_later(self._patience, self._newcomers.close, protocol)
        return protocol


class _Connection(web.RequestHandler):
    """One connection. What is not HTTP gets a plain answer, without a trace in it or
    in the log: both would repeat what a stranger sent."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if status < 500:
            kind = type(exc).__name__
            _log.info("%s sent what is not a request: %s", request.remote, kind)
        else:
            _log.error("a request of %s failed", request.remote, exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun, it cannot become another")
        headers = {"Server": "nvr", "Cache-Control": "no-store"}
        text = f"{status} {HTTPStatus(status).phrase}\n"
        response = web.Response(status=status, text=text, headers=headers)
        response.force_close()
        return response


class _Refusal(asyncio.Protocol):
    """Says that it is too much, and hangs up."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(_BUSY)
        transport.close()
