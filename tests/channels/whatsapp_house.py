"""A WhatsApp channel with a database, an inbox and an outbox, on the stand-in, whose clock is theirs, too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from aiohttp import web

from bot.channels.base import Incoming
from bot.channels.whatsapp.channel import Doorway, WhatsAppChannel
from bot.channels.whatsapp.templates import Template, Templates
from bot.inbox import Inbox
from bot.outbox import Outbox
from bot.settings import WhatsAppKeys
from orchestrator.contracts import Card
from orchestrator.people import Door, Strangers
from orchestrator.tasks import outgoing
from orchestrator.tasks.outgoing import Envelope
from orchestrator.words import Catalogues
from storage import schema
from storage.database import Database
from storage.models import ChatRow, MessageRow, OutgoingRow
from tests.servers.whatsapp import PHONE_ID, SECRET, TOKEN, VERIFY, Person, WhatsAppServer

WORDS = Catalogues()


@dataclass
class PlatformClock:
    """The stand-in's time, which tests move with `server.advance`."""

    server: WhatsAppServer

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.server.platform.now(), UTC)


@dataclass
class World:
    """Everything a rule needs."""

    server: WhatsAppServer
    database: Database
    channel: WhatsAppChannel
    outbox: Outbox
    clock: PlatformClock
    folder: Path
    taken: list[Incoming] = field(default_factory=list)
    fail_intake: list[Exception] = field(default_factory=list)

    def rows(self, query: sa.Executable) -> Sequence[Any]:
        return self.database.read_now(lambda connection: connection.execute(query).all())

    @property
    def stored(self) -> list[str]:
        """The texts of stored messages, in order."""
        return [row.text for row in self.rows(sa.select(MessageRow.text).order_by(MessageRow.seq))]

    def states(self) -> list[str]:
        return [row.state for row in self.rows(sa.select(OutgoingRow.state).order_by(OutgoingRow.seq))]

    def chat(self, person: Person) -> Any:
        """The person's chat row: they have written before."""
        name = person.phone or person.user_id
        query = sa.select(ChatRow.id, ChatRow.person_id).where(ChatRow.channel == "whatsapp", ChatRow.external_id == name)
        return self.database.read_now(lambda connection: connection.execute(query).one())

    async def post(self, person: Person, card: Card, task_id: str | None = None) -> str:
        """Queue a card for them."""
        chat = self.chat(person)
        envelope = Envelope(chat.id, chat.person_id, self.clock.now(), task_id)
        return await self.database.write(lambda connection: outgoing.post(connection, envelope, card))

    async def until_state(self, *states: str, timeout: float = 10.0) -> None:
        """Until the outbox rows stand so."""
        try:
            async with asyncio.timeout(timeout):
                while self.states() != list(states):
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"wanted {states}, there is {self.states()}") from None


def keys_of(server: WhatsAppServer, **changed: str) -> WhatsAppKeys:
    return WhatsAppKeys(**{"token": TOKEN, "phone_id": PHONE_ID, "app_secret": SECRET, "verify_token": VERIFY, "root": server.root, **changed})


@asynccontextmanager
async def webhook_of(channel: WhatsAppChannel) -> AsyncIterator[str]:
    """The channel's webhook over HTTP; yields its address."""
    (door,) = channel.webhooks.values()

    async def post(request: web.Request) -> web.Response:
        return web.Response(status=await door(request.headers, request.content.iter_chunked(65536)))

    async def get(request: web.Request) -> web.Response:
        answer = door.greeting(request.query)
        return web.Response(status=403) if answer is None else web.Response(text=answer)

    app = web.Application(client_max_size=1 << 30)
    app.router.add_post("/whatsapp", post)
    app.router.add_get("/whatsapp", get)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/whatsapp"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def house(
    folder: Path, *, templates: Templates | None = None, limits: bool = False, strangers: Strangers = Strangers.WELCOME, owners: Sequence[str] = ()
) -> AsyncIterator[World]:
    """A world whose channel runs; its outbox delivers."""
    database = Database(f"sqlite+aiosqlite:///{folder}/majordomo.db")
    schema.ensure(database.engine)
    async with WhatsAppServer(limits=limits) as server:
        clock, words = PlatformClock(server), WORDS
        channel = WhatsAppChannel(keys_of(server), Doorway(database, clock, words, folder / "files", templates or Templates()))
        inbox = Inbox(database, clock, Door(strangers, frozenset(("whatsapp", owner) for owner in owners)), words, {channel.name: channel})
        outbox = Outbox(database, {channel.name: channel}, clock, limited=limits)
        world = World(server, database, channel, outbox, clock, folder)

        async def intake(batch: Sequence[Incoming]) -> None:
            if world.fail_intake:
                raise world.fail_intake.pop(0)
            await inbox.take(batch)
            world.taken += batch

        works = [asyncio.create_task(channel.run(intake)), asyncio.create_task(outbox.run())]
        async with webhook_of(channel) as server.callback:
            await asyncio.sleep(0)
            yield world
            await outbox.stop()
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)
        await inbox.close()
        await channel.close()
        await database.close()


def template(name: str, language: str = "en", buttons: int = 0) -> Template:
    return Template(name=name, language=language, buttons=buttons)
