"""What a route of the API takes and gives, in the words of OpenAPI 3.1.

A description stands beside its handler; the document at `/api/v1/openapi.json` is made
of all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

Schema = Mapping[str, Any]
"""A JSON Schema."""

TIME: Schema = {"type": "string", "format": "date-time"}
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
BINARY: Schema = {"type": "string", "format": "binary"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value in the address; those in braces of the path are always required."""

    name: str
    text: str
    schema: Schema = field(default_factory=lambda: TEXT)
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer. `schema` of None: there is no body."""

    status: int
    text: str
    schema: Schema | None = None
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Description:
    """One route for programmers. `failures` are statuses beside 401, 403 and 500."""

    summary: str
    text: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: type[BaseModel] | None = None
    answers: tuple[Answer, ...] = ()
    failures: tuple[int, ...] = ()
    tag: str = ""


def shape(**properties: Schema) -> Schema:
    """An object that has all of these."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
    }


def rows(item: Schema) -> Schema:
    """An array of them."""
    return {"type": "array", "items": item}


def optional(schema: Schema) -> Schema:
    """The same, or null."""
    return {"anyOf": [dict(schema), {"type": "null"}]}
