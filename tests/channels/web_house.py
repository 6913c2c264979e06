"""The real web chat under a real server on a free port, with an echo in the place of the agents."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI

from bot.channels.web import WebChannel
from bot.inbox import Inbox
from bot.outbox import Outbox
from bot.web.app import make_app
from bot.web.guard import COOKIE, Guard, announce_address, session_secret
from orchestrator.clock import SystemClock
from orchestrator.contracts import Action, Attachment, Button, Card
from orchestrator.people import Door
from orchestrator.tasks import outgoing
from orchestrator.tasks.inbox import TOPIC
from orchestrator.tasks.outgoing import Envelope
from orchestrator.words import Catalogues
from storage import schema
from storage.database import Database
from storage.models import MessageRow
from tests.servers.postgres import free_port

BUTTONS = ((Button("Approve", Action("say", "", "yes")), Button("Decline", Action("say", "", "no"))),)
CALENDAR = Attachment("Termin für dich.ics", "text/calendar", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")


@dataclass
class Echo:
    """Answers every message of the inbox once: the text said back; `card` for a question, `file` for a file."""

    database: Database
    answered: int = 0
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        unsubscribe = self.database.signals.subscribe(TOPIC, lambda _: self.woken.set())
        try:
            while True:
                await self.woken.wait()
                self.woken.clear()
                self.answered = await self.database.write(self._answer)
        finally:
            unsubscribe()

    def _answer(self, connection: sa.Connection) -> int:
        last = self.answered
        for row in connection.execute(sa.select(MessageRow).where(MessageRow.seq > last).order_by(MessageRow.seq)):
            envelope = Envelope(row.chat_id, row.person_id, SystemClock().now(), message_id=row.id)
            if row.kind == "button":
                outgoing.toast(connection, envelope, row.payload, f"chosen {row.text}")
            outgoing.post(connection, envelope, answer(row.kind, row.text))
            last = row.seq
        return last


def answer(kind: str, text: str) -> Card:
    if kind == "button":
        return Card(f"pressed {text}")
    if text == "card":
        return Card("Shall I?", BUTTONS)
    if text == "file":
        return Card("Here it is", files=(CALENDAR,))
    return Card(f"echo: {text}")


@dataclass
class WebHouse:
    """A running chat: `address` and `secret` let a client in; `stop` and `start` take its server away and back."""

    folder: Path
    database: Database
    channel: WebChannel
    guard: Guard
    port: int
    app: FastAPI | None = None
    _server: uvicorn.Server | None = None
    _serving: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, *, session: bool = True, origin: str | None = "") -> httpx.AsyncClient:
        """`origin` "" is the right one, None leaves the header out."""
        headers = {} if origin is None else {"Origin": origin or self.address}
        cookies = {COOKIE: self.guard.secret} if session else {}
        return httpx.AsyncClient(base_url=self.address, headers=headers, cookies=cookies, trust_env=False, timeout=60)

    async def start(self) -> None:
        self.app = make_app(self.channel, self.database, self.guard)
        config = uvicorn.Config(self.app, host="127.0.0.1", port=self.port, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._serving = asyncio.create_task(self._server._serve())  # without its signal handlers: the tests keep theirs
        async with asyncio.timeout(60), httpx.AsyncClient(trust_env=False) as client:
            while not await answers(client, f"{self.address}/health"):
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        if self._server is None or self._serving is None or self.app is None:
            return
        self.app.state.closing.set()
        self._server.should_exit = True
        await self._serving
        self._server = None


async def answers(client: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await client.get(address)).is_success
    except httpx.TransportError:
        return False


@asynccontextmanager
async def web_house(folder: Path) -> AsyncIterator[WebHouse]:
    database = Database(f"sqlite+aiosqlite:///{folder}/majordomo.db")
    schema.ensure(database.engine)
    clock = SystemClock()
    channel = WebChannel(database, clock)
    channels = {"web": channel}
    inbox = Inbox(database, clock, Door(), Catalogues(), channels)
    outbox = Outbox(database, channels, clock)
    house = WebHouse(folder, database, channel, Guard(session_secret(folder)), free_port())
    announce_address(folder, house.address)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        works = [asyncio.create_task(work) for work in (channel.run(inbox.take), outbox.run(), Echo(database).run())]
        stack.push_async_callback(end, works)
        stack.push_async_callback(outbox.stop)
        stack.push_async_callback(house.stop)
        await house.start()
        yield house


async def end(works: list[asyncio.Task[None]]) -> None:
    for work in works:
        work.cancel()
    await asyncio.gather(*works, return_exceptions=True)


@dataclass(frozen=True)
class Event:
    """One event of the live stream."""

    id: int
    kind: str
    data: dict[str, Any]


async def stream(client: httpx.AsyncClient, *, count: int, last: int = 0, header: bool = False) -> list[Event]:
    """The next `count` events after `last`, told by the address or, as a browser does after a break, by Last-Event-ID."""
    found: list[Event] = []
    headers, params = ({"Last-Event-ID": str(last)}, {}) if header else ({}, {"last": last})
    async with asyncio.timeout(60), client.stream("GET", "/chat/events", params=params, headers=headers) as answer:
        assert answer.status_code == 200
        lines: dict[str, str] = {}
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            if line:
                lines[name] = value
            elif "data" in lines:
                found.append(Event(int(lines["id"]), lines["event"], json.loads(lines["data"])))
                lines = {}
            if len(found) == count:
                return found
    raise AssertionError(f"the stream ended after {found}")
