"""Who is asking: from a cookie or an Authorization header to a visitor."""

import asyncio

from aiohttp import hdrs, web
from nvr.web.context import Visitor, Way
from nvr.web.cookies import cookie_secret
from nvr.web.peer import Peer
from nvr.web.problems import Problem

from nvr.base.errors import NotFound
from nvr.store.catalogue import Catalogue

_LONGEST_SECRET = 200
_TOKENS_IN_QUERIES = frozenset(
    {"token", "access_token", "api_key", "apikey", "bearer", "authorization", "auth"}
)


class Admission:
    """Looks visitors up in the catalogue, anew for each request: what is revoked is
    out at once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._has_accounts = False

    async def visitor(self, request: web.Request, peer: Peer) -> Visitor:
        """Who asks. Raises a `Problem` for a token that is none; a cookie that is
        none makes nobody."""
        header = request.headers.get(hdrs.AUTHORIZATION)
        if header is not None:
            return await self._by_header(header, peer)
        secret = cookie_secret(request, peer)
        if not secret:
            return Visitor(Way.NOBODY, "", peer.address)
        found = await asyncio.to_thread(self.by_session, secret, peer.address)
        return found or Visitor(Way.NOBODY, "", peer.address)

    async def _by_header(self, header: str, peer: Peer) -> Visitor:
        scheme, _, secret = header.partition(" ")
        secret = secret.strip()
        found = None
        if scheme.lower() == "bearer" and is_secret(secret):
            found = await asyncio.to_thread(self.by_token, secret, peer.address)
        if found is None:
            raise unauthorized(
                "The Authorization header is not a valid token of this server. It "
                "looks like “Bearer …”; `nvr token add NAME` makes one."
            )
        return found

    def by_session(self, secret: str, address: str) -> Visitor | None:
        """Blocks: whose session it is; None: it is over."""
        session = self._catalogue.find_session(secret)
        if session is None:
            return None
        user = session.user
        return Visitor(Way.SESSION, user.name, address, user.id, user.is_admin, secret)

    def by_token(self, secret: str, address: str) -> Visitor | None:
        """Blocks: whose token it is; None: it is revoked or never was."""
        token = self._catalogue.find_token(secret)
        if token is None:
            return None
        if token.user_id is None:
            return Visitor(Way.TOKEN, token.name, address, None, True, secret)
        try:
            user = self._catalogue.user(token.user_id)
        except NotFound:
            return None
        return Visitor(Way.TOKEN, token.name, address, user.id, user.is_admin, secret)

    def again(self, visitor: Visitor) -> Visitor | None:
        """Blocks: the same visitor as of now; None: they may not stay."""
        if visitor.way is Way.SESSION:
            return self.by_session(visitor.secret, visitor.address)
        return self.by_token(visitor.secret, visitor.address)

    async def has_accounts(self) -> bool:
        """Whether anybody can sign in. Once true it stays so."""
        if not self._has_accounts:
            self._has_accounts = bool(await asyncio.to_thread(self._catalogue.users))
        return self._has_accounts


def is_secret(text: str) -> bool:
    """Whether it could be a secret of ours at all."""
    return text.isascii() and 0 < len(text) <= _LONGEST_SECRET


def unauthorized(detail: str) -> Problem:
    """Nobody we know."""
    return Problem(
        401, "unauthorized", detail, headers={hdrs.WWW_AUTHENTICATE: "Bearer"}
    )


def demand_no_token_in_query(request: web.Request) -> None:
    """Raise a `Problem` if a secret stands where logs and histories keep it."""
    if any(name.lower() in _TOKENS_IN_QUERIES for name in request.query):
        raise Problem(
            400,
            "token-in-query",
            "A token must not stand in an address, where logs keep it. Send it in an "
            "Authorization header, and revoke this one.",
        )
