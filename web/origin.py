"""Requests that another site makes a browser send are refused.

A browser adds our cookie to them. It also says where they come from, in headers that
no page can change: Sec-Fetch-Site where the connection is trustworthy, Origin with
every unsafe method and every WebSocket. SameSite of the cookie is the second fence.
"""

from urllib.parse import urlsplit

from aiohttp import hdrs, web
from nvr.web.peer import Peer
from nvr.web.policy import SAFE_METHODS
from nvr.web.problems import Problem

_OWN_SITES = ("same-origin", "none")
"""`none`: the user did it, for instance by typing the address."""


def demand_own_origin(request: web.Request, peer: Peer, *, has_cookie: bool) -> None:
    """Raise a `Problem` if a foreign site may be behind a request that can change
    something or, as a WebSocket, be read by whoever opened it."""
    is_socket = request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"
    if request.method in SAFE_METHODS and not is_socket:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get(hdrs.ORIGIN)
    if site is None and origin is None:
        if has_cookie:
            raise _refused(
                "A request with a session cookie needs an Origin header. Programs "
                "use an API token in an Authorization header instead."
            )
        return
    if site not in (None, *_OWN_SITES) or not _is_own(origin, peer):
        raise _refused("This came from a page of another site, so it was refused.")


def _is_own(origin: str | None, peer: Peer) -> bool:
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    schemes = ("https",) if peer.is_secure else ("http", "https")
    # A proxy that ends TLS and is not among the trusted ones hides the scheme.
    return parts.scheme in schemes and parts.netloc.lower() == peer.host.lower()


def _refused(detail: str) -> Problem:
    return Problem(403, "foreign-origin", detail)
