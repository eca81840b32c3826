"""The session cookie: opaque, for us alone, out of reach of scripts.

With TLS its name begins with `__Host-`, so that browsers accept it only with Secure,
for this host and the whole path: no neighbouring subdomain can plant one.
"""

from aiohttp import web
from nvr.web.peer import Peer

_SECURE_NAME = "__Host-nvr"
_PLAIN_NAME = "nvr"
_MONTH_SECONDS = 30 * 24 * 3600
"""The server ends sessions; this only tells the browser not to forget earlier."""
_LONGEST = 200


def cookie_secret(request: web.Request, peer: Peer) -> str:
    """The secret a browser sent; empty: none."""
    secret = request.cookies.get(_name(peer), "")
    return secret if secret.isascii() and len(secret) <= _LONGEST else ""


def set_cookie(response: web.StreamResponse, peer: Peer, secret: str) -> None:
    """Give the browser the secret of a session."""
    response.set_cookie(
        _name(peer),
        secret,
        max_age=_MONTH_SECONDS,
        path="/",
        secure=peer.is_secure,
        httponly=True,
        samesite="Lax",
    )


def clear_cookie(response: web.StreamResponse, peer: Peer) -> None:
    """Make the browser forget it."""
    response.del_cookie(
        _name(peer), path="/", secure=peer.is_secure, httponly=True, samesite="Lax"
    )


def _name(peer: Peer) -> str:
    return _SECURE_NAME if peer.is_secure else _PLAIN_NAME
