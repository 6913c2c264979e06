"""An open question takes what answers it, and nothing that was meant otherwise."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from orchestrator import languages
from orchestrator.triage import meant
from orchestrator.triage.answers import asks, place_alone
from storage.models import PersonRow, ScheduleRow, TaskRow
from tests.agents.talk import Talk, someone
from tests.agents.test_undo_meant import move, reminders, starts


def zone(talk: Talk) -> str | None:
    query = sa.select(PersonRow.zone).where(PersonRow.id == talk.somebody.person.id)
    return talk.house.database.read_now(lambda connection: connection.execute(query).scalar())


def rings(talk: Talk, place: str) -> str:
    query = sa.select(ScheduleRow.next_due).where(ScheduleRow.person_id == talk.somebody.person.id, ScheduleRow.kind == "reminder")
    due = talk.house.database.read_now(lambda connection: connection.execute(query).scalars().one())
    assert due is not None
    return due.astimezone(ZoneInfo(place)).isoformat()[:16]


# --- the time zone ---


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("Berlin", "en", "Europe/Berlin"), ("I'm in Berlin", "en", "Europe/Berlin"), ("we live in New York now", "en", "America/New_York"),
        ("Berlin, Germany", "en", "Europe/Berlin"), ("No, Madrid!", "en", "Europe/Madrid"), ("Europe/Lisbon please", "en", "Europe/Lisbon"), ("UTC+2", "en", "Etc/GMT-2"),
        ("ich wohne in München", "de", "Europe/Berlin"), ("estoy en Madrid", "es", "Europe/Madrid"), ("我住在上海", "zh", "Asia/Shanghai"),
        ("Are you open on Christmas?", "en", None), ("How long is the flight to Tokyo?", "en", None), ("book a flight to Paris", "en", None), ("Christmas", "en", None),
        ("Wie lange fliegt man nach Tokio?", "de", None), ("¿Cuánto dura el vuelo a Tokio?", "es", None), ("去东京的航班要多久", "zh", None),
    ],
)  # fmt: skip
def test_only_a_text_that_names_a_place_and_no_more_answers_where_somebody_is(text: str, language: str, found: str | None) -> None:
    assert place_alone(text, language) == found


def test_a_question_about_a_place_leaves_the_zone_alone(owner: Talk) -> None:
    stranger = someone(owner.house, external="stranger", zone=None)
    assert "Which time zone" in stranger.say("remind me tomorrow at 9 to call mom")
    stranger.say("Are you open on Christmas?")
    stranger.say("How long is the flight to Tokyo?")
    assert zone(stranger) is None
    assert "Europe/Berlin" in stranger.say("yes") and zone(stranger) == "Europe/Berlin"


def test_a_zone_that_is_corrected_takes_its_reminders_along_but_not_on_a_later_journey(owner: Talk) -> None:
    stranger = someone(owner.house, external="stranger", zone=None)
    stranger.say("remind me in three days at 9 to call mom")
    assert "One reminder moved along" in stranger.say("Tokyo")
    assert "One reminder moved along" in stranger.say("I'm in Berlin now") and rings(stranger, "Europe/Berlin").endswith("T09:00")
    move(stranger, 2 * 86400)
    assert "moved along" not in stranger.say("I'm in Lisbon now") and rings(stranger, "Europe/Berlin").endswith("T09:00")


# --- questions that take any text ---


def test_a_request_is_not_taken_for_a_name(owner: Talk) -> None:
    owner.say("/setup")
    owner.press("A shop")
    assert "or something new?" in owner.say("remind me tomorrow at 9 to call mom") and reminders(owner) == []
    assert "Back to my question" in owner.press("Something new") or "Back to my question" in owner.heard()
    assert reminders(owner) == ["call mom"]
    assert "When is it open?" in owner.say("Anna's Barber")


def test_without_the_doubt_the_request_would_be_lost(owner: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: the rule switched off, the business is called by what was to be done."""
    monkeypatch.setattr(meant, "is_doubtful", lambda *_: False)
    owner.say("/setup")
    owner.press("A shop")
    assert "When is it open?" in owner.say("remind me tomorrow at 9 to call mom") and reminders(owner) == []


@pytest.mark.parametrize(
    ("language", "request_", "answer"),
    [
        ("en", "remind me tomorrow at 9 to call mom", "It is the answer"), ("de", "erinnere mich morgen um 9 daran, Mama anzurufen", "Das ist die Antwort"),
        ("es", "recuérdame mañana a las 9 llamar a mamá", "Es la respuesta"), ("zh", "提醒我明天9点给妈妈打电话", "这是回答"),
    ],
)  # fmt: skip
def test_whoever_says_that_it_is_the_answer_is_believed_in_every_language(owner: Talk, language: str, request_: str, answer: str) -> None:
    other = someone(owner.house, external="other", language=language)
    other.say("/setup")
    other.press({"en": "A shop", "de": "Ein Geschäft", "es": "Una tienda", "zh": "店"}[language])
    other.say(request_)
    assert answer in other.buttons()
    other.say(answer)
    assert reminders(owner) == [] and "9-18" in other.heard()


def test_what_to_be_reminded_of_may_be_a_thing_to_do_but_not_another_appointment(owner: Talk) -> None:
    owner.say("set a reminder for tomorrow at 9")
    assert "or something new?" in owner.say("book a haircut on Friday at 11") and starts(owner) == []
    owner.press("Something new")
    assert starts(owner) == ["10:00"]
    assert "book a haircut" in owner.say("book a haircut") and reminders(owner) == ["book a haircut"]


def test_what_a_letter_says_may_be_a_question_and_a_request(owner: Talk) -> None:
    owner.say("email ann@example.com")
    task = owner.house.database.read_now(
        lambda connection: connection.execute(sa.select(TaskRow.id, TaskRow.segment).where(TaskRow.type == "email_send")).one()
    )
    asyncio.run(owner.house.segments.run(task.id, task.segment))
    assert "What shall I write" in owner.heard()
    assert "or something new?" in owner.say("book a haircut on Friday at 11") and starts(owner) == []
    assert "or something new?" in owner.say("what are your opening hours?")
    assert "Booked" not in owner.heard() and "Which subject" not in owner.heard()


def test_a_persons_own_name_does_not_rename_the_business(owner: Talk) -> None:
    owner.say("change something in the business")
    assert "Alice" in owner.say("my name is Alice") and "Sample Salon" in someone(owner.house, role="guest", external="guest").say("Hello")


# --- questions that have been left behind ---


@pytest.mark.parametrize("text", ["what's the date on Friday?", "What time is it?", "Wann ist Freitag?", "¿Qué día es el viernes?", "星期五是几号？"])
def test_who_asks_gives_no_time(text: str) -> None:
    assert asks(text)


@pytest.mark.parametrize(
    "text", ["Friday?", "how about Friday at 3?", "what about 3pm?", "wie wäre Freitag?", "¿qué tal el viernes?", "que sea a las 3", "周五怎么样？"]
)
def test_a_proposal_is_an_answer(text: str) -> None:
    assert not asks(text)


def test_a_question_with_a_day_in_it_answers_nothing(owner: Talk) -> None:
    owner.say("remind me to buy milk")
    owner.say("what's the date on Friday?")
    assert reminders(owner) == []
    assert "could not read that" not in owner.say("What time is it?")
    assert "buy milk" in owner.say("Friday at 10") and reminders(owner) == ["buy milk"]


def test_a_correction_is_meant_for_what_was_made_last(owner: Talk) -> None:
    owner.say("remind me to buy milk")
    owner.say("Ich möchte am Freitag um 10 einen Haarschnitt")
    owner.say("doch lieber um 11")
    assert starts(owner) == ["10:00"] and reminders(owner) == []
    assert "Cancelled: haircut" in owner.say("cancel that") and starts(owner) == []
    assert "buy milk" in owner.say("Friday at 10") and reminders(owner) == ["buy milk"]


# --- commands and languages ---


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("/accept", "buttons under"), ("/move", "buttons under"), ("/budget 500", "changed nothing"), ("/settings language en", "changed nothing"),
        ("/task abc", "no task number"), ("/cancel everything", "no task number"),
    ],
)  # fmt: skip
def test_a_command_says_what_it_cannot_take(owner: Talk, typed: str, told: str) -> None:
    assert told in owner.say(typed)


@pytest.mark.parametrize(
    ("text", "before", "language"),
    [
        ("Hallo", "en", "de"), ("Good morning!", "zh", "en"), ("Hola", "zh", "es"), ("was kannst du?", "en", "de"), ("show my files", "zh", "en"),
        ("OK", "zh", None), ("Berlin", "de", None), ("Alex", "zh", None), ("hi", "de", None),
    ],
)  # fmt: skip
def test_a_greeting_tells_the_language_and_a_name_does_not(text: str, before: str, language: str | None) -> None:
    assert languages.spoken(text, before) in {language, before if language is None else language}


@pytest.mark.parametrize(("language", "text"), [("en", "You are stupid"), ("de", "Du bist so blöd"), ("es", "eres tonto"), ("zh", "你真笨")])
def test_who_is_cross_is_not_told_that_all_is_fine(owner: Talk, language: str, text: str) -> None:
    route = owner.house.router.cascade().decide(text, language)
    assert route.intent == "complaint_wrong"


@pytest.mark.parametrize(
    ("language", "text"), [("en", "show my files"), ("de", "zeig mir meine Dateien"), ("es", "muéstrame mis archivos"), ("zh", "显示我的文件")]
)
def test_files_are_not_the_calendar(owner: Talk, language: str, text: str) -> None:
    assert owner.house.router.cascade().decide(text, language).intent == "file_summary"


def test_a_question_that_comes_back_keeps_its_buttons(owner: Talk) -> None:
    owner.say("remind me to buy milk")
    offered = owner.buttons()
    owner.say("what are your opening hours?")
    assert offered and owner.buttons()[-len(offered) :] == offered
