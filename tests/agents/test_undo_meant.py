"""What "undo" takes back: the last thing that was done, never something older in its place."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from orchestrator.triage import takebacks
from orchestrator.triage.intent_data import load_builtin
from orchestrator.triage.keywords import Keywords
from storage.models import CalendarEventRow, ScheduleRow, TaskRow
from tests.agents.talk import Talk, someone
from tests.agents.test_undo import run_undo, states
from tests.conftest import MovedClock

SAID = [
    "undo", "Undo that", "undo it please", "undo the last change", "take that back", "can you undo that?", "undo #3",
    "rückgängig", "rückgängig machen", "mach das rückgängig", "Kannst du das bitte rückgängig machen?", "das rückgängig machen", "nimm das zurück",
    "deshacer", "deshazlo", "deshaz eso", "¿puedes deshacerlo?", "deshacer el último cambio", "撤销", "撤回", "请撤销一下", "把刚才的操作撤销",
]  # fmt: skip
OTHERWISE = [
    "undo my booking on Friday",
    "rückgängig machen der Buchung am Montag",
    "撤销我的预约",
    "mach meine letzte Anfrage rückgängig",
    "deshacer la cita del viernes",
]


def starts(talk: Talk) -> list[str]:
    query = sa.select(CalendarEventRow.start_at).where(CalendarEventRow.state == "booked")
    return [start.isoformat()[11:16] for start in talk.house.database.read_now(lambda connection: connection.execute(query).scalars().all())]


def reminders(talk: Talk) -> list[str]:
    query = sa.select(ScheduleRow.title).where(ScheduleRow.kind == "reminder", ScheduleRow.state == "active")
    return list(talk.house.database.read_now(lambda connection: connection.execute(query).scalars().all()))


def move(talk: Talk, seconds: float) -> None:
    assert isinstance(talk.house.clock, MovedClock)
    talk.house.clock.move(seconds=seconds)


def undoings(talk: Talk) -> int:
    query = sa.select(sa.func.count()).select_from(TaskRow).where(TaskRow.type == "undo")
    return int(talk.house.database.read_now(lambda connection: connection.execute(query).scalar_one()))


def test_undo_is_known_in_four_languages_by_its_words_alone() -> None:
    known = Keywords(load_builtin().rules)
    assert [text for text in SAID if (found := known.match(text)) is None or found.intent != "undo"] == []
    assert [text for text in OTHERWISE if (found := known.match(text)) is not None and found.intent == "undo"] == []
    rules = [rule for rule in load_builtin().rules if rule.intent == "undo"]
    assert [rule.source for rule in rules if not any(rule.pattern.search(text) for text in SAID)] == []


async def test_typed_undo_takes_back_the_reminder_and_not_the_older_booking(owner: Talk) -> None:
    owner.say("book a haircut on Friday at 11")
    owner.say("remind me tomorrow at 9 to call mom")
    assert "Before it came" in owner.say("undo") and owner.buttons() == ["Undo: booking: haircut, Friday 27 November, 11:00"]
    await run_undo(owner)
    assert reminders(owner) == [] and states(owner) == ["booked"]


async def test_undo_of_a_move_moves_back_and_only_then_takes_the_booking(owner: Talk) -> None:
    owner.say("book a haircut on Tuesday at 11")
    assert "16:00" in owner.say("actually make it 4")
    owner.say("/undo")
    assert owner.buttons() == []  # the booking comes after its move, not beside it
    await run_undo(owner)
    assert starts(owner) == ["10:00"] and "Undone: move: haircut" in owner.heard()
    owner.say("/undo")
    await run_undo(owner)
    assert states(owner) == ["cancelled"]


async def test_what_cannot_be_undone_is_said_and_nothing_older_is_touched(owner: Talk) -> None:
    owner.say("book a haircut on Tuesday at 11")
    owner.say("set my time zone to Lisbon")
    assert "cannot be undone" in owner.say("/undo") and len(owner.buttons()) == 1
    assert undoings(owner) == 0
    owner.press("Undo: booking")
    await run_undo(owner)
    assert states(owner) == ["cancelled"]


def test_what_was_done_long_ago_or_in_another_chat_is_asked_about(owner: Talk) -> None:
    owner.say("book a haircut on Tuesday at 11")
    move(owner, 3600)
    assert "Which one?" in owner.say("undo") and len(owner.buttons()) == 1
    assert undoings(owner) == 0


def test_without_the_rule_something_older_would_be_taken_back(owner: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: the rule switched off, an hour old booking goes without a question."""
    monkeypatch.setattr(takebacks, "_is_meant", lambda *_: True)
    owner.say("book a haircut on Tuesday at 11")
    move(owner, 3600)
    owner.say("undo")
    assert undoings(owner) == 1


async def test_a_number_means_the_task_of_that_number(owner: Talk) -> None:
    owner.say("book a haircut on Tuesday at 11")
    owner.say("remind me tomorrow at 9 to call mom")
    owner.say("/undo 1")
    await run_undo(owner)
    assert states(owner) == ["cancelled"] and reminders(owner) == ["call mom"]
    assert "99" in owner.say("/undo 99") and "/undo 3" in owner.say("/undo everything")
    assert undoings(owner) == 1


async def test_booking_and_cancellation_are_told_apart(owner: Talk) -> None:
    german = someone(owner.house, language="de", external="german")
    german.say("Ich möchte am Montag um 10 einen Haarschnitt")
    assert "Rückgängig: Buchung: Haarschnitt, Montag, 23. November, 10:00 Uhr" in german.buttons()
    german.say("Termin absagen")
    assert "Rückgängig: Absage: Haarschnitt, Montag, 23. November, 10:00 Uhr" in german.buttons()
    german.say("mach das rückgängig")
    await run_undo(german)
    assert states(german) == ["cancelled", "booked"]
    assert "nichts" in german.say("rückgängig")  # the first booking is no more; the new one is no change of the person's


async def test_what_could_not_be_undone_says_why_comes_last_and_can_be_tried_again(owner: Talk) -> None:
    guest = someone(owner.house, role="guest", external="guest")
    owner.say("book a haircut with Alex on Tuesday at 11")
    owner.say("cancel my appointment")
    guest.say("book a haircut with Alex on Tuesday at 11")
    owner.say("undo")
    await run_undo(owner)
    assert "That time is taken by now." in owner.heard()
    assert "Which one?" in owner.say("undo") and owner.buttons() == ["Undo: cancellation: haircut, Tuesday 24 November, 11:00"]
    guest.say("cancel my appointment")
    owner.say("/retry")
    await run_undo(owner)
    assert "settle was called" not in owner.heard() and states(owner) == ["cancelled", "cancelled", "booked"]
    assert "nothing" in owner.say("/undo")
