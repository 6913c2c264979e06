"""What was done in the chat can be taken back with the button that reported it."""

from __future__ import annotations

import sqlalchemy as sa

from storage.models import CalendarEventRow, CalendarSlotRow, TaskRow
from tests.agents.talk import Talk


async def run_undo(talk: Talk) -> None:
    """The durable lane, by hand."""
    query = sa.select(TaskRow.id, TaskRow.segment).where(TaskRow.type == "undo").order_by(TaskRow.id.desc()).limit(1)
    task = talk.house.database.read_now(lambda connection: connection.execute(query).one())
    await talk.house.segments.run(task.id, task.segment)


def states(talk: Talk) -> list[str]:
    query = sa.select(CalendarEventRow.state).order_by(CalendarEventRow.id)
    return list(talk.house.database.read_now(lambda connection: connection.execute(query).scalars().all()))


async def test_a_booking_is_taken_back_and_its_time_is_free_again(owner: Talk) -> None:
    assert "Booked" in owner.say("book a haircut on Tuesday at 3pm")
    assert any(label.startswith("Undo") for label in owner.buttons())
    owner.press("Undo")
    await run_undo(owner)
    assert states(owner) == ["cancelled"] and "Undone: " in owner.heard()
    slots = owner.house.database.read_now(lambda connection: connection.execute(sa.select(sa.func.count()).select_from(CalendarSlotRow)).scalar_one())
    assert slots == 0


async def test_a_cancellation_is_taken_back_while_the_time_is_still_free(owner: Talk) -> None:
    owner.say("book a haircut on Tuesday at 3pm")
    said = owner.say("cancel my appointment")
    if "Undo" not in " ".join(owner.buttons()):
        said = owner.say("yes")
    assert "ancel" in said
    owner.press("Undo")
    await run_undo(owner)
    assert states(owner) == ["cancelled", "booked"]


async def test_undo_in_words_takes_the_last_change_back(owner: Talk) -> None:
    owner.say("book a haircut on Tuesday at 3pm")
    owner.say("/undo")
    await run_undo(owner)
    assert states(owner) == ["cancelled"]
    assert "nothing that I could undo" in owner.say("/undo")
