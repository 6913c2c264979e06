"""Given a chat in which somebody waits for a language model, then it shows "typing…" until the answer has come, and no other chat does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot import typing_signs
from bot.typing_signs import TypingSigns
from orchestrator.clock import SystemClock
from orchestrator.tasks import inbox
from storage.database import Database
from tests.channels.recording import RecordingChannel
from tests.people import settle


class Typist(RecordingChannel):
    """Remembers where it showed that somebody types."""

    def __init__(self) -> None:
        super().__init__()
        self.typed: list[str] = []

    async def typing(self, chat: str) -> None:
        self.typed.append(chat)


@pytest.fixture
async def channel(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Typist]:
    monkeypatch.setattr(typing_signs, "EVERY", 0.05)
    made = Typist()
    run = asyncio.create_task(TypingSigns(database, {"telegram": made}, SystemClock()).run())
    await asyncio.sleep(0)
    yield made
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)


async def test_it_is_shown_again_and_again_until_the_chat_is_free(database: Database, channel: Typist) -> None:
    ada, _bob = settle(database, channel="telegram", external="1"), settle(database, channel="telegram", external="2")
    until = datetime.now(UTC) + timedelta(seconds=30)
    await database.write(lambda connection: inbox.hold(connection, ada.chat_id, "m", until))
    await asyncio.sleep(0.3)
    await database.write(lambda connection: inbox.free(connection, ada.chat_id))
    await asyncio.sleep(0.1)
    shown = len(channel.typed)
    await asyncio.sleep(0.2)
    assert shown >= 3
    assert channel.typed == ["1"] * shown


async def test_it_ends_with_the_patience_of_the_chat(database: Database, channel: Typist) -> None:
    ada = settle(database, channel="telegram", external="1")
    await database.write(lambda connection: inbox.hold(connection, ada.chat_id, "m", datetime.now(UTC) + timedelta(seconds=0.1)))
    await asyncio.sleep(0.4)
    shown = len(channel.typed)
    await asyncio.sleep(0.2)
    assert 1 <= shown == len(channel.typed)
