"""What handlers are given: the parts of the server, and who is asking.

Pages are added by `nvr.web.pages.add_pages(routes, context)`, which declares its routes
on `routes` (see `nvr.web.policy`) and returns a `Pages`. Its handlers ask
`visitor(request)` for whoever was let in; the policy has been applied before.

    /sign-in              Policy.SIGN_IN
    /static/…             Policy.OPEN
    everything else       Policy.SIGNED_IN or Policy.ADMIN

`/welcome/{secret}` belongs to `nvr.web.api_welcome`: a link of kind `sign-in` signs in
at once, for one of kind `setup` it answers with what `welcome_page` gives; that page
sends `{"token", "name", "password"}` to `POST /api/v1/welcome`. A page handler may
raise `NotFound`, any other `NvrError` or `Problem`: the edge makes an error page of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from aiohttp import web
from nvr.web.plans import Plans
from nvr.web.policy import Handler
from nvr.web.problems import Problem

from nvr.base.clock import Clock
from nvr.base.settings import Settings
from nvr.hook_calls import Plugins
from nvr.store.catalogue import Catalogue
from nvr.store.users import UserId


class Way(StrEnum):
    """How somebody came in."""

    NOBODY = "nobody"
    SESSION = "session"
    TOKEN = "token"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whose request it is.

    `user_id` is None for nobody, and for a program whose token is of the server's owner
    and no user's. `secret` is what let them in: never log or show it.
    """

    way: Way
    name: str
    address: str
    user_id: UserId | None = None
    is_admin: bool = False
    secret: str = ""

    @property
    def is_signed_in(self) -> bool:
        return self.way is not Way.NOBODY

    @property
    def actor(self) -> str:
        """As the audit log names them."""
        if self.way is Way.NOBODY:
            return f"nobody at {self.address}"
        return f"{'token' if self.way is Way.TOKEN else 'user'} {self.name}"

    def __repr__(self) -> str:
        return f"Visitor({self.actor!r}, {self.address!r})"


ErrorPage = Callable[[web.Request, Problem], web.Response]


class Pages(Protocol):
    """What the pages give back to the application."""

    @property
    def error_page(self) -> ErrorPage:
        """The page for a problem: by its `status`, `kind` and `reference`."""
        ...

    @property
    def welcome_page(self) -> Handler:
        """The form for the first account; `request.match_info["secret"]` is the
        link's secret, which goes back as `token`."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of the server that pages may use."""

    settings: Settings
    catalogue: Catalogue
    clock: Clock
    plugins: Plugins
    plans: Plans


VISITOR: web.RequestKey[Visitor] = web.RequestKey("visitor", Visitor)


def visitor(request: web.Request) -> Visitor:
    """Whoever asks; at least nobody."""
    found = request.get(VISITOR)
    return found or Visitor(Way.NOBODY, "", request.remote or "")
