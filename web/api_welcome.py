"""The one-time link: the first account, or a sign-in without a password.

A server without an account answers nobody but whoever has the link that it printed on
its console. A link works once. Looking at it does not use it up: programs that preview
links in messages must not lock anybody out.
"""

import asyncio

from aiohttp import hdrs, web
from nvr.web.admission import Admission, is_secret
from nvr.web.audit_trail import AuditTrail
from nvr.web.bodies import read_body
from nvr.web.context import Visitor, Way
from nvr.web.describe import FLAG, TEXT, WHOLE, Answer, Description, shape
from nvr.web.passwords import Passwords
from nvr.web.peer import peer
from nvr.web.people_bodies import FirstUser
from nvr.web.policy import Handler, Policy, Routes
from nvr.web.problems import Problem
from nvr.web.sessions import Sessions

from nvr.store.catalogue import Catalogue
from nvr.store.users import User, UserId

SETUP = "setup"
SIGN_IN = "sign-in"
_NO_PASSWORD = ""
"""As a hash it fits no password: its owner comes in by links only."""


class WelcomeApi:
    """`/welcome/{secret}` for browsers and `POST /welcome` of its form."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        admission: Admission,
        sessions: Sessions,
        passwords: Passwords,
        trail: AuditTrail,
        page: Handler,
    ) -> None:
        self._catalogue = catalogue
        self._admission = admission
        self._sessions = sessions
        self._passwords = passwords
        self._trail = trail
        self._page = page

    def add_to(self, routes: Routes) -> None:
        routes.add("GET", "/welcome/{secret}", self.open, policy=Policy.LINK)
        routes.add(
            "POST",
            "/api/v1/welcome",
            self.make_first_user,
            policy=Policy.LINK,
            description=_WELCOME,
        )

    async def open(self, request: web.Request) -> web.StreamResponse:
        if _only_looks(request):
            return web.Response()
        secret = request.match_info["secret"]
        if await self._works(secret, SETUP):
            if not await self._admission.has_accounts():
                return await self._page(request)
        elif await self._works(secret, SIGN_IN):
            return await self._sign_in(request, secret)
        raise _used()

    async def _works(self, secret: str, purpose: str) -> bool:
        if not is_secret(secret):
            return False
        find = self._catalogue.find_link
        return await asyncio.to_thread(find, secret, purpose) is not None

    async def _sign_in(self, request: web.Request, secret: str) -> web.Response:
        user = await asyncio.to_thread(self._user_of_link, secret)
        response = web.Response(status=303, headers={hdrs.LOCATION: "/"})
        await self._enter(request, response, user, "sign-in-by-link")
        return response

    def _user_of_link(self, secret: str) -> User:
        """Blocks: use the link up, and find whom it lets in."""
        link = self._catalogue.use_link(secret, SIGN_IN)
        if link is None:
            raise _used()
        if link.user_id is not None:
            return self._catalogue.user(UserId(link.user_id))
        # Printed on the console by the server's owner, who may do everything.
        owners = [u for u in self._catalogue.users() if u.is_admin and u.is_enabled]
        return min(owners, key=lambda user: user.id, default=None) or (
            self._catalogue.add_user(
                name="admin", password_hash=_NO_PASSWORD, is_admin=True
            )
        )

    async def make_first_user(self, request: web.Request) -> web.Response:
        body = await read_body(request, FirstUser)
        if not await self._works(body.token, SETUP):
            raise _used()
        if await self._admission.has_accounts():
            raise Problem(
                409, "conflict", "There is an account already: sign in with it."
            )
        hashed = await self._passwords.hash(body.password)
        user = await asyncio.to_thread(self._first_user, body, hashed)
        response = web.json_response(
            {"name": user.name, "user_id": user.id, "is_admin": True}, status=201
        )
        await self._enter(request, response, user, "first-account")
        return response

    def _first_user(self, body: FirstUser, hashed: str) -> User:
        if self._catalogue.use_link(body.token, SETUP) is None:
            raise _used()
        return self._catalogue.add_user(
            name=body.name, password_hash=hashed, is_admin=True
        )

    async def _enter(
        self,
        request: web.Request,
        response: web.StreamResponse,
        user: User,
        action: str,
    ) -> None:
        await self._sessions.begin(request, response, user)
        who = Visitor(Way.SESSION, user.name, peer(request).address, user.id)
        await self._trail.record(who, action, f"user {user.id}")


def _only_looks(request: web.Request) -> bool:
    purposes = (request.headers.get("Sec-Purpose"), request.headers.get("Purpose"))
    return request.method == hdrs.METH_HEAD or any(
        "prefetch" in (purpose or "") for purpose in purposes
    )


def _used() -> Problem:
    return Problem(
        410,
        "link-used",
        "This link was used, has run out or never was. `nvr link` on the server "
        "prints a new one.",
    )


_WELCOME = Description(
    "Make the first account",
    "Works once, with the link that the server printed, while there is no account.",
    body=FirstUser,
    answers=(
        Answer(
            201,
            "The account was made, and its session begun.",
            shape(name=TEXT, user_id=WHOLE, is_admin=FLAG),
        ),
    ),
    failures=(400, 409, 410, 413, 415, 422),
    tag="session",
)
