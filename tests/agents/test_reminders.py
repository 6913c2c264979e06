"""Reminders as stories: Saturday 21 November 2026, 10:00 in Berlin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from agents.reminders_titles import subject_of
from bot.app import House
from orchestrator.execution.due import DueWork
from storage.models import ScheduleRow
from tests.agents.talk import Talk, someone
from tests.conftest import NOW, MovedClock


def live(house: House) -> list[Any]:
    query = sa.select(ScheduleRow.title, ScheduleRow.next_due, ScheduleRow.rule).where(ScheduleRow.state == "active", ScheduleRow.kind == "reminder")
    return [tuple(row) for row in house.database.read_now(lambda connection: connection.execute(query.order_by(ScheduleRow.next_due)).all())]


def ring(house: House) -> None:
    house.database.write_now(DueWork(house.runner).sweep)


def test_once(owner: Talk, house: House) -> None:
    said = owner.say("remind me tomorrow at 9 to call mum")
    assert "call mum" in said and "Sunday 22 November, 09:00" in said
    assert live(house) == [("call mum", datetime(2026, 11, 22, 8, tzinfo=UTC), "")]


def test_soon(owner: Talk, house: House) -> None:
    owner.say("remind me in one minute to stretch")
    assert live(house) == [("stretch", NOW + timedelta(minutes=1), "")]


def test_repeating(owner: Talk, house: House) -> None:
    said = owner.say("remind me every weekday at 8 to take pills")
    assert "every weekday" in said and "Monday 23 November" in said
    assert live(house)[0][:2] == ("take pills", datetime(2026, 11, 23, 7, tzinfo=UTC)) and "MO,TU,WE,TH,FR" in live(house)[0][2]


def test_a_missing_time_is_asked_for_and_may_be_pressed(owner: Talk, house: House) -> None:
    assert "When shall I remind you: call mum?" in owner.say("remind me to call mum")
    owner.press("tomorrow at 9")
    assert live(house) == [("call mum", datetime(2026, 11, 22, 8, tzinfo=UTC), "")]


def test_a_missing_subject_is_asked_for_and_taken_as_written(owner: Talk, house: House) -> None:
    assert "What shall I remind you of?" in owner.say("set a reminder for tomorrow at 9")
    owner.say("book a haircut")
    assert [title for title, _, _ in live(house)] == ["book a haircut"]


def test_a_time_that_is_over_is_asked_again(owner: Talk, house: House) -> None:
    assert "over already" in owner.say("remind me today at 8 am to call mum")
    owner.say("at 11 am")
    assert live(house) == [("call mum", datetime(2026, 11, 21, 10, tzinfo=UTC), "")]


def test_correcting_it(owner: Talk, house: House) -> None:
    owner.say("remind me tomorrow at 9 to call mum")
    assert "10:00" in owner.say("actually make it 10")
    assert live(house) == [("call mum", datetime(2026, 11, 22, 9, tzinfo=UTC), "")]


def test_listing_and_deleting_by_number_and_by_word(owner: Talk, house: House) -> None:
    owner.say("remind me tomorrow at 9 to call mum")
    owner.say("remind me tomorrow at 10 to water the plants")
    assert owner.say("show my reminders").count("\n") == 2
    assert "Deleted: water the plants" in owner.say("delete the reminder about the plants")
    assert "Deleted: call mum" in owner.say("delete reminder 1")
    assert "no reminders" in owner.say("show my reminders")


def test_deleting_all_asks_first(owner: Talk, house: House) -> None:
    owner.say("remind me tomorrow at 9 to call mum")
    owner.say("remind me tomorrow at 10 to water the plants")
    assert "all 2 reminders" in owner.say("delete all my reminders")
    owner.press("Yes")
    assert live(house) == []


def test_it_rings_and_is_snoozed_and_done(owner: Talk, house: House, clock: MovedClock) -> None:
    owner.say("remind me in one minute to stretch")
    clock.move(minutes=1)
    ring(house)
    assert "⏰ stretch" in owner.heard()
    assert "stretch" in owner.say("snooze it for 20 minutes")
    assert live(house) == [("stretch", NOW + timedelta(minutes=21), "")]
    clock.move(minutes=20)
    ring(house)
    assert "Done: stretch" in owner.press("Done")


def test_it_is_said_to_be_late_after_downtime(owner: Talk, house: House, clock: MovedClock) -> None:
    owner.say("remind me in one minute to stretch")
    clock.move(hours=3)
    ring(house)
    assert "late" in owner.heard() and "10:01" in owner.heard()


def test_nobody_sees_or_deletes_the_reminders_of_another(owner: Talk, guest: Talk, house: House) -> None:
    owner.say("remind me tomorrow at 9 to call mum")
    assert "no reminders" in guest.say("show my reminders")
    assert "no reminders" in guest.say("delete reminder 1")
    assert len(live(house)) == 1


@pytest.mark.parametrize(
    ("language", "sentence", "title"),
    [
        ("de", "erinnere mich morgen um 9 daran, Mama anzurufen", "Mama anrufen"),
        ("de", "Erinnere mich morgen um 9 an den Zahnarzt", "Zahnarzt"),
        ("es", "recuérdame mañana a las 9 que tengo que llamar a mamá", "llamar a mamá"),
        ("zh", "明天上午9点提醒我给妈妈打电话", "给妈妈打电话"),
        ("zh", "请在明天上午9点提醒我吃药", "吃药"),
    ],
)
def test_in_other_languages(house: House, language: str, sentence: str, title: str) -> None:
    talk = someone(house, language=language)
    assert title in talk.say(sentence)
    assert live(house) == [(title, datetime(2026, 11, 22, 8, tzinfo=UTC), "")]


@pytest.mark.parametrize(
    ("language", "rest", "title"),
    [
        ("en", "please remind me to call mum", "call mum"),
        ("en", "Can you remind me that the rent is due", "the rent is due"),
        ("en", "set a reminder to buy milk", "buy milk"),
        ("en", "don't let me forget to lock up", "lock up"),
        ("en", "remind me about the meeting with Sam", "the meeting with Sam"),
        ("de", "bitte erinnere mich daran, Milch zu kaufen", "Milch kaufen"),
        ("de", "Erinnerung: Müll rausbringen", "Müll rausbringen"),
        ("es", "por favor recuérdame que compre leche", "compre leche"),
        ("es", "ponme un recordatorio para sacar la basura", "sacar la basura"),
        ("zh", "帮我设一个提醒：交房租", "交房租"),
        ("zh", "提醒我买牛奶", "买牛奶"),
    ],
)
def test_the_subject_is_found(language: str, rest: str, title: str) -> None:
    assert subject_of(rest, language) == title
