"""What the page loads at its start: the last messages as they stand now, and of their edits only the last."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot.channels.base import Part
from bot.channels.recording import Recording
from bot.web import history
from storage.database import Database
from storage.models import EventRow
from tests.conftest import MovedClock
from tests.people import settle


@pytest.mark.parametrize("edits", [0, 3])
async def test_a_message_is_shown_as_it_was_edited_last(edits: int, database: Database, clock: MovedClock) -> None:
    ada = settle(database)
    recording = Recording(database, clock, "web")
    first, second = [await recording.send("local", Part(text, markdown=text)) for text in ("one", "two")]
    for number in range(edits):
        await recording.edit("local", first, Part(f"one, edit {number}", markdown=f"one, edit {number}"))
    shown = database.read_now(lambda connection: history.recent(connection, ada.chat_id, 10_000))["entries"]
    assert [entry["html"] for entry in shown] == [f"<p>one{f', edit {edits - 1}' if edits else ''}</p>", "<p>two</p>"]
    assert [entry["id"] for entry in shown] == [first, second]


async def test_of_a_thousand_edits_one_is_loaded(database: Database, clock: MovedClock) -> None:
    ada = settle(database)
    recording = Recording(database, clock, "web")
    shown = await recording.send("local", Part("working", markdown="working"))
    row = {"person_id": ada.person.id, "chat_id": ada.chat_id, "kind": "edit", "created_at": clock.now()}
    rows = [{**row, "data": {"of": of, "html": f"{number} %", "markdown": "", "buttons": []}} for number in range(500) for of in (shown, "0")]
    database.write_now(lambda connection: connection.execute(sa.insert(EventRow), rows))
    found = database.read_now(lambda connection: history._newest_edits(connection, ada.chat_id, [shown], 10_000))
    assert [edit["html"] for edit in found] == ["499 %"]
    assert database.read_now(lambda connection: history._newest_edits(connection, ada.chat_id, [], 10_000)) == []
