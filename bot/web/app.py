"""The HTTP side of the web chat: the page, sending, pressing, and the live stream of events."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, StreamingResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.channels.base import Greeting, Incoming, Kind
from bot.channels.web import NAME, OWNER, WebChannel
from bot.event_stream import EventStream, Listener, Wanted
from bot.web import history
from bot.web.guard import COOKIE, SECURITY_HEADERS, Guard
from bot.web.secret_form import SecretForm
from orchestrator.tasks import events
from storage.database import Database, database_failed

STATIC = Path(__file__).parent / "static"
KEEP_ALIVE = 15.0
LONGEST_TEXT = 20_000
Webhook = Callable[[Mapping[str, str], AsyncIterator[bytes]], Awaitable[int]]

logger = logging.getLogger(__name__)


class Sent(BaseModel):
    """A message from the page; `client_id` makes sending it again harmless."""

    client_id: str = Field(min_length=8, max_length=80)
    text: str = Field(min_length=1, max_length=LONGEST_TEXT)


class Pressed(BaseModel):
    """A button press from the page."""

    client_id: str = Field(min_length=8, max_length=80)
    token: str = Field(min_length=8, max_length=64)
    label: str = Field(default="", max_length=200)


def make_app(
    channel: WebChannel, database: Database, guard: Guard, webhooks: Mapping[str, Webhook] | None = None, form: SecretForm | None = None,
    mounted: Mapping[str, ASGIApp] | None = None, live: EventStream | None = None,
) -> FastAPI:  # fmt: skip
    """The application; `webhooks` are the doors of other channels by path, `mounted` whole applications, which guard themselves, `live` the house's reader."""
    app = FastAPI(title="Majordomo", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.closing = asyncio.Event()
    app.add_middleware(SecurityHeaders)
    _add_page(app, guard)
    _add_sending(app, channel, guard)
    _add_reading(app, channel, database, guard, live or EventStream(database))
    if form is not None:
        form.add_to(app)
    app.add_exception_handler(SQLAlchemyError, _no_database)
    for path, receive in (webhooks or {}).items():
        _add_webhook(app, path, receive)
    for path, application in (mounted or {}).items():
        app.mount(path, application)
    return app


async def _no_database(request: Request, error: Exception) -> JSONResponse:
    """The page keeps what was written and sends it again."""
    if not database_failed(error):
        raise error
    logger.error("a request met a database that failed", extra={"path": request.url.path, "error": type(error).__name__})
    return JSONResponse({"detail": "The database cannot be reached now; try again in a moment."}, 503, {"Retry-After": "5"})


class SecurityHeaders:
    """ASGI middleware: adds them where an answer has none of its own. It copies no stream."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


def _add_page(app: FastAPI, guard: Guard) -> None:
    @app.get("/")
    async def page(request: Request, key: str = "") -> Response:
        guard.check_host(request)
        if key:
            if not guard.opens(key):
                raise HTTPException(403, "this address is not the one that was printed")
            answer = RedirectResponse("/", 303)
            answer.set_cookie(COOKIE, guard.secret, httponly=True, samesite="strict", max_age=90 * 86400, path="/")
            return answer
        if not guard.opens(request.cookies.get(COOKIE, "")):
            return HTMLResponse((STATIC / "locked.html").read_text(encoding="utf-8"), 403)
        return FileResponse(STATIC / "chat.html")

    @app.get("/static/{name}")
    async def static(request: Request, name: str) -> Response:
        guard.check_host(request)
        if name not in {"chat.css", "chat.js"}:
            raise HTTPException(404)
        return FileResponse(STATIC / name)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}


def _add_sending(app: FastAPI, channel: WebChannel, guard: Guard) -> None:
    allowed = Depends(guard.check_session)

    async def take(item: Incoming) -> JSONResponse:
        if channel.intake is None:
            raise HTTPException(503, "starting; try again in a moment")
        await channel.intake([item])
        return JSONResponse({"stored": item.platform_id}, 202)

    @app.post("/chat/messages", dependencies=[allowed])
    async def message(sent: Sent, request: Request) -> JSONResponse:
        return await take(_incoming(channel, sent.client_id, Kind.TEXT, sent.text, {}, request))

    @app.post("/chat/presses", dependencies=[allowed])
    async def press(pressed: Pressed, request: Request) -> JSONResponse:
        payload = {"token": pressed.token, "press_id": pressed.client_id}
        return await take(_incoming(channel, pressed.client_id, Kind.BUTTON, pressed.label, payload, request))


def _incoming(channel: WebChannel, client_id: str, kind: Kind, text: str, payload: dict[str, Any], request: Request) -> Incoming:
    language = request.headers.get("accept-language", "")[:2]
    return Incoming(NAME, client_id, channel.chat, OWNER, kind, text, payload, language_code=language, sent_at=datetime.now(UTC))


def _add_reading(app: FastAPI, channel: WebChannel, database: Database, guard: Guard, live: EventStream) -> None:
    allowed = Depends(guard.check_session)

    @app.get("/chat/history", dependencies=[allowed])
    async def past() -> dict[str, Any]:
        upto = await live.settled()

        def read(connection: Any) -> dict[str, Any]:
            chat = history.chat_row(connection, NAME, channel.chat)
            return history.recent(connection, chat.id, upto) if chat else {"entries": [], "last": 0}

        return await database.read(read)

    @app.get("/chat/files/{event_id}", dependencies=[allowed])
    async def file(event_id: int) -> Response:
        def read(connection: Any) -> dict[str, str] | None:
            chat = history.chat_row(connection, NAME, channel.chat)
            return history.file_of(connection, chat.id, event_id) if chat else None

        found = await database.read(read)
        if found is None:
            raise HTTPException(404, "there is no such file")
        name = "".join(c for c in found["name"] if c.isalnum() or c in "._-") or "file"
        return Response(found["content"], media_type=found["media_type"], headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"})

    @app.get("/chat/events", dependencies=[allowed])
    async def stream(request: Request, last: Annotated[int, Field(ge=0)] = 0) -> StreamingResponse:
        seen = request.headers.get("last-event-id", "")
        start = int(seen) if seen.isdigit() else last
        return StreamingResponse(_events(live, _appearing(app, channel, database), start), media_type="text/event-stream")


async def _events(live: EventStream, chat_appears: AsyncIterator[str | None], last: int) -> AsyncIterator[str]:
    """Every event after `last`, as it comes, until the browser leaves or the house closes."""
    yield ": open\n\n"
    chat = ""
    async for found in chat_appears:
        chat = found or ""
        yield ": still here\n\n"
    wanted = Wanted(chat_id=chat, kinds=history.KINDS)
    async with aclosing(live.follow(Listener(wanted), last, KEEP_ALIVE)) as following:
        async for event in following:
            if event is None:
                yield ": still here\n\n"
            else:
                yield f"id: {event.id}\nevent: {event.kind}\ndata: {json.dumps(history.event_json(event), ensure_ascii=False)}\n\n"


async def _appearing(app: FastAPI, channel: WebChannel, database: Database) -> AsyncIterator[str | None]:
    """None now and then until somebody has written, then the chat's id."""
    changed = asyncio.Event()
    unsubscribe = database.signals.subscribe(events.TOPIC, lambda _: changed.set())
    try:
        while not app.state.closing.is_set():
            changed.clear()
            chat = await database.read(lambda connection: history.chat_row(connection, NAME, channel.chat))
            if chat is not None:
                yield chat.id
                return
            try:
                async with asyncio.timeout(KEEP_ALIVE):
                    await changed.wait()
            except TimeoutError:
                yield None
    finally:
        unsubscribe()


def _add_webhook(app: FastAPI, path: str, receive: Webhook) -> None:
    @app.post(path)
    async def webhook(request: Request) -> Response:
        return Response(status_code=await receive(request.headers, request.stream()))

    if isinstance(receive, Greeting):

        @app.get(path)
        async def greet(request: Request) -> Response:
            answer = receive.greeting(request.query_params)
            return Response(status_code=403) if answer is None else Response(answer, media_type="text/plain")
