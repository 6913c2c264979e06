"""What was done in the chat can be taken back with the button that reported it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from orchestrator.actions import effects, takeable
from orchestrator.contracts import Task, TaskState
from orchestrator.tasks import manager
from orchestrator.tasks.manager import NewTask
from storage.models import CalendarEventRow, CalendarSlotRow, EffectRow, TaskRow, new_id
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


async def test_an_undo_in_doubt_is_asked_about_and_not_offered_a_second_time(owner: Talk) -> None:
    """What was to be taken back may have been: only the answer tells, and until then it is under way."""
    house, person = owner.house, owner.somebody.person
    label = {"tool": "files.restore", "arguments": {}, "label": "delete it"}

    def begin(connection: sa.Connection, kind: str, state: str, slots: dict[str, Any], undo: dict[str, Any] | None) -> tuple[Task, str]:
        new = NewTask(type=kind, agent=kind, person_id=person.id, chat_id=owner.somebody.chat_id, language="en", title=kind, text=kind, slots=slots)
        task, effect = manager.create(connection, new, house.clock.now(), state=TaskState.IN_PROGRESS), new_id()
        row = {
            "id": effect, "task_id": task.id, "person_id": person.id, "key": "do", "epoch": 0, "tool": "files.delete", "version": 1, "arguments": {},
            "digest": "x", "state": state, "summary": kind, "attempts": 1, "created_at": house.clock.now(), "undo": undo,
        }  # fmt: skip
        connection.execute(sa.insert(EffectRow), row)
        return task, effect

    def fail(connection: sa.Connection) -> tuple[Task, str]:
        _, done = begin(connection, "email", "undoing", {}, label)
        undoing, _ = begin(connection, "undo", "in_doubt", {"effect": done, **label}, None)
        house.runner._fail(connection, undoing, {"type": "ToolError", "message": "the line dropped"}, None)
        return undoing, done

    undoing, done = house.database.write_now(fail)

    def read(connection: sa.Connection) -> tuple[str, str, int]:
        task = manager.load(connection, undoing.id)
        return str(task and task.state.value), effects.get(connection, done).state, len(takeable.offers(connection, person.id))

    assert house.database.read_now(read) == ("awaiting_approval", "undoing", 0)
