"""How many requests were answered, by route and status, since the process began."""

from collections import Counter

from aiohttp import web
from nvr.web.policy import route_of

NO_ROUTE = "none"


class RequestCounts:
    """Counts on the event loop. Routes are templates, so that strangers who ask for
    many addresses make no new figure."""

    def __init__(self) -> None:
        self.answers: Counter[tuple[str, str, int]] = Counter()

    def note(self, request: web.Request, status: int) -> None:
        """One answer was made."""
        route = route_of(request.app, request.match_info.route)
        method, path = (route.method, route.path) if route else (NO_ROUTE, NO_ROUTE)
        self.answers[method, path, status] += 1
