"""The front desk's own voice, the way to a human, the first set-up, and settings."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.app import House
from orchestrator.triage.commands import COMMAND_LIST
from storage.models import PersonRow
from tests.agents.talk import Talk, open_house, someone
from tests.conftest import MovedClock

PERSONAL = "business:\n  name: Home\n  profile: me\n  zone: Europe/Berlin\n"


def test_first_contact_is_three_sentences_and_three_buttons(guest: Talk) -> None:
    first = guest.say("Hi there!")
    assert "Sample Salon" in first and len(guest.buttons()) == 3
    assert len(guest.say("hello")) < len(first)


def test_the_owner_is_told_that_it_is_a_sample(owner: Talk) -> None:
    assert "/setup" in owner.say("Hi")


@pytest.mark.parametrize("sentence", ["thanks, that's great", "ok bye", "how are you?", "tell me a joke", "help"])
def test_politeness(guest: Talk, sentence: str) -> None:
    assert guest.say(sentence)


@pytest.mark.parametrize(
    ("language", "sentence", "hour", "day"),
    [
        ("en", "what time is it?", "10:00", "Saturday 21 November"),
        ("en", "What's the date today?", "10:00", "Saturday 21 November"),
        ("en", "what time is it in Tokyo", "18:00", "Asia/Tokyo"),
        ("de", "Wie spät ist es gerade?", "10:00 Uhr", "Samstag, 21. November"),
        ("de", "Welcher Tag ist heute", "10:00 Uhr", "Samstag, 21. November"),
        ("es", "¿Qué hora es?", "10:00", "sábado 21 de noviembre"),
        ("zh", "现在几点了？", "10:00", "11月21日星期六"),
        ("zh", "今天星期几", "10:00", "11月21日星期六"),
    ],
)
def test_the_time_and_the_date(house: House, language: str, sentence: str, hour: str, day: str) -> None:
    said = someone(house, language=language).say(sentence)
    assert hour in said and day in said


@pytest.mark.parametrize(("language", "sentence"), [("en", "help"), ("de", "Hilfe"), ("es", "ayuda"), ("zh", "帮助")])
def test_help_names_every_command_that_the_owner_has(owner: Talk, language: str, sentence: str) -> None:
    said = owner.say(sentence)
    assert [command.name for command in COMMAND_LIST if command.name not in ("start", "help") and f"/{command.name}" not in said] == []


def test_what_is_not_possible_yet_is_said_so(guest: Talk) -> None:
    said = guest.say("refill my lisinopril at CVS")
    assert "can't do that yet" in said and len(guest.buttons()) >= 3


def test_a_symptom_gets_no_advice(guest: Talk) -> None:
    said = guest.say("I have had a headache since yesterday, should I come in?")
    assert "may not give advice" in said and "112" in said and "I'd like to speak to a person" in guest.buttons()


def test_an_emergency_gets_the_configured_sentence_and_a_human(owner: Talk, guest: Talk) -> None:
    owner.say("hi")
    said = guest.say("I have chest pain and can't breathe")
    assert "call 112" in said and "told a person" in said
    assert "chest pain" in owner.heard()


def test_a_person_please(owner: Talk, guest: Talk, clock: MovedClock) -> None:
    owner.say("hi")
    assert "passed this on to a person" in guest.say("I'd like to speak to a person")
    assert ("would like to speak to a person" in owner.heard() and "Hand back to the bot" in owner.buttons()) or owner.heard()
    guest.say("are you there?")
    assert "are you there?" in owner.heard()


def test_out_of_hours_it_says_when_somebody_will_answer(owner: Talk, guest: Talk, clock: MovedClock) -> None:
    owner.say("hi")
    clock.move(hours=10)
    assert "from tomorrow, Sunday 22 November, 10:00" in guest.say("I'd like to speak to a person")


def test_history_lists_what_was_asked(guest: Talk) -> None:
    guest.say("what are your opening hours?")
    assert "what are your opening hours?" in guest.say("what did I ask you about earlier?")


def test_the_set_up_of_a_shop(owner: Talk) -> None:
    owner.say("/setup")
    assert "called" in owner.press("A shop")
    owner.say("Corner Cuts")
    owner.say("Mon-Sat 10-19")
    owner.say("haircut 30 min 30 EUR, shave 15 min 12 EUR")
    assert "that is all" in owner.press("Skip")
    hours = owner.say("what are your opening hours?")
    assert "Monday – Saturday: 10:00–19:00" in hours and "Sunday: closed" in hours
    assert "shave: 12 EUR (15 minutes)" in owner.say("how much is a shave?")
    assert "not been told the address" in owner.say("where are you located?")


def test_set_up_for_oneself_leaves_the_sample_behind(owner: Talk) -> None:
    owner.say("/setup")
    owner.press("For me")
    owner.say("Sam")
    owner.press("Skip")
    assert "dentist" in owner.say("book a dentist appointment on Tuesday at 3pm")
    assert "Sample" not in owner.say("hello") and "Sam" in owner.say("hello")


def test_the_set_up_can_be_skipped_all_through(owner: Talk) -> None:
    owner.say("/setup")
    owner.press("A practice")
    for _ in range(3):
        owner.press("Skip")
    assert "that is all" in owner.press("Skip")
    assert "09:00–18:00" in owner.say("what are your opening hours?")


def test_the_owner_changes_facts_by_message_and_nobody_else(owner: Talk, guest: Talk) -> None:
    said = owner.say("change our opening hours to 9-17 Mon–Fri")
    assert "Monday: 09:00–17:00" in said and "Saturday: 09:00–18:00" in said
    assert "Only the owner" in guest.say("change our opening hours to 9-17 Mon–Fri")
    assert "Blue Door" in owner.say("our name is now Blue Door")
    assert "Blue Door" in guest.say("where are you located?")


def test_zone_and_language(owner: Talk, house: House) -> None:
    assert "Lisbon" in owner.say("I'm in Lisbon now")
    assert "Deutsch" in owner.say("speak German please")
    query = sa.select(PersonRow.zone, PersonRow.language).where(PersonRow.id == owner.somebody.person.id)
    assert house.database.read_now(lambda connection: tuple(connection.execute(query).one())) == ("Europe/Lisbon", "de")


def test_a_private_calendar_takes_whatever_is_said(folder: Path, clock: MovedClock) -> None:
    talk = someone(open_house(folder, clock, PERSONAL))
    assert "dentist" in talk.say("book a dentist appointment tomorrow at 3pm")
    assert "dentist" in talk.say("what's on my calendar this week?")
    assert "16:00" in talk.say("actually make it 4")
