"""The OpenAPI document: the routes with the scopes they ask for, the error schema, the limits' headers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from bot.api.problems import MEDIA_TYPE, ProblemDocument

ABOUT = """Tasks, approvals and everything else of one person, as in the chats. Errors are problem documents (RFC 9457); times are ISO 8601 in UTC;
lists come in pages: follow `next` until it is null. A POST that names the header `Idempotency-Key` may be sent again: it is answered
the same and done once; the others refuse the header."""
ERRORS = {
    "400": "The request cannot be read.", "401": "No API key, or one that does not count.", "403": "The key lacks a scope, or the person may not do this.",
    "404": "There is no such thing, or it is somebody else's.", "409": "It cannot be done in this state.", "413": "The body is too large.",
    "421": "This address does not serve that host.", "422": "The request is not as it should be.", "429": "The key calls too often.",
}  # fmt: skip


def describe(api: FastAPI, path: str) -> dict[str, Any]:
    """Made once, when first asked for."""
    if api.openapi_schema is None:
        document = get_openapi(title=api.title, version=api.version, description=ABOUT, routes=api.routes, servers=[{"url": path}])
        components = document.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(problem.pop("$defs", {}))
        schemas["Problem"] = problem
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        for route in api.routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                for method in route.methods or ():
                    _complete(document["paths"][route.path_format][method.lower()], route)
        api.openapi_schema = document
    return api.openapi_schema


def _complete(operation: dict[str, Any], route: APIRoute) -> None:
    """Scopes, and every error it may be answered with."""
    wanted = sorted({scope for scopes in _scopes(route.dependant) for scope in scopes})
    if operation.get("security"):
        operation["security"] = [{"ApiKey": wanted}]
        operation["x-scopes"] = wanted
    responses = operation["responses"]
    for status, told in ERRORS.items():
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        if status == "422" or status not in responses:
            responses[status] = {"description": told, "content": content}
    for response in responses.values():
        response.setdefault("headers", {})["RateLimit-Remaining"] = {"schema": {"type": "integer"}, "description": "Calls that this key may still make."}


def _scopes(dependant: Dependant) -> Iterator[tuple[str, ...]]:
    for inner in dependant.dependencies:
        yield tuple(getattr(inner.call, "scopes", ()))
        yield from _scopes(inner)
