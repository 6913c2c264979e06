"""Given a message that cannot be handled, when it has failed twice, then it is answered honestly and the chat goes on; a database that fails loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from bot.handling import Handling
from orchestrator.triage.desk import Desk
from storage.models import MessageRow, new_id
from tests.agents.talk import Talk, open_house, someone
from tests.conftest import MovedClock
from tests.trained import trained_router


@pytest.fixture
def talk(tmp_path: Path, clock: MovedClock) -> Talk:
    trained_router(tmp_path / "cache")
    return someone(open_house(tmp_path, clock))


def fails_for(text: str, error: Callable[[], Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk stumbles over this text, every time."""
    handle = Desk._handle

    def stumble(self: Desk, turn: Any) -> None:
        if turn.text == text:
            raise error()
        handle(self, turn)

    monkeypatch.setattr(Desk, "_handle", stumble)


async def handled(talk: Talk, *texts: str) -> list[str]:
    """The states of these messages, sent at once, after a while."""
    house = talk.house
    handling = Handling(house.database, house.desk, house.clock)
    running = asyncio.create_task(handling.run())
    await asyncio.sleep(0.05)

    def store(connection: sa.Connection) -> None:
        for text in texts:
            row = {
                "id": new_id(), "channel": "web", "platform_id": new_id(), "chat_id": talk.somebody.chat_id, "person_id": talk.somebody.person.id,
                "kind": "text", "text": text, "payload": {}, "state": "received", "received_at": house.clock.now(),
            }  # fmt: skip
            connection.execute(sa.insert(MessageRow), row)

    await house.database.write(store)
    handling.wake(talk.somebody.chat_id)
    query = sa.select(MessageRow.state).where(MessageRow.text.in_(texts)).order_by(MessageRow.seq)
    for _ in range(100):
        states = await house.database.read(lambda connection: list(connection.execute(query).scalars()))
        if "received" not in states:
            break
        await asyncio.sleep(0.02)
    await handling.stop()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await house.database.close()
    return states


@pytest.mark.parametrize("error", [lambda: IntegrityError("", {}, Exception()), lambda: DataError("", {}, Exception()), lambda: KeyError("x")])
async def test_what_a_message_leads_to_does_not_hold_up_its_chat(talk: Talk, monkeypatch: pytest.MonkeyPatch, error: Callable[[], Exception]) -> None:
    fails_for("stumble", error, monkeypatch)
    assert await handled(talk, "stumble", "what are your opening hours?") == ["handled", "handled"]
    assert "09:00" in talk.heard() or "10:00" in talk.heard()


async def test_while_the_database_fails_the_message_stays(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    fails_for("stumble", lambda: OperationalError("", {}, Exception()), monkeypatch)
    assert await handled(talk, "stumble") == ["received"]
