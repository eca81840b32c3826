"""The edge: every request comes in here, and every error goes out here.

In this order: who is at the other end, which route is meant, whether another site is
behind it, who is asking, and whether they may. Only then a handler is called.
"""

import logging
import secrets
from urllib.parse import quote

from aiohttp import hdrs, web
from nvr.web.admission import Admission, demand_no_token_in_query, unauthorized
from nvr.web.audit_trail import AuditTrail
from nvr.web.context import VISITOR, ErrorPage, Visitor, Way, visitor
from nvr.web.cookies import cookie_secret
from nvr.web.origin import demand_own_origin
from nvr.web.peer import PEER, peer_of
from nvr.web.policy import Handler, Policy, Route, is_api_path, route_of
from nvr.web.problems import MEDIA_TYPE, Problem, absent, problem_of

from nvr.base.errors import NvrError
from nvr.base.settings import Settings

_log = logging.getLogger(__name__)

_DENIALS = frozenset({401, 403, 429})


class Edge:
    """The one middleware of the application."""

    def __init__(
        self,
        *,
        settings: Settings,
        admission: Admission,
        trail: AuditTrail,
        error_page: ErrorPage,
    ) -> None:
        self._trusted = settings.web.trusted_proxies
        self._admission = admission
        self._trail = trail
        self._error_page = error_page

    async def handle(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """A handler's answer, or an error's."""
        request[PEER] = peer_of(request, self._trusted)
        try:
            return await self._let_in(request, handler)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return self._answer(request, _problem_of_http(error))
        except Problem as problem:
            return self._answer(request, problem)
        except NvrError as error:
            return self._answer(request, _told(request, error))
        except ConnectionError:
            # They left; there is nobody to tell.
            raise
        except Exception:
            reference = secrets.token_hex(6)
            _log.exception("%s %s failed, reference %s", *_line(request), reference)
            return self._answer(request, _broken(reference))

    async def _let_in(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        route = route_of(request.app, request.match_info.route)
        if route is None:
            # No such path or method: aiohttp's own handler says which.
            return await handler(request)
        demand_no_token_in_query(request)
        peer = request[PEER]
        if hdrs.AUTHORIZATION not in request.headers:
            has_cookie = bool(cookie_secret(request, peer))
            demand_own_origin(request, peer, has_cookie=has_cookie)
        if route.policy is not Policy.OPEN:
            request[VISITOR] = await self._admission.visitor(request, peer)
            await self._apply(route, request[VISITOR])
        return await handler(request)

    async def _apply(self, route: Route, who: Visitor) -> None:
        match route.policy:
            case Policy.SIGN_IN:
                if not await self._admission.has_accounts():
                    raise _not_set_up()
            case Policy.SIGNED_IN:
                _demand_signed_in(who)
            case Policy.ADMIN:
                _demand_signed_in(who)
                if not who.is_admin:
                    raise Problem(403, "forbidden", "Only administrators may do this.")

    def _answer(self, request: web.Request, problem: Problem) -> web.StreamResponse:
        if problem.status in _DENIALS:
            self._trail.note(
                visitor(request),
                "denied",
                f"{request.method} {_canonical(request)}",
                status=problem.status,
                kind=problem.kind,
            )
        response = self._form(request, problem)
        if response.status == problem.status:
            response.headers.update(problem.headers)
        return response

    def _form(self, request: web.Request, problem: Problem) -> web.Response:
        if is_api_path(request.path):
            return web.json_response(
                problem.document(), status=problem.status, content_type=MEDIA_TYPE
            )
        is_reading = request.method in (hdrs.METH_GET, hdrs.METH_HEAD)
        if problem.status == 401 and is_reading:
            here = quote(request.path_qs, safe="")
            place = "/sign-in" if here == "%2F" else f"/sign-in?next={here}"
            return web.Response(status=303, headers={hdrs.LOCATION: place})
        return self._error_page(request, problem)


def _demand_signed_in(who: Visitor) -> None:
    if who.way is Way.NOBODY:
        raise unauthorized(
            "Sign in, or send an API token in the header “Authorization: Bearer …”."
        )


def _not_set_up() -> Problem:
    return Problem(
        503,
        "not-set-up",
        "This server has no account yet. Open the one-time link that it printed when "
        "it started; `nvr link` prints a new one.",
    )


def _problem_of_http(error: web.HTTPException) -> Problem:
    """Errors that aiohttp raises itself. Their texts are not for people."""
    match error.status:
        case 404:
            return absent()
        case 405:
            allowed = error.headers.get(hdrs.ALLOW, "")
            return Problem(
                405,
                "method",
                f"This path answers {allowed or 'other methods'} only.",
                headers={hdrs.ALLOW: allowed},
            )
        case 413:
            return Problem(413, "too-large", "A body may have at most 1 MiB.")
        case status:
            return Problem(status, "refused", "The request cannot be understood.")


def _told(request: web.Request, error: NvrError) -> Problem:
    problem = problem_of(error)
    if problem.status >= 500:
        problem.reference = secrets.token_hex(6)
        _log.warning(
            "%s %s: %s, reference %s", *_line(request), error, problem.reference
        )
    return problem


def _broken(reference: str) -> Problem:
    return Problem(
        500,
        "internal",
        "The server made an error and noted it. Recording is not affected.",
        reference=reference,
    )


def _line(request: web.Request) -> tuple[str, str]:
    return request.method, _canonical(request)


def _canonical(request: web.Request) -> str:
    """The path without what a client wrote into it."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown path"
