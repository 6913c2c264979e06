"""Before any route: our host, a key before a body is read, a body of bearable size and depth, text that a database can keep; after it, the headers."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.api.access import known_caller
from bot.api.problems import Problem
from bot.web.guard import Guard

LARGEST = 1024 * 1024
"""Bytes of a body."""
DEEPEST = 24
"""How deep JSON may be nested."""
STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.S)
"""A string of JSON; one that is never closed reaches to the end, so that the next quote is not tried again."""
BRACKET = re.compile(rb"[\[\]{}]")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Content-Security-Policy": "default-src 'none'"}


class Door:
    """ASGI middleware of the API. It sends no CORS header: pages of other sites cannot read what comes back."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["state"] = dict(scope.get("state") or {})

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in (HEADERS | scope["state"].get("limit_headers", {})).items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            self._look(scope)
            if _has_body(scope):
                await known_caller(HTTPConnection(scope))
            receive = await _body(scope, receive)
        except Problem as problem:
            await problem.response()(scope, receive, with_headers)
            return
        await self._app(scope, receive, with_headers)

    def _look(self, scope: Scope) -> None:
        check_host(self._guard, HTTPConnection(scope))
        if UNSTORABLE.search(scope["path"]) or b"%00" in scope.get("query_string", b"") or b"\0" in scope.get("query_string", b""):
            raise Problem(400, "bad-text", "The address holds a character that is no text.", "NUL is not text.")


def check_host(guard: Guard, connection: HTTPConnection) -> None:
    """Refuse a Host that is not ours, as the web page does; WebSockets ask this themselves. Raises Problem 421."""
    try:
        guard.check_host(Request({**connection.scope, "type": "http"}))
    except HTTPException as error:
        raise Problem(421, "wrong-host", "This address does not serve that host.", remedy="set PUBLIC_URL to the address you use") from error


def _has_body(scope: Scope) -> bool:
    headers = HTTPConnection(scope).headers
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


async def _body(scope: Scope, receive: Receive) -> Receive:
    """Read the body, look at it, and hand it on. Raises Problem 400 or 413."""
    declared = HTTPConnection(scope).headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > LARGEST:
        raise _too_large()
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        more = message.get("more_body", False)
        if size > LARGEST:
            raise _too_large()
    body = b"".join(chunks)
    if body:
        _check(body)
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _too_large() -> Problem:
    return Problem(413, "too-large", "The body is too large.", f"At most {LARGEST} bytes are taken.", headers={"Connection": "close"})


def _check(body: bytes) -> None:
    """What is no JSON at all is left to the route, which says where it breaks."""
    depth = 0
    for bracket in BRACKET.finditer(STRING.sub(b"", body)):
        depth += 1 if bracket.group() in b"[{" else -1
        if depth > DEEPEST:
            raise Problem(400, "too-deep", "The JSON is nested too deep.", f"At most {DEEPEST} levels are taken.", "body")
    try:
        value = json.loads(body)
    except ValueError:
        return
    _check_value(value)


def _check_value(value: Any) -> None:
    if isinstance(value, str) and UNSTORABLE.search(value):
        raise Problem(400, "bad-text", "The body holds a character that is no text.", "NUL and halves of surrogate pairs are not text.", "body")
    if isinstance(value, float) and not math.isfinite(value):
        raise Problem(400, "bad-number", "The body holds a number that is none.", "NaN and infinity are not JSON.", "body")
    if isinstance(value, dict):
        for name, inner in value.items():
            _check_value(name)
            _check_value(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_value(inner)
