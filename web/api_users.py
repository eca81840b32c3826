"""Users, for administrators."""

import asyncio
from typing import Any

from aiohttp import web
from nvr.web import asked
from nvr.web.audit_trail import AuditTrail
from nvr.web.bodies import read_body
from nvr.web.context import Way, visitor
from nvr.web.describe import FLAG, TEXT, TIME, WHOLE, Answer, Description, rows, shape
from nvr.web.passwords import Passwords
from nvr.web.people_bodies import NewUser, UserChange
from nvr.web.policy import Policy, Routes
from nvr.web.problems import invalid
from nvr.web.sessions import Sessions

from nvr.base import rfc3339
from nvr.store.catalogue import Catalogue
from nvr.store.users import User, UserId

PATH = "/api/v1/users"


class UserApi:
    """`/users` and `/users/{id}`."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        passwords: Passwords,
        sessions: Sessions,
        trail: AuditTrail,
    ) -> None:
        self._catalogue = catalogue
        self._passwords = passwords
        self._sessions = sessions
        self._trail = trail

    def add_to(self, routes: Routes) -> None:
        one = f"{PATH}/{{id}}"
        for method, path, handler, description in (
            ("GET", PATH, self.every, _LIST),
            ("POST", PATH, self.add, _ADD),
            ("GET", one, self.one, _ONE),
            ("PATCH", one, self.change, _CHANGE),
            ("DELETE", one, self.remove, _REMOVE),
        ):
            routes.add(
                method, path, handler, policy=Policy.ADMIN, description=description
            )

    async def every(self, request: web.Request) -> web.Response:
        users = await asyncio.to_thread(self._catalogue.users)
        return web.json_response({"users": [_json(user) for user in users]})

    async def one(self, request: web.Request) -> web.Response:
        user_id = UserId(asked.number(request))
        user = await asyncio.to_thread(self._catalogue.user, user_id)
        return web.json_response(_json(user))

    async def add(self, request: web.Request) -> web.Response:
        body = await read_body(request, NewUser)
        hashed = await self._passwords.hash(body.password)
        user = await asyncio.to_thread(
            self._catalogue.add_user,
            name=body.name,
            password_hash=hashed,
            is_admin=body.is_admin,
        )
        await self._trail.record(
            visitor(request),
            "user-add",
            f"user {user.id}",
            name=user.name,
            is_admin=user.is_admin,
        )
        location = {"Location": f"{PATH}/{user.id}"}
        return web.json_response(_json(user), status=201, headers=location)

    async def change(self, request: web.Request) -> web.Response:
        user_id = UserId(asked.number(request))
        body = await read_body(request, UserChange)
        fields = body.model_dump(exclude_unset=True)
        for name, value in fields.items():
            if value is None:
                raise invalid(name, f"“{name}” may be left out, but not be null.")
        told = {k: "changed" if k == "password" else v for k, v in fields.items()}
        await asyncio.to_thread(self._catalogue.user, user_id)
        if "password" in fields:
            fields["password_hash"] = await self._passwords.hash(fields.pop("password"))
        user = await asyncio.to_thread(self._catalogue.change_user, user_id, **fields)
        who = visitor(request)
        await self._trail.record(who, "user-change", f"user {user_id}", **told)
        response = web.json_response(_json(user))
        is_own = who.way is Way.SESSION and who.user_id == user.id
        if is_own and "password_hash" in fields:
            # Every session ended with the old password; this one goes on.
            await self._sessions.begin(request, response, user)
        return response

    async def remove(self, request: web.Request) -> web.Response:
        user_id = UserId(asked.number(request))
        user = await asyncio.to_thread(self._catalogue.user, user_id)
        await asyncio.to_thread(self._catalogue.remove_user, user_id)
        await self._trail.record(
            visitor(request), "user-remove", f"user {user_id}", name=user.name
        )
        return web.Response(status=204)


def _json(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "is_admin": user.is_admin,
        "is_enabled": user.is_enabled,
        "created": rfc3339.text(user.created_us),
    }


_USER = shape(id=WHOLE, name=TEXT, is_admin=FLAG, is_enabled=FLAG, created=TIME)
_LIST = Description(
    "List the users",
    answers=(Answer(200, "All of them, by name.", shape(users=rows(_USER))),),
    tag="users",
)
_ONE = Description(
    "Look at a user",
    parameters=(asked.NUMBER,),
    answers=(Answer(200, "The user.", _USER),),
    failures=(404,),
    tag="users",
)
_ADD = Description(
    "Add a user",
    "Without `is_admin` they may watch, play back and download, and change nothing.",
    body=NewUser,
    answers=(
        Answer(201, "It was added.", _USER, headers={"Location": "Its address."}),
    ),
    failures=(400, 409, 413, 415, 422, 503),
    tag="users",
)
_CHANGE = Description(
    "Change a user",
    "What is not sent stays. A new password or a ban ends all sessions of the user.",
    parameters=(asked.NUMBER,),
    body=UserChange,
    answers=(Answer(200, "As it is now.", _USER),),
    failures=(400, 404, 409, 413, 415, 422, 503),
    tag="users",
)
_REMOVE = Description(
    "Remove a user",
    "With every session and token of theirs. The last administrator stays.",
    parameters=(asked.NUMBER,),
    answers=(Answer(204, "It was removed."),),
    failures=(404, 409),
    tag="users",
)
