"""Begins sessions: a new secret each time, and the one before is dead."""

import asyncio

from aiohttp import web
from nvr.web.cookies import cookie_secret, set_cookie
from nvr.web.peer import peer

from nvr.base.model import SECOND_US
from nvr.base.settings import Settings
from nvr.store.catalogue import Catalogue
from nvr.store.users import User

_HOUR_US = 3600 * SECOND_US


class Sessions:
    """Signs people in and out."""

    def __init__(self, *, settings: Settings, catalogue: Catalogue) -> None:
        self._idle_us = settings.web.session_hours * _HOUR_US
        self._catalogue = catalogue

    async def begin(
        self, request: web.Request, response: web.StreamResponse, user: User
    ) -> None:
        """Sign a user in with this answer. Whatever secret the browser came with is
        not used again, so that nobody can plant one before."""
        await self.end(request)
        secret = await asyncio.to_thread(self._begin, user)
        set_cookie(response, peer(request), secret)

    async def end(self, request: web.Request) -> None:
        """End the session that the browser has, if any."""
        secret = cookie_secret(request, peer(request))
        if secret:
            await asyncio.to_thread(self._catalogue.end_session, secret)

    def _begin(self, user: User) -> str:
        self._catalogue.sweep_secrets()
        return self._catalogue.begin_session(user.id, idle_us=self._idle_us)
