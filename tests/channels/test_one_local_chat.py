"""The terminal and the page are one chat: what was asked for in the one is answered in the other, also from before they were."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from bot.channels.base import Incoming
from bot.channels.moving_in import move_in
from bot.channels.recording import Recording
from bot.channels.terminal import TerminalChannel
from bot.channels.web import WebChannel
from bot.inbox import Inbox
from bot.outbox import Outbox
from bot.web import history
from orchestrator.contracts import Card
from orchestrator.people import Door
from orchestrator.tasks import outgoing
from orchestrator.tasks.outgoing import Envelope
from orchestrator.words import Catalogues
from storage.database import Database
from storage.models import ChatRow, MessageRow, OutgoingRow, new_id
from tests.channels.test_terminal import console, reader, written
from tests.conftest import MovedClock
from tests.people import settle


def shown(database: Database) -> list[str]:
    """The page's entries."""

    def read(connection: sa.Connection) -> list[str]:
        chat = history.chat_row(connection, "web", "local")
        return [entry["html"] for entry in history.recent(connection, chat.id, 10_000)["entries"]] if chat else []

    return list(database.read_now(read))


async def test_what_was_asked_for_in_the_terminal_comes_to_the_page(database: Database, clock: MovedClock) -> None:
    """`majordomo chat` is left; by the time of the reminder only `majordomo run` is there."""
    on = console()
    channel = TerminalChannel(on, reader(["remind me of the tea"]), interactive=False, record=Recording(database, clock, "web"))
    inbox = Inbox(database, clock, Door(), Catalogues(), {channel.name: channel})
    outbox = Outbox(database, {channel.name: channel}, clock)
    running = asyncio.create_task(outbox.run())

    async def intake(batch: Sequence[Incoming]) -> None:
        await inbox.take(batch)
        await database.write(lambda connection: say(connection, "I shall", clock))

    await channel.run(intake)
    await outbox.stop()
    await running
    assert "I shall" in written(on)
    page = WebChannel(database, clock)
    outbox = Outbox(database, {page.name: page}, clock)
    running = asyncio.create_task(outbox.run())
    await database.write(lambda connection: say(connection, "The tea!", clock))
    async with asyncio.timeout(60):
        while "<p>The tea!</p>" not in shown(database):
            await asyncio.sleep(0.02)
    await outbox.stop()
    await running
    assert shown(database) == ["remind me of the tea", "<p>I shall</p>", "<p>The tea!</p>"]


def say(connection: sa.Connection, text: str, clock: MovedClock) -> None:
    row = connection.execute(sa.select(MessageRow.chat_id, MessageRow.person_id).limit(1)).one()
    clock.move(seconds=1)
    outgoing.post(connection, Envelope(row.chat_id, row.person_id, clock.now()), Card(text))


@pytest.mark.parametrize("page_too", [False, True])
def test_a_terminals_chat_of_an_earlier_version_moves_over(page_too: bool, database: Database, clock: MovedClock) -> None:
    ada = settle(database, channel="terminal", external="local")
    envelope = Envelope(ada.chat_id, ada.person.id, clock.now())
    database.write_now(lambda connection: outgoing.post(connection, envelope, Card("The tea!")))
    if page_too:
        row = {"id": "page", "person_id": ada.person.id, "channel": "web", "external_id": "local", "created_at": clock.now()}
        database.write_now(lambda connection: connection.execute(sa.insert(ChatRow), row))
    assert [database.write_now(move_in) for _ in range(2)] == [True, False]
    query = sa.select(ChatRow.channel, ChatRow.external_id).join(OutgoingRow, OutgoingRow.chat_id == ChatRow.id)
    assert database.read_now(lambda connection: connection.execute(query).all()) == [("web", "local")]


def test_who_goes_back_to_an_earlier_version_and_comes_again_loses_nothing(database: Database, clock: MovedClock) -> None:
    person = settle(database).person.id

    def back_and_forth(connection: sa.Connection) -> None:
        row = {"id": new_id(), "person_id": person, "channel": "terminal", "external_id": "local", "created_at": clock.now()}
        connection.execute(sa.insert(ChatRow), row)
        outgoing.post(connection, Envelope(str(row["id"]), person, clock.now()), Card("The tea!"))
        connection.execute(sa.update(OutgoingRow).values(state="sent", platform_id="1"))
        assert move_in(connection)

    for _ in range(2):
        database.write_now(back_and_forth)
    query = sa.select(OutgoingRow.platform_id).join(ChatRow, OutgoingRow.chat_id == ChatRow.id).where(ChatRow.channel == "web")
    shown = database.read_now(lambda connection: connection.execute(query.order_by(OutgoingRow.seq)).scalars().all())
    assert len(shown) == 2 and shown[-1] is None


def test_where_there_is_nothing_to_move_nothing_moves(database: Database) -> None:
    settle(database)
    assert database.write_now(move_in) is False
