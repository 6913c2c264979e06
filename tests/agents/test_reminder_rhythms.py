"""What is skipped, moved, taken back or done keeps its rhythm, rings when it was said to, and stays paused where it was."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from agents.tools.reminder_times import rule_at
from agents.tools.reminders import Former, Restore
from bot.app import House
from orchestrator.contracts import Task, ToolError, ToolScope
from orchestrator.tasks import manager, notifications, schedules
from orchestrator.tasks.schedules import CRON, INTERVAL, ONCE, RRULE, NewSchedule
from storage.models import NotificationRow, OccurrenceRow, ScheduleRow
from tests.agents.talk import Talk, someone
from tests.agents.test_reminders import live, ring
from tests.agents.test_undo import run_undo
from tests.conftest import NOW, MovedClock

MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)


def rows(house: House, query: Any) -> list[Any]:
    return list(house.database.read_now(lambda connection: connection.execute(query).all()))


def rhythms_of(house: House) -> list[Any]:
    query = sa.select(ScheduleRow.repeat, ScheduleRow.rule, ScheduleRow.zone, ScheduleRow.next_due, ScheduleRow.state)
    return rows(house, query.order_by(ScheduleRow.number))


def ends(house: House) -> list[Any]:
    return rows(house, sa.select(OccurrenceRow.due_at, OccurrenceRow.outcome).order_by(OccurrenceRow.due_at))


def made(talk: Talk, repeat: str, rule: str, title: str = "water the plants", start: datetime = MONDAY, zone: str = "Europe/Berlin") -> str:
    """As a program makes one over the API."""
    new = NewSchedule(talk.somebody.person.id, talk.somebody.chat_id, "reminder", title, zone, start, repeat, rule)
    return talk.house.database.write_now(lambda connection: schedules.create(connection, new, NOW))


# --- skipped ---


def test_a_time_that_is_named_after_it_was_skipped_rings_and_may_be_skipped_again(owner: Talk, house: House, clock: MovedClock) -> None:
    owner.say("remind me every day at 11 to take pills")
    owner.say("/schedule skip 1")
    assert "today" in owner.say("change the pills reminder to today at 11") and ends(house) == []
    owner.say("/schedule skip 1")
    assert [outcome for _, outcome in ends(house)] == ["skipped"] and "22 November" in owner.heard()
    owner.say("change the pills reminder to today at 11")
    clock.move(hours=1)
    ring(house)
    assert "⏰ take pills" in owner.heard() and [outcome for _, outcome in ends(house)] == ["ran"]


def test_an_instant_that_has_ended_is_skipped_without_a_second_record(owner: Talk, house: House) -> None:
    owner.say("remind me every day at 11 to take pills")

    def twice(connection: sa.Connection) -> None:
        row = schedules.find(connection, owner.somebody.person.id, 1)
        schedules.skip_next(connection, row, NOW)
        schedules.skip_next(connection, row, NOW)

    house.database.write_now(twice)
    assert len(ends(house)) == 1


def test_what_is_skipped_or_done_stays_paused(owner: Talk, house: House) -> None:
    owner.say("remind me every day at 13 to take pills")
    owner.say("/schedule pause 1")
    assert "Done: take pills" in owner.say("mark the pills reminder as done")
    assert [(row.state, row.next_due.day) for row in rhythms_of(house)] == [("paused", 22)]


def test_one_that_nothing_follows_is_over_when_it_is_skipped(owner: Talk, house: House) -> None:
    owner.say("remind me tomorrow at 13 to take pills")
    owner.say("/schedule pause 1")
    owner.say("mark the pills reminder as done")
    assert [(row.state, row.next_due) for row in rhythms_of(house)] == [("done", None)]


def test_a_paused_one_rings_at_the_time_that_it_is_given(owner: Talk, house: House, clock: MovedClock) -> None:
    owner.say("remind me every day at 13 to take pills")
    owner.say("/schedule pause 1")
    assert "I will remind you" in owner.say("change the pills reminder to today at 11")
    clock.move(hours=1)
    ring(house)
    assert "⏰ take pills" in owner.heard()


# --- moved and taken back ---


@pytest.mark.parametrize(("repeat", "rule"), [(CRON, "0 9 * * 1"), (INTERVAL, "7200"), (RRULE, "FREQ=WEEKLY;BYDAY=MO"), (ONCE, "")])
async def test_what_was_deleted_comes_back_with_its_rhythm_and_zone(owner: Talk, house: House, repeat: str, rule: str) -> None:
    made(owner, repeat, rule, zone="America/New_York")
    before = rhythms_of(house)
    owner.say("delete the reminder about the plants")
    assert live(house) == []
    owner.say("/undo")
    await run_undo(owner)
    assert rhythms_of(house) == before


async def test_a_reminder_by_cron_keeps_its_days_at_another_hour_and_the_change_is_taken_back(owner: Talk, house: House) -> None:
    made(owner, CRON, "0 9 * * 1")
    before = rhythms_of(house)
    assert "Monday 23 November, 10:00" in owner.say("change the plants reminder to 10am")
    [(repeat, rule, _, due, _)] = rhythms_of(house)
    assert (repeat, rule, due) == (CRON, "0 10 * * 1", datetime(2026, 11, 23, 9, tzinfo=UTC))
    owner.press("Undo")
    await run_undo(owner)
    assert rhythms_of(house) == before


def test_an_interval_counts_from_its_new_time(owner: Talk, house: House) -> None:
    made(owner, INTERVAL, "7200")
    owner.say("change the plants reminder to 10am")
    [row] = rows(house, sa.select(ScheduleRow.__table__))
    ten = datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert (row.repeat, row.rule, row.next_due) == (INTERVAL, "7200", ten)
    assert schedules.following(row, ten) == datetime(2026, 11, 23, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("en", "change the plants reminder to 10am", "more than one time of day"),
        ("de", "ändere die Erinnerung plants auf 10 Uhr", "mehr als einer Uhrzeit"),
        ("es", "cambia el recordatorio plants a las 10", "más de una hora"),
        ("zh", "把plants的提醒改到上午10点", "不止一个时间"),
    ],
)
@pytest.mark.parametrize(("repeat", "rule"), [(CRON, "0 9,17 * * *"), (RRULE, "FREQ=DAILY;BYHOUR=9,17;BYMINUTE=0")])
def test_one_that_rings_several_times_a_day_is_not_moved_to_one(house: House, language: str, text: str, words: str, repeat: str, rule: str) -> None:
    talk = someone(house, language=language)
    made(talk, repeat, rule, title="plants")
    before = rhythms_of(house)
    assert words in talk.say(text)
    assert rhythms_of(house) == before


def test_a_rule_takes_the_time_of_day_and_keeps_the_rest() -> None:
    half_past_ten = datetime(2026, 11, 23, 10, 30)
    assert rule_at(CRON, "0 9 * * 1", half_past_ten) == "30 10 * * 1"
    assert rule_at(RRULE, "BYHOUR=9;FREQ=DAILY;BYMINUTE=0", half_past_ten) == "FREQ=DAILY;BYHOUR=10;BYMINUTE=30"
    assert rule_at(RRULE, "FREQ=WEEKLY;BYDAY=MO", half_past_ten) == "FREQ=WEEKLY;BYDAY=MO"
    assert rule_at(INTERVAL, "7200", half_past_ten) == "7200" and rule_at(ONCE, "", half_past_ten) == ""
    for rule in ("*/5 9 * * *", "0 9-17 * * *", "@daily"):
        with pytest.raises(ToolError, match="rhythm"):
            rule_at(CRON, rule, half_past_ten)


def scope_of(talk: Talk, connection: sa.Connection) -> ToolScope:
    new = manager.NewTask(type="undo", agent="undo", person_id=talk.somebody.person.id, chat_id=talk.somebody.chat_id, language="en", title="x", text="x")
    task: Task = manager.create(connection, new, NOW)
    return ToolScope(connection, talk.somebody.person, task, NOW)


@pytest.mark.parametrize(
    ("repeat", "rule", "kept", "after"),
    [
        (ONCE, "", "FREQ=DAILY", (RRULE, "FREQ=DAILY")),
        (RRULE, "FREQ=DAILY", "", (ONCE, "")),
        (CRON, "0 9 * * 1", "", (CRON, "0 9 * * 1")),
        (INTERVAL, "7200", "", (INTERVAL, "7200")),
    ],
)
def test_what_an_earlier_version_kept_can_still_be_taken_back(owner: Talk, house: House, repeat: str, rule: str, kept: str, after: tuple[str, str]) -> None:
    """It kept the rules of recurrences only, and no zone."""
    schedule = made(owner, repeat, rule)
    before = Former.model_validate({"id": schedule, "start": MONDAY.isoformat(), "due": MONDAY.isoformat(), "rule": kept, "state": "active"})
    house.database.write_now(lambda connection: Restore().run(scope_of(owner, connection), before))
    assert rhythms_of(house) == [(*after, "Europe/Berlin", MONDAY, "active")]


def test_what_comes_back_late_goes_on_by_its_own_rule(owner: Talk, house: House) -> None:
    schedule = made(owner, CRON, "0 9 * * 1")
    before = Former(id=schedule, start=datetime(2026, 11, 2, 8, tzinfo=UTC), due=datetime(2026, 11, 16, 8, tzinfo=UTC), repeat="cron", rule="0 9 * * 1")
    house.database.write_now(lambda connection: Restore().run(scope_of(owner, connection), before))
    assert [(row.repeat, row.next_due) for row in rhythms_of(house)] == [(CRON, MONDAY)]


# --- done ---


def state_of(house: House) -> list[Any]:
    return rows(house, sa.select(NotificationRow.title, NotificationRow.state).order_by(NotificationRow.id))


def ask_which(owner: Talk, clock: MovedClock) -> None:
    owner.say("remind me at 10:45 to call Ann")
    owner.say("remind me every day at 12 to water plants")
    owner.say("remind me every day at 13 to take pills")
    clock.move(minutes=40)
    assert "Which reminder is done?" in owner.say("done")


def test_the_one_that_was_chosen_is_done_whatever_rings_meanwhile(owner: Talk, house: House, clock: MovedClock) -> None:
    ask_which(owner, clock)
    clock.move(minutes=6)
    ring(house)
    assert "Done: water plants" in owner.press("water plants")
    assert state_of(house) == [("call Ann", "open")]
    assert [title for title, _, _ in live(house)] == ["take pills", "water plants"]


def test_the_one_that_was_chosen_and_rang_meanwhile_is_done_as_it_rang(owner: Talk, house: House, clock: MovedClock) -> None:
    ask_which(owner, clock)
    clock.move(hours=2)
    ring(house)
    assert "Done: call Ann" in owner.press("call Ann")
    assert dict(state_of(house)) == {"call Ann": "done", "water plants": "open"}


def test_the_one_that_was_chosen_and_ended_meanwhile_is_said_to_have(owner: Talk, house: House, clock: MovedClock) -> None:
    ask_which(owner, clock)
    clock.move(minutes=6)
    ring(house)
    rung = rows(house, sa.select(NotificationRow.id))[0].id
    house.database.write_now(lambda connection: notifications.mark(connection, rung, notifications.DONE, clock.now()))
    assert "ended meanwhile" in owner.press("call Ann")


# --- how many ---


def test_paused_ones_count_among_those_that_one_may_have(owner: Talk, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedules, "MOST", 2)
    owner.say("remind me tomorrow at 9 to call mum")
    owner.say("remind me every day at 13 to take pills")
    owner.say("/schedule pause 2")
    assert "paused ones among them" in owner.say("remind me tomorrow at 10 to buy bread")
    assert len(rhythms_of(house)) == 2
