"""What went wrong, as the API tells it: problem+json of RFC 9457.

`detail` is a sentence that says what to do. Nothing of the inside gets out: of an error
of ours that is not expected, only a reference to the log.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from nvr.base.errors import (
    CameraError,
    CatalogueError,
    Conflict,
    MediaError,
    NotFound,
    NvrError,
    SettingsError,
    VolumeError,
)
from nvr.base.redact import redact
from nvr.codec.still import StillBusy
from nvr.play.clip import BadInterval

MEDIA_TYPE = "application/problem+json"
_LATER = {"Retry-After": "5"}


class Problem(Exception):
    """Ends a request. Raise it with a status, a `kind` for programs and a sentence.

    `reference` finds the line in the log; `more` holds further members.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        reference: str = "",
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        self.reference = reference
        self.more = more

    def document(self) -> dict[str, Any]:
        """The JSON of it."""
        document = {
            "type": f"urn:nvr:problem:{self.kind}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.more,
        }
        return document | ({"reference": self.reference} if self.reference else {})


def invalid(field: str, detail: str) -> Problem:
    """One value that was sent cannot be used."""
    return Problem(422, "invalid", detail, errors=[{"field": field, "detail": detail}])


def absent() -> Problem:
    """There is no such thing, or the asker may not see it: the answer is the same."""
    return Problem(404, "not-found", "There is no such thing, or you may not see it.")


def problem_of(error: NvrError) -> Problem:
    """An error of ours as an answer. Its message is made for people to read."""
    detail = redact(_sentence(str(error)))
    match error:
        case NotFound():
            return Problem(404, "not-found", detail)
        case Conflict():
            return Problem(409, "conflict", detail)
        case BadInterval() | SettingsError():
            return Problem(422, "invalid", detail)
        case CameraError():
            return Problem(422, f"camera-{error.cause}", detail)
        case StillBusy():
            return Problem(503, "busy", detail, headers=_LATER)
        case MediaError():
            return Problem(500, "unreadable", detail)
        case CatalogueError() | VolumeError():
            return Problem(
                503,
                "unavailable",
                "The server cannot look this up at the moment; recording is not "
                "affected. Try again in a few seconds.",
                headers=_LATER,
            )
        case _:
            return Problem(500, "internal", detail)


def _sentence(text: str) -> str:
    """With a capital letter and a full stop, as sentences have."""
    text = text.strip()
    if not text:
        return "The server could not do this."
    text = text[0].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
