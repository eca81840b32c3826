"""What tests of the web application say again and again."""

from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient
from argon2 import PasswordHasher

from nvr.base.settings import Settings
from nvr.store.catalogue import Catalogue
from nvr.store.users import User
from tests.fakes import FakeClock

QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
PASSWORD = "correct horse battery"
API = "/api/v1"


@dataclass
class Site:
    """A running application and who may come in."""

    app: web.Application
    client: "TestClient[Any, Any]"
    catalogue: Catalogue
    clock: FakeClock
    settings: Settings
    users: dict[str, User] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return str(self.client.make_url("/")).rstrip("/")

    def add_people(self) -> None:
        """`ada` administers, `vic` watches; each has a token as well."""
        hashed = QUICK.hash(PASSWORD)
        for name, is_admin in (("ada", True), ("vic", False)):
            user = self.catalogue.add_user(
                name=name, password_hash=hashed, is_admin=is_admin
            )
            self.users[name] = user
            self.tokens[name] = self.catalogue.add_token(f"of {name}", user_id=user.id)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        by: str | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> ClientResponse:
        """One request, by a token's owner if named; with our own Origin."""
        sent = {"Origin": self.origin}
        if by is not None:
            sent["Authorization"] = f"Bearer {self.tokens[by]}"
        return await self.client.request(
            method, path, headers=sent | (headers or {}), allow_redirects=False, **more
        )

    async def sign_in(self, name: str, password: str = PASSWORD) -> ClientResponse:
        """The browser's session from here on."""
        return await self.ask(
            "POST", f"{API}/session", json={"name": name, "password": password}
        )

    def cookie(self) -> str:
        """The secret that the browser has."""
        jar = self.client.session.cookie_jar.filter_cookies(self.client.make_url("/"))
        return jar["nvr"].value if "nvr" in jar else ""


async def problem(response: ClientResponse) -> dict[str, Any]:
    """The problem that an answer holds."""
    assert response.content_type == "application/problem+json", await response.text()
    document: dict[str, Any] = await response.json()
    assert document["status"] == response.status
    assert document["detail"].endswith((".", "!"))
    return document
