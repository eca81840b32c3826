"""The body of a long answer on its way, for as long as its reader may have it."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from aiohttp import hdrs, web
from nvr.web.conditions import Part
from nvr.web.context import visitor
from nvr.web.problems import Problem
from nvr.web.sending import FootageGone, send_parts
from nvr.web.vigil import Vigil

from nvr.play import parts as play

_log = logging.getLogger(__name__)


def demand_possible(part: Part, *, etag: str, size_bytes: int) -> None:
    """Raise the `Problem` of a request for a part that cannot be had."""
    headers: dict[str, str] = {hdrs.ETAG: etag, hdrs.ACCEPT_RANGES: "bytes"}
    if part.status == 412:
        detail = "The clip is not the one you have part of; download it anew."
        raise Problem(412, "changed", detail, headers=headers)
    if part.status == 416:
        headers[hdrs.CONTENT_RANGE] = f"bytes */{size_bytes}"
        detail = f"One range within the clip's {size_bytes} bytes can be had."
        raise Problem(416, "range", detail, headers=headers)


async def deliver(
    request: web.Request,
    response: web.StreamResponse,
    parts: Sequence[play.Part],
    *,
    vigil: Vigil,
    name: str,
) -> None:
    """Send the parts as the body of a response that is prepared. The connection is cut
    when they cannot all be sent, or when the visitor may not have them any more."""
    with vigil.over(visitor(request), partial(_cut, request)):
        try:
            await send_parts(request, response, parts)
        except (FootageGone, TimeoutError) as error:
            # The length was promised: only a broken connection tells the client.
            _log.warning("%s broken off: %s", name, error)
            _cut(request)
        except (ConnectionError, RuntimeError) as error:
            _log.debug("%s: the client left: %s", name, error)
            _cut(request)
        except asyncio.CancelledError:
            _cut(request)
            raise


def _cut(request: web.Request) -> None:
    """End a connection in the middle."""
    transport = request.transport
    if isinstance(transport, asyncio.Transport):
        transport.abort()
