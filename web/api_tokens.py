"""API tokens: told once when they are made, then only listed and revoked."""

import asyncio
from typing import Any

from aiohttp import web
from nvr.web import asked
from nvr.web.audit_trail import AuditTrail
from nvr.web.bodies import read_body
from nvr.web.context import visitor
from nvr.web.describe import (
    TEXT,
    TIME,
    WHOLE,
    Answer,
    Description,
    optional,
    rows,
    shape,
)
from nvr.web.people_bodies import NewToken
from nvr.web.policy import Policy, Routes

from nvr.base import rfc3339
from nvr.store.admission import Token
from nvr.store.catalogue import Catalogue
from nvr.store.users import UserId

PATH = "/api/v1/tokens"


class TokenApi:
    """`/tokens` and `/tokens/{id}`, for administrators."""

    def __init__(self, *, catalogue: Catalogue, trail: AuditTrail) -> None:
        self._catalogue = catalogue
        self._trail = trail

    def add_to(self, routes: Routes) -> None:
        for method, path, handler, description in (
            ("GET", PATH, self.every, _LIST),
            ("POST", PATH, self.add, _ADD),
            ("DELETE", f"{PATH}/{{id}}", self.revoke, _REVOKE),
        ):
            routes.add(
                method, path, handler, policy=Policy.ADMIN, description=description
            )

    async def every(self, request: web.Request) -> web.Response:
        tokens = await asyncio.to_thread(self._catalogue.tokens)
        return web.json_response({"tokens": [_json(token) for token in tokens]})

    async def add(self, request: web.Request) -> web.Response:
        body = await read_body(request, NewToken)
        who = visitor(request)
        token, secret = await asyncio.to_thread(self._add, body.name, who.user_id)
        await self._trail.record(who, "token-add", f"token {token.id}", name=token.name)
        return web.json_response(
            {**_json(token), "token": secret},
            status=201,
            headers={"Location": f"{PATH}/{token.id}"},
        )

    def _add(self, name: str, user_id: UserId | None) -> tuple[Token, str]:
        secret = self._catalogue.add_token(name, user_id=user_id)
        made = next(t for t in self._catalogue.tokens() if t.name == name)
        return made, secret

    async def revoke(self, request: web.Request) -> web.Response:
        token_id = asked.number(request)
        await asyncio.to_thread(self._catalogue.revoke_token, token_id)
        await self._trail.record(visitor(request), "token-revoke", f"token {token_id}")
        return web.Response(status=204)


def _json(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "user_id": token.user_id,
        "created": rfc3339.text(token.created_us),
        "used": None if token.used_us is None else rfc3339.text(token.used_us),
    }


_FIELDS = {
    "id": WHOLE,
    "name": TEXT,
    "user_id": optional(WHOLE),
    "created": TIME,
    "used": optional(TIME),
}
_LIST = Description(
    "List the API tokens",
    "Without their secrets, which nobody has but whoever copied them.",
    answers=(Answer(200, "All of them.", shape(tokens=rows(shape(**_FIELDS)))),),
    tag="tokens",
)
_ADD = Description(
    "Make an API token",
    "It acts as whoever makes it. `token` is told this once.",
    body=NewToken,
    answers=(Answer(201, "The token.", shape(**_FIELDS, token=TEXT)),),
    failures=(400, 409, 413, 415, 422),
    tag="tokens",
)
_REVOKE = Description(
    "Revoke an API token",
    "Programs that use it are refused at once; what they are being sent ends.",
    parameters=(asked.NUMBER,),
    answers=(Answer(204, "It was revoked."),),
    failures=(404,),
    tag="tokens",
)
