"""Pages for whoever is not signed in: sign-in, welcome, errors."""

from aiohttp import web
from nvr.web.pages_render import Renderer
from nvr.web.pages_words import Translate
from nvr.web.passwords import SHORTEST
from nvr.web.problems import Problem

# A drawing for the side of the page: recorded stretches and gaps of eleven cameras.
_STRIPS = (
    "rrrrrrrrrrrrrrrrrrrrrrrrrr",
    "rrrrrrrrrgrrrrrrrrrrrrrrrr",
    "rrrrrrrrrrrrrrrrrrrrrrrrrr",
    "  rrrrrrrrrrrrrrrgggrrrrrr",
    "rrrrrrrrrrrrrrrrrrrrrrrrrr",
    "rrrrgrrrrrrrrrrrrrrrrrrrrr",
    "rrrrrrrrrrrrrrrrrrrrrrgrrr",
    "      rrrrrrrrrrrrrrrrrrrr",
    "rrrrrrrrrrrggggrrrrrrrrrrr",
    "rrrrrrrrrrrrrrrrrrrrrrrrrr",
    "rrrrrrrrrrrrrrrrrrrgrrrrrr",
    "rrrrrrrrrrrrrrrrrrrrrrrrrr",
)
_TOP, _PITCH, _CELL = 262, 44, 20


class DoorPages:
    """Handlers and makers of the pages outside."""

    def __init__(self, *, renderer: Renderer) -> None:
        self._renderer = renderer

    async def sign_in(self, request: web.Request) -> web.Response:
        values = {"strips": _strips()}
        return self._renderer.page(request, "sign_in.html", values)

    async def welcome(self, request: web.Request) -> web.Response:
        values = {
            "strips": _strips(),
            "token": request.match_info["secret"],
            "shortest_password": SHORTEST,
        }
        return self._renderer.page(request, "welcome.html", values)

    def error(self, request: web.Request, problem: Problem) -> web.Response:
        """The page for a problem, in words by its status."""
        t = self._renderer.translator(request)
        heading, sentence = _error_words(problem, t)
        must_sign_in = problem.status in (401, 410)
        is_way = problem.kind != "not-set-up"
        values = {
            "strips": _strips(),
            "status": problem.status,
            "heading": heading,
            "sentence": sentence,
            "reference": problem.reference,
            "has_way": is_way,
            "way_path": "/sign-in" if must_sign_in else "/",
            "way_word": t("Sign in") if must_sign_in else t("To the live cameras"),
        }
        response = self._renderer.page(
            request, "error.html", values, status=problem.status
        )
        response.headers.update(problem.headers)
        return response


def _error_words(problem: Problem, t: Translate) -> tuple[str, str]:
    if problem.kind == "not-set-up":
        return t("Not set up yet"), t(
            "This server has no user yet. Open the one-time link that it printed when "
            "it started; “nvr link” prints a new one."
        )
    return _status_words(problem.status, t)


def _status_words(status: int, t: Translate) -> tuple[str, str]:
    match status:
        case 401:
            return t("Please sign in"), t("This page is for people who are signed in.")
        case 403:
            return t("Not for you"), t(
                "Your account may not see this page. Ask an administrator."
            )
        case 404:
            return t("Nothing here"), t(
                "There is no such page or camera, or you may not see it."
            )
        case 410:
            return t("This link was used"), t(
                "A sign-in link works once and for a short time. "
                "Ask for a new one on the server with “nvr link”."
            )
        case 429:
            return t("Too many attempts"), t("Wait a minute, then try again.")
        case 503:
            return t("Not ready"), t(
                "The server cannot answer at the moment. Recording is not affected."
            )
        case status if status >= 500:
            return t("Something broke"), t(
                "The server made an error and noted it. Recording is not affected."
            )
        case _:
            return t("That did not work"), t("The server did not accept the request.")


def _strips() -> list[dict[str, object]]:
    rows = []
    for number, strip in enumerate(_STRIPS):
        parts = []
        start = 0
        for at in range(1, len(strip) + 1):
            if at < len(strip) and strip[at] == strip[start]:
                continue
            if strip[start] != " ":
                kind = "run" if strip[start] == "r" else "gap"
                width = (at - start) * _CELL - 2
                parts.append({"kind": kind, "x": start * _CELL, "width": width})
            start = at
        rows.append({"y": _TOP + number * _PITCH, "parts": parts})
    return rows
