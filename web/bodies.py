"""JSON bodies of requests, bounded and checked."""

import asyncio
import json
from typing import TypeVar

from aiohttp import web
from nvr.web.problems import Problem
from pydantic import BaseModel, ConfigDict, ValidationError

MOST_BYTES = 1 << 20
PATIENCE_SECONDS = 20.0
"""For a body to arrive: who sends a byte a second does not hold a connection."""
_MOST_ERRORS = 20

Model = TypeVar("Model", bound="Body")


class Body(BaseModel):
    """A body; members that are not declared are refused, not passed over."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=False)


async def read_body(request: web.Request, model: type[Model]) -> Model:
    """The body as a value of `model`. Raises a `Problem` that names each field."""
    if (
        request.content_type != "application/json"
        or "Content-Encoding" in request.headers
    ):
        raise Problem(
            415,
            "not-json",
            "The body must be plain JSON with Content-Type: application/json.",
        )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            raw = await request.read()
    except TimeoutError:
        raise Problem(
            408,
            "slow",
            f"The body did not arrive within {PATIENCE_SECONDS:g} s.",
            headers={"Connection": "close"},
        ) from None
    try:
        value = json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Problem(400, "not-json", "The body is not valid JSON.") from None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _invalid(error) from None


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _invalid(error: ValidationError) -> Problem:
    problems = [
        {
            "field": ".".join(map(str, each["loc"])) or "body",
            "detail": f"{each['msg']}.",
        }
        for each in error.errors(include_url=False, include_input=False)[:_MOST_ERRORS]
    ]
    first = problems[0]
    detail = f"“{first['field']}” cannot be used: {first['detail']}"
    return Problem(422, "invalid", detail, errors=problems)
