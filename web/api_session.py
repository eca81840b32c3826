"""Signing in and out."""

import asyncio
from typing import Any

from aiohttp import web
from nvr.web.audit_trail import AuditTrail
from nvr.web.bodies import read_body
from nvr.web.context import Visitor, Way, visitor
from nvr.web.cookies import clear_cookie
from nvr.web.describe import FLAG, TEXT, WHOLE, Answer, Description, optional, shape
from nvr.web.passwords import Passwords
from nvr.web.peer import peer
from nvr.web.people_bodies import PasswordChange, SignIn
from nvr.web.policy import Policy, Routes
from nvr.web.problems import Problem
from nvr.web.sessions import Sessions
from nvr.web.throttle import Throttle

from nvr.base.clock import Clock
from nvr.base.model import SECOND_US
from nvr.store.catalogue import Catalogue
from nvr.store.users import User

PATH = "/api/v1/session"


class SessionApi:
    """`/session`. A wrong name and a wrong password cannot be told apart."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        sessions: Sessions,
        passwords: Passwords,
        throttle: Throttle,
        clock: Clock,
        trail: AuditTrail,
    ) -> None:
        self._catalogue = catalogue
        self._sessions = sessions
        self._passwords = passwords
        self._throttle = throttle
        self._clock = clock
        self._trail = trail

    def add_to(self, routes: Routes) -> None:
        for method, path, handler, policy, description in (
            ("GET", PATH, self.who, Policy.SIGNED_IN, _WHO),
            ("POST", PATH, self.sign_in, Policy.SIGN_IN, _SIGN_IN),
            ("DELETE", PATH, self.sign_out, Policy.SIGNED_IN, _SIGN_OUT),
            (
                "POST",
                f"{PATH}/password",
                self.change_password,
                Policy.SIGNED_IN,
                _PASSWORD,
            ),
        ):
            routes.add(method, path, handler, policy=policy, description=description)

    async def who(self, request: web.Request) -> web.Response:
        return web.json_response(_json(visitor(request)))

    async def sign_in(self, request: web.Request) -> web.Response:
        body = await read_body(request, SignIn)
        user = await self._known(request, body.name, body.password)
        response = web.json_response(
            {"name": user.name, "user_id": user.id, "is_admin": user.is_admin}
        )
        await self._sessions.begin(request, response, user)
        who = Visitor(Way.SESSION, user.name, peer(request).address, user.id)
        await self._trail.record(who, "sign-in", f"user {user.id}")
        return response

    async def sign_out(self, request: web.Request) -> web.Response:
        response = web.Response(status=204)
        who = visitor(request)
        if who.way is Way.SESSION:
            await self._sessions.end(request)
            clear_cookie(response, peer(request))
            await self._trail.record(who, "sign-out", f"user {who.user_id}")
        return response

    async def change_password(self, request: web.Request) -> web.Response:
        who = visitor(request)
        if who.way is not Way.SESSION:
            raise Problem(403, "forbidden", "A token cannot change a password.")
        body = await read_body(request, PasswordChange)
        user = await self._known(request, who.name, body.password)
        hashed = await self._passwords.hash(body.new_password)
        await asyncio.to_thread(
            self._catalogue.change_user, user.id, password_hash=hashed
        )
        await self._trail.record(who, "password-change", f"user {user.id}")
        response = web.Response(status=204)
        # Every other session has ended with the old password; this one goes on.
        await self._sessions.begin(request, response, user)
        return response

    async def _known(self, request: web.Request, name: str, password: str) -> User:
        """The user, if the password is right; the throttle has its say before."""
        network = peer(request).network
        self._demand_patience(name, network)
        found = await asyncio.to_thread(self._catalogue.credentials, name)
        user, hashed = found or (None, None)
        is_right = await self._passwords.verify(hashed, password)
        if user is None or not is_right or not user.is_enabled:
            nobody = Visitor(Way.NOBODY, "", peer(request).address)
            self._trail.note(nobody, "sign-in-refused", f"name {name}")
            raise Problem(401, "wrong", "The name or the password is not right.")
        self._throttle.succeeded(name, network)
        return user

    def _demand_patience(self, name: str, network: str) -> None:
        wait_us = self._throttle.begin(name, network, self._clock.now().mono_us)
        if wait_us:
            seconds = -(-wait_us // SECOND_US)
            raise Problem(
                429,
                "too-many-tries",
                f"Too many wrong passwords. Try again in {seconds} s.",
                headers={"Retry-After": str(seconds)},
            )


def _json(who: Visitor) -> dict[str, Any]:
    return {
        "name": who.name,
        "user_id": who.user_id,
        "is_admin": who.is_admin,
        "way": who.way.value,
    }


_USER = shape(name=TEXT, user_id=WHOLE, is_admin=FLAG)
_WHO = Description(
    "Who am I?",
    answers=(
        Answer(
            200,
            "Whoever asks.",
            shape(
                name=TEXT,
                user_id=optional(WHOLE),
                is_admin=FLAG,
                way={"type": "string", "enum": ["session", "token"]},
            ),
        ),
    ),
    tag="session",
)
_SIGN_IN = Description(
    "Sign in",
    "Sets the session cookie. Programs use an API token instead. After some wrong "
    "passwords the answer is 429 with a Retry-After that grows.",
    body=SignIn,
    answers=(Answer(200, "Signed in.", _USER),),
    failures=(400, 413, 415, 422, 429, 503),
    tag="session",
)
_SIGN_OUT = Description(
    "Sign out", answers=(Answer(204, "The session has ended."),), tag="session"
)
_PASSWORD = Description(
    "Change the own password",
    "Ends every other session of the user.",
    body=PasswordChange,
    answers=(Answer(204, "It was changed."),),
    failures=(400, 413, 415, 422, 429),
    tag="session",
)
