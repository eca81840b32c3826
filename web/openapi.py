"""The API's description in OpenAPI 3.1, made from what the routes declare."""

import re
from collections.abc import Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from aiohttp import web
from nvr.web.describe import TEXT, WHOLE, Answer, Description, Parameter, shape
from nvr.web.policy import Policy, Route, Routes, declared
from nvr.web.problems import MEDIA_TYPE

PATH = "/api/v1/openapi.json"
_OPEN = (Policy.OPEN, Policy.LINK, Policy.SIGN_IN)
_MODELS = "#/components/schemas/{model}"
_SUMMARY = (
    "Cameras, footage and people of a network video recorder. Times are RFC 3339 with "
    "a zone. Errors are problem+json (RFC 9457) whose `detail` says what to do. Bodies "
    "are JSON of at most 1 MiB. Members that are not described are refused."
)


class OpenApi:
    """`/openapi.json`."""

    def add_to(self, routes: Routes) -> None:
        routes.add(
            "GET",
            PATH,
            self.document,
            policy=Policy.SIGNED_IN,
            description=_DESCRIPTION,
        )

    async def document(self, request: web.Request) -> web.Response:
        return web.json_response(document(declared(request.app)))


def document(routes: Sequence[Route]) -> dict[str, Any]:
    """The whole document; routes without a description are not of the API."""
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {"Problem": _PROBLEM}
    for route in routes:
        if route.description is not None:
            operation = _operation(route, route.description, schemas)
            paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "nvr", "version": version("nvr"), "description": _SUMMARY},
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": _SCHEMES},
    }


def _operation(
    route: Route, it: Description, schemas: dict[str, Any]
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": it.summary,
        "parameters": [_parameter(p, route.path) for p in it.parameters],
        "responses": {str(a.status): _answer(a) for a in it.answers}
        | {str(status): _failure(status) for status in _failures(route, it)},
    }
    if it.text:
        operation["description"] = it.text
    if it.tag:
        operation["tags"] = [it.tag]
    if route.policy in _OPEN:
        operation["security"] = []
    else:
        operation["x-nvr-policy"] = route.policy.value
    if it.body is not None:
        name = it.body.__name__
        schema = it.body.model_json_schema(ref_template=_MODELS, by_alias=False)
        schemas |= schema.pop("$defs", {})
        schemas[name] = schema
        content = {"application/json": {"schema": {"$ref": _MODELS.format(model=name)}}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _operation_id(route: Route) -> str:
    words = route.path.removeprefix("/api/v1").replace("{id}", "one")
    parts = [w for w in re.split("[./{}]", words.replace("-", "_")) if w]
    return "_".join([route.method.lower(), *parts])


def _parameter(it: Parameter, path: str) -> dict[str, Any]:
    is_in_path = f"{{{it.name}}}" in path
    return {
        "name": it.name,
        "in": "path" if is_in_path else "query",
        "required": is_in_path or it.is_required,
        "description": it.text,
        "schema": dict(it.schema),
    }


def _answer(it: Answer) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": it.text}
    if it.schema is not None:
        answer["content"] = {it.media_type: {"schema": dict(it.schema)}}
    if it.headers:
        answer["headers"] = {
            name: {"description": text, "schema": dict(TEXT)}
            for name, text in it.headers.items()
        }
    return answer


def _failures(route: Route, it: Description) -> list[int]:
    always = set() if route.policy is Policy.OPEN else {401, 403}
    return sorted({*it.failures, *always, 500})


def _failure(status: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": _MODELS.format(model="Problem")}}}
    return {"description": HTTPStatus(status).phrase, "content": content}


_PROBLEM: dict[str, Any] = {
    **shape(type=TEXT, title=TEXT, status=WHOLE, detail=TEXT),
    "description": "What went wrong (RFC 9457).",
}
_PROBLEM["properties"] |= {
    "errors": {
        "type": "array",
        "items": shape(field=TEXT, detail=TEXT),
        "description": "The members of the body that cannot be used.",
    },
    "reference": {
        "type": "string",
        "description": "Finds the line in the server's log.",
    },
}
_SCHEMES = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token; `nvr token add NAME` prints one.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "nvr",
        "description": "Made by signing in; with TLS its name is `__Host-nvr`.",
    },
}
_DESCRIPTION = Description(
    "This document",
    answers=(Answer(200, "OpenAPI 3.1.", {"type": "object"}),),
    tag="status",
)
