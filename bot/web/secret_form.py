"""The one-time form for a secret: opened by the token of its address, used up by the first POST, holding nothing of anybody else."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from urllib.parse import parse_qs

import sqlalchemy as sa
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from bot.web.guard import SECURITY_HEADERS, Guard
from orchestrator.actions import credentials
from orchestrator.actions.credentials import Request as Wanted
from orchestrator.contracts import Clock, Words
from orchestrator.tasks.people import person_of
from storage.database import Database

COOKIE = "majordomo_form"
LONGEST_BODY = 20_000
HEADERS = {**SECURITY_HEADERS, "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"}
SHOWN_AS_TEXT = frozenset({"username", "email"})


@dataclass(frozen=True, slots=True)
class SecretForm:
    """`fulfil` keeps the values, tells the chat and wakes the task, in the transaction it is given."""

    database: Database
    clock: Clock
    words: Words
    guard: Guard
    fulfil: Callable[[sa.Connection, Wanted, dict[str, str]], bool]

    def add_to(self, app: FastAPI) -> None:
        @app.get("/secret/{token}")
        async def form(request: Request, token: str) -> Response:
            self.guard.check_host(request)
            found = await self.database.read(lambda connection: self._find(connection, token))
            if found is None:
                return self._gone(request)
            wanted, language = found
            nonce = secrets.token_urlsafe(16)
            answer = HTMLResponse(self._page(wanted, language, _proof(nonce, token)), headers=HEADERS)
            answer.set_cookie(COOKIE, nonce, httponly=True, samesite="strict", max_age=600, path="/secret")
            return answer

        @app.post("/secret/{token}")
        async def send(request: Request, token: str) -> Response:
            self.guard.check_host(request)
            given = await _fields(request)
            nonce = request.cookies.get(COOKIE, "")
            if not nonce or not hmac.compare_digest(given.pop("proof", "").encode(), _proof(nonce, token).encode()):
                raise HTTPException(403, "open the form by its address and send it from there")
            if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
                raise HTTPException(403, "another site may not send this form")
            return await self._take(request, token, given, nonce)

    async def _take(self, request: Request, token: str, given: dict[str, str], nonce: str) -> Response:
        found = await self.database.read(lambda connection: self._find(connection, token))
        if found is None:
            return self._gone(request)
        wanted, language = found
        values = {name: given.get(name, "").strip() for name in wanted.fields}
        if not all(values.values()):
            page = self._page(wanted, language, _proof(nonce, token), self.words(language, "form-missing", {}))
            return HTMLResponse(page, 422, headers=HEADERS)

        def keep(connection: sa.Connection) -> bool:
            request_left = credentials.use_up(connection, token, self.clock.now())
            return request_left is not None and self.fulfil(connection, request_left, values)

        if not await self.database.write(keep):
            return self._gone(request)
        return HTMLResponse(_frame(language, "Majordomo", f"<p>{escape(self.words(language, 'form-done', {}))}</p>"), headers=HEADERS)

    def _find(self, connection: sa.Connection, token: str) -> tuple[Wanted, str] | None:
        wanted = credentials.by_token(connection, token, self.clock.now())
        return None if wanted is None else (wanted, person_of(connection, wanted.person_id).language)

    def _gone(self, request: Request) -> Response:
        language = request.headers.get("accept-language", "en")[:2]
        return HTMLResponse(_frame(language, "Majordomo", f"<p>{escape(self.words(language, 'form-gone', {}))}</p>"), 410, headers=HEADERS)

    def _page(self, wanted: Wanted, language: str, proof: str, fault: str = "") -> str:
        def say(key: str, **given: str) -> str:
            return escape(self.words(language, key, given))

        inputs = "".join(
            f'<label>{say("field-" + name.replace("_", "-"))}<input name="{escape(name)}" type="{"text" if name in SHOWN_AS_TEXT else "password"}" '
            f'autocomplete="off" spellcheck="false" required></label>'
            for name in wanted.fields
        )
        reason = f"<p>{escape(wanted.reason)}</p>" if wanted.reason else ""
        fault_line = f'<p role="alert">{escape(fault)}</p>' if fault else ""
        hidden = f'<input type="hidden" name="proof" value="{escape(proof)}">'
        form = f'<form method="post" class="secret">{hidden}{inputs}<button>{say("form-send")}</button></form>'
        return _frame(language, say("form-title", service=wanted.service), f"{reason}{fault_line}{form}")


def _frame(language: str, title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="{escape(language)}"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}</title><link rel="stylesheet" href="/static/chat.css"><main class="form"><h1>{title}</h1>{body}</main></html>'
    )


def _proof(nonce: str, token: str) -> str:
    """Ties the form to the browser that opened it."""
    return hmac.new(nonce.encode(), token.encode(), sha256).hexdigest()


async def _fields(request: Request) -> dict[str, str]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BODY:
            raise HTTPException(413, "this is more than the form asks for")
    try:
        parsed = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise HTTPException(400, "this is no form") from error
    return {name: values[0] for name, values in parsed.items()}
