"""From a person's message to the reply they see, over HTTP, while Telegram floods, fails, breaks and refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.channels.telegram import TelegramChannel, TelegramSettings
from bot.inbox import Inbox
from bot.outbox import Outbox
from orchestrator.clock import SystemClock
from orchestrator.contracts import Action, Attachment, Button, Card
from orchestrator.people import Door, Strangers
from orchestrator.tasks import outgoing
from orchestrator.tasks.inbox import take_oldest
from orchestrator.tasks.outgoing import Envelope
from orchestrator.words import Catalogues
from storage import schema
from storage.database import Database
from storage.models import ChatRow, MessageRow, OutgoingRow
from tests.servers.telegram.api import Api
from tests.servers.telegram.faults import Kind
from tests.servers.telegram.messages import Sent


class Bot:
    """Inbox, outbox and Telegram with an echo in place of the front desk. `stop` and `start` make another process of it."""

    def __init__(self, server: Api, url: str, *, limited: bool = False) -> None:
        self.server, self.url, self.limited = server, url, limited

    async def start(self) -> None:
        clock = SystemClock()
        self.database = Database(self.url)
        schema.ensure(self.database.engine)
        self.channel = TelegramChannel(TelegramSettings(self.server.token, self.server.root, poll_seconds=1))
        channels = {"telegram": self.channel}
        self.inbox = Inbox(self.database, clock, Door(Strangers.WELCOME), Catalogues(), channels)
        self.outbox = Outbox(self.database, channels, clock, limited=self.limited)
        self.database.signals.subscribe("inbox", lambda chat: self.tasks.append(asyncio.create_task(self._echo(chat))))
        self.tasks: list[asyncio.Task[None]] = []
        self.receiving = asyncio.create_task(self.channel.run(self.inbox.take))
        self.sending = asyncio.create_task(self.outbox.run())

    async def stop(self) -> None:
        self.receiving.cancel()
        await asyncio.gather(self.receiving, *self.tasks, return_exceptions=True)
        await self.outbox.stop()
        await self.sending
        await self.inbox.close()
        await self.channel.close()
        await self.database.close()

    async def _echo(self, chat_id: str) -> None:
        def work(connection: sa.Connection) -> bool:
            now = SystemClock().now()
            message = take_oldest(connection, chat_id, now)
            if message is not None:
                outgoing.post(connection, Envelope(chat_id, message.person_id, now), Card(message.text))
            return message is not None

        while await self.database.write(work, key=chat_id):
            pass

    async def post(self, card: Card, task_id: str | None = None) -> str:
        """Queue a card for chat 5."""

        def work(connection: sa.Connection) -> str:
            chat = connection.execute(sa.select(ChatRow).where(ChatRow.external_id == "5")).one()
            return outgoing.post(connection, Envelope(chat.id, chat.person_id, SystemClock().now(), task_id), card)

        return await self.database.write(work)

    async def until(self, holds: Callable[[], bool], seconds: float = 15) -> None:
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.01)

    async def until_quiet(self, seconds: float = 15) -> None:
        """Nothing waits at the platform, in the inbox or in the outbox."""
        busy_out = sa.select(sa.func.count()).where(OutgoingRow.state.in_(("queued", "sending", "retry")))
        busy_in = sa.select(sa.func.count()).where(MessageRow.state == "received")

        def quiet() -> bool:
            waiting = self.database.read_now(lambda c: c.execute(busy_out).scalar_one() + c.execute(busy_in).scalar_one())
            return not self.server.pending and not waiting

        await self.until(quiet, seconds)


@pytest.fixture
async def server() -> AsyncIterator[Api]:
    async with Api() as running:
        yield running
        assert running.violations == []


@pytest.fixture
async def bot(server: Api, tmp_path: Path) -> AsyncIterator[Bot]:
    made = Bot(server, f"sqlite+aiosqlite:///{tmp_path}/majordomo.db")
    await made.start()
    server.say(5, "/start")
    await server.shown(5, "/start")
    server.sent.clear()
    server.chat(5).messages.clear()
    yield made
    await made.stop()


async def test_duplicates_within_across_batches_and_after_a_restart_are_answered_once_in_order(server: Api, bot: Bot) -> None:
    first = [server.say(5, f"n{number}") for number in range(30)]
    for update in first[::3]:
        server.again(update)
    await bot.until_quiet()
    for update in first[::4]:
        server.again(update)
    await bot.until_quiet()
    await bot.stop()
    for update in first[::5]:
        server.again(update)
    server.say(5, "while down")
    await bot.start()
    await bot.until_quiet()
    assert server.texts(5) == [*(f"n{number}" for number in range(30)), "while down"]


@pytest.mark.parametrize("kind", ["flood", "refuse_markup"])
async def test_what_the_platform_surely_did_not_show_is_shown_once_unmarked(server: Api, bot: Bot, kind: Kind) -> None:
    server.faults.add("sendMessage", kind, times=2)
    for number in range(3):
        server.say(5, f"**n**{number}")
    await bot.until_quiet()
    assert server.texts(5) == ["n0", "n1", "n2"]


@pytest.mark.parametrize(("kind", "shown"), [("bad_gateway", ["↻ n0", "n1"]), ("close_before", ["↻ n0", "n1"]), ("close_after", ["n0", "↻ n0", "n1"])])
async def test_what_may_have_been_shown_has_exactly_one_marked_copy(server: Api, bot: Bot, kind: Kind, shown: list[str]) -> None:
    server.faults.add("sendMessage", kind)
    server.say(5, "n0")
    server.say(5, "n1")
    await bot.until_quiet()
    assert server.texts(5) == shown


async def test_edits_that_broke_in_the_middle_are_repeated_unseen(server: Api, bot: Bot) -> None:
    await bot.post(Card("0 %", status_key="p"), "t1")
    await bot.until_quiet()
    server.faults.add("editMessageText", "close_after")
    server.faults.add("editMessageText", "bad_gateway")
    await bot.post(Card("50 %", status_key="p"), "t1")
    await bot.until_quiet()
    assert server.texts(5) == ["50 %"]
    assert len(server.edits) == 1


async def test_polling_goes_on_through_every_kind_of_failure(server: Api, bot: Bot) -> None:
    server.faults.add("getUpdates", "bad_gateway")
    server.faults.add("getUpdates", "close_before")
    server.faults.add("getUpdates", "flood")
    server.faults.add("getUpdates", "close_after")
    for number in range(5):
        server.say(5, f"n{number}")
    await bot.until_quiet()
    assert server.texts(5) == [f"n{number}" for number in range(5)]


async def test_a_person_who_blocked_the_bot_holds_nobody_up(server: Api, bot: Bot) -> None:
    server.faults.add("sendMessage", "forbidden", times=None, chat=6)
    server.say(6, "hello")
    server.say(5, "hello")
    await bot.until_quiet()
    assert (server.texts(5), server.texts(6)) == (["hello"], [])


async def test_ten_thousand_characters_of_markdown_rubbish_arrive_whole_and_valid(server: Api, bot: Bot) -> None:
    line = "# **bold _both** `code` [link](https://a.b/c_d) ~~x~~ <b>&lt; 😀 *[](x) | a | b |\n|---|---|\n| 1 | **2** |\n> - 1. [x](javascript:y) ```\n\n"
    text = "".join(f"{number:04d} {line}" for number in range(80))
    assert len(text) > 10_000
    await bot.post(Card(text, ((Button("Go on", Action("say", "go on")),),), (Attachment("all.txt", "text/plain", text),)))
    await bot.until_quiet()
    shown = server.texts(5)
    assert len(shown) > 3
    assert all(f"{number:04d}" in "".join(shown) for number in range(80))
    assert [bool(sent.buttons) for sent in server.sent] == [False] * (len(shown) - 2) + [True, False]
    file = server.sent[-1].file
    assert file is not None
    assert file.content == text.encode()


async def test_a_button_is_pressed_and_answered(server: Api, bot: Bot) -> None:
    await bot.post(Card("Book it?", ((Button("Yes", Action("say", "yes")),),)))
    await bot.until_quiet()
    await server.user(5).press(None, "Yes")
    query = sa.select(MessageRow.payload).where(MessageRow.kind == "button")
    await bot.until(lambda: bot.database.read_now(lambda c: c.execute(query).first()) is not None)
    press = bot.database.read_now(lambda c: c.execute(query).scalar_one())
    await bot.channel.answer_press(press["press_id"], "Done")
    assert [toast.text for toast in server.toasts] == ["Done"]
    assert press["token"] == server.sent[0].buttons[0][0].data


async def test_the_limits_are_kept(server: Api, tmp_path: Path) -> None:
    """Twelve messages at once to one chat and one each to twenty-five: the platform has to refuse none of it."""
    server.limits = True
    bot = Bot(server, f"sqlite+aiosqlite:///{tmp_path}/limited.db", limited=True)
    await bot.start()
    times: dict[int, list[float]] = {}

    def note(sent: Sent) -> None:
        times.setdefault(sent.chat_id, []).append(sent.time)

    server.platform.on_sent.append(note)
    for number in range(8):
        server.say(5, f"n{number}")
    for chat in range(100, 125):
        server.say(chat, "hello")
    await bot.until_quiet(20)
    await bot.stop()
    everything = sorted(at for each in times.values() for at in each)
    assert len(everything) == 33
    assert server.floods == 0
    assert max(sum(1 for at in everything if start <= at < start + 1) for start in everything) <= 30
    assert all(later - first >= 0.9 * (n - 5) for n, (first, later) in enumerate((times[5][0], at) for at in times[5]) if n >= 5)
    assert server.texts(5) == [f"n{number}" for number in range(8)]


async def test_the_limits_of_an_unlimited_server_are_its_own(server: Api, bot: Bot) -> None:
    """The twin: with MAJORDOMO_SEND_LIMITS=off the same messages go out at once."""
    times: list[float] = []
    server.platform.on_sent.append(lambda sent: times.append(sent.time))
    for number in range(8):
        server.say(5, f"n{number}")
    await bot.until_quiet()
    assert times[-1] - times[0] < 2
