"""What every channel must do, asked of each of them. A new channel adds one rig below and is held to all of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.cards.parts import parts
from bot.channels.api import ApiChannel
from bot.channels.base import Channel, DeliveryError, Incoming, Key, Kind, Markup, Part
from bot.channels.telegram import TelegramChannel, TelegramSettings
from bot.channels.web import WebChannel
from bot.channels.whatsapp.channel import Doorway, WhatsAppChannel
from bot.outbox import Outbox
from orchestrator.clock import SystemClock
from orchestrator.contracts import Action, Attachment, Button, Card
from orchestrator.tasks import outgoing
from orchestrator.tasks.outgoing import Envelope
from orchestrator.words import Catalogues
from storage import schema
from storage.database import Database
from storage.models import EventRow, OutgoingRow
from tests.channels.recording import RecordingChannel
from tests.channels.whatsapp_house import PlatformClock, keys_of, webhook_of
from tests.people import settle
from tests.servers.telegram import TelegramServer
from tests.servers.telegram.messages import Sent
from tests.servers.telegram.platform import Press
from tests.servers.whatsapp import WhatsAppServer


@dataclass
class Rig:
    """A channel ready to use: a chat on it, what is shown there, and a person who writes there."""

    channel: Channel
    chat: str
    shown: Callable[[], list[str]]
    say: Callable[[str], None] | None = None
    taken: list[Incoming] = field(default_factory=list)

    async def intake(self, batch: Sequence[Incoming]) -> None:
        self.taken += batch


async def telegram_rig(stack: AsyncExitStack, _database: Database) -> Rig:
    server = await stack.enter_async_context(TelegramServer())
    person = server.user(5)
    server.chat(5).known = True
    server.platform.presses["77"] = Press("77", 5, 5, 1, server.platform.now())
    channel = TelegramChannel(TelegramSettings(server.token, server.root, poll_seconds=1))
    stack.callback(check, server)
    return Rig(channel, "5", lambda: [sent.text or name_of(sent) for sent in server.sent], lambda text: void(server.push(person.message(text))))


def name_of(sent: Sent) -> str:
    return sent.file.name if sent.file else ""


def check(server: TelegramServer) -> None:
    """The platform had nothing to complain of, but for the chat that does not exist."""
    assert [fault for fault in server.violations if "chat not found" not in fault.description] == []


async def web_rig(_stack: AsyncExitStack, database: Database) -> Rig:
    return Rig(WebChannel(database, SystemClock()), "local", lambda: recorded(database))


async def api_rig(_stack: AsyncExitStack, database: Database) -> Rig:
    return Rig(ApiChannel(database, SystemClock()), "a-person", lambda: recorded(database))


def recorded(database: Database) -> list[str]:
    query = sa.select(EventRow.data).where(EventRow.kind == "message").order_by(EventRow.id)
    rows = database.read_now(lambda connection: connection.execute(query).scalars().all())
    return [row["html"] or row["file"]["name"] for row in rows]


async def whatsapp_rig(stack: AsyncExitStack, database: Database) -> Rig:
    server = await stack.enter_async_context(WhatsAppServer())
    person = server.person("5")
    server.platform.wrote(person)
    channel = WhatsAppChannel(keys_of(server), Doorway(database, PlatformClock(server), Catalogues(), Path("files")))
    server.callback = await stack.enter_async_context(webhook_of(channel))
    stack.callback(lambda: check_whatsapp(server))
    saying: list[asyncio.Task[object]] = []

    def say(text: str) -> None:
        message = server.webhook((person, person.text(text)))
        before = list(saying)

        async def post() -> None:
            await asyncio.gather(*before)
            await server.hand_over(message)

        saying.append(asyncio.create_task(post()))

    return Rig(channel, "5", lambda: server.texts(person), say)


def check_whatsapp(server: WhatsAppServer) -> None:
    assert server.violations == []


async def recording_rig(_stack: AsyncExitStack, _database: Database) -> Rig:
    channel = RecordingChannel()
    return Rig(channel, "5", channel.texts)


def void(_value: object) -> None:
    """For a lambda whose result nobody wants."""


RIGS = {"telegram": telegram_rig, "web": web_rig, "api": api_rig, "whatsapp": whatsapp_rig, "recording": recording_rig}


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(f"sqlite+aiosqlite:///{tmp_path}/majordomo.db")
    schema.ensure(opened.engine)
    yield opened
    await opened.close()


@pytest.fixture(params=list(RIGS))
async def rig(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Rig]:
    async with AsyncExitStack() as stack:
        made = await RIGS[request.param](stack, database)
        settle(database, channel=made.channel.name, external=made.chat)
        yield made
        await made.channel.close()
        await made.channel.close()


def test_it_is_a_channel_with_a_name_and_honest_limits(rig: Rig) -> None:
    assert isinstance(rig.channel, Channel)
    assert rig.channel.name == rig.channel.name.lower()
    can = rig.channel.capabilities
    assert can.text_limit >= 160
    assert can.keys_max >= can.keys_per_row >= 1
    assert isinstance(can.markup, Markup)


async def test_what_is_sent_is_shown_and_every_message_has_an_id_of_its_own(rig: Rig) -> None:
    ids = [await rig.channel.send(rig.chat, Part(text, markdown=text, outgoing_id=text)) for text in ("one", "two", "three")]
    assert len(set(ids)) == 3
    assert all(isinstance(number, str) and number for number in ids)
    assert [text in shown for text, shown in zip(("one", "two", "three"), rig.shown(), strict=True)] == [True] * 3


async def test_buttons_emphasis_and_files_are_taken_without_complaint(rig: Rig) -> None:
    card = Card(
        "**Hello** [x](https://a.b) <b>",
        ((Button("Yes", Action("token", "t1")), Button("No", Action("token", "t2"))),),
        (Attachment("a.ics", "text/calendar", "B"),),
    )
    made = parts(card, rig.channel.capabilities)
    for part in made:
        await rig.channel.send(rig.chat, part)
    assert len(rig.shown()) == len(made)
    assert "**" not in "".join(rig.shown())


async def test_an_edit_is_no_new_message(rig: Rig) -> None:
    if not rig.channel.capabilities.edits:
        pytest.skip("this channel cannot edit, and says so")
    number = await rig.channel.send(rig.chat, Part("Book it?", markdown="Book it?", keys=((Key("Yes", "t1"),),)))
    await rig.channel.edit(rig.chat, number, Part("Booked.", markdown="Booked."))
    assert len(rig.shown()) == 1


async def test_presses_are_answered_and_typing_never_raises(rig: Rig) -> None:
    await rig.channel.answer_press("77", "Done")
    await rig.channel.typing(rig.chat)
    await rig.channel.typing("999999")


async def test_it_receives_until_it_is_cancelled(rig: Rig) -> None:
    run = asyncio.create_task(rig.channel.run(rig.intake))
    if rig.say is not None:
        rig.say("hello")
        rig.say("again")
        async with asyncio.timeout(60):
            while len(rig.taken) < 2:
                await asyncio.sleep(0.01)
        assert [item.text for item in rig.taken] == ["hello", "again"]
        assert {(item.channel, item.kind) for item in rig.taken} == {(rig.channel.name, Kind.TEXT)}
        assert len({item.platform_id for item in rig.taken}) == 2
    await asyncio.sleep(0.05)
    assert not run.done()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run


async def test_the_longest_part_still_fits(rig: Rig) -> None:
    limit = rig.channel.capabilities.text_limit
    for part in parts(Card("word 😀 " * (limit // 4)), rig.channel.capabilities):
        assert len(part.text.encode("utf-16-le")) // 2 <= limit
        await rig.channel.send(rig.chat, part)
    assert sum(shown.count("word") for shown in rig.shown()) == limit // 4


async def test_the_outbox_delivers_on_it_in_order(rig: Rig, database: Database) -> None:
    outbox = Outbox(database, {rig.channel.name: rig.channel}, SystemClock(), limited=False)
    run = asyncio.create_task(outbox.run())
    chat = database.read_now(lambda connection: connection.execute(sa.text("SELECT id, person_id FROM chats")).one())
    for number in range(5):
        envelope = Envelope(chat.id, chat.person_id, SystemClock().now())
        await database.write(lambda c, e=envelope, n=number: outgoing.post(c, e, Card(f"number {n}")))  # type: ignore[misc]
    waiting = sa.select(sa.func.count()).where(OutgoingRow.state != "sent")
    async with asyncio.timeout(60):
        while database.read_now(lambda connection: connection.execute(waiting).scalar_one()):
            await asyncio.sleep(0.01)
    await outbox.stop()
    await run
    assert [f"number {n}" in shown for n, shown in enumerate(rig.shown())] == [True] * 5


@pytest.mark.parametrize("error", DeliveryError.__subclasses__())
def test_every_delivery_error_says_what_it_means(error: type[DeliveryError]) -> None:
    assert error.__doc__
