"""The rules of booking as conversations: horizon, step, parts of the day, one person at one time; closing by message; file and chat."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.app import House
from orchestrator.business import BusinessBook, BusinessFile
from storage.database import Database
from storage.models import CalendarEventRow
from tests.agents.talk import Talk, someone
from tests.conftest import NOW
from tests.people import settle

FOUR = ("en", "de", "es", "zh")


def speaker(house: House, language: str, role: str = "guest") -> Talk:
    return someone(house, role=role, language=language, external=f"{role}-{language}")


def starts(house: House) -> list[datetime]:
    query = sa.select(CalendarEventRow.start_at).where(CalendarEventRow.state == "booked").order_by(CalendarEventRow.start_at)
    return list(house.database.read_now(lambda connection: connection.execute(query).scalars().all()))


def clocks(talk: Talk) -> list[str]:
    return [label[-5:] for label in talk.buttons() if label[-3:-2] == ":"]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "book a haircut on 7 August 2027 at 10:00"),
        ("de", "Haarschnitt am 7. August 2027 um 10 Uhr buchen"),
        ("es", "reserva un corte de pelo el 7 de agosto de 2027 a las 10"),
        ("zh", "预约2027年8月7日上午十点剪发"),
    ],
)
def test_beyond_the_horizon_it_is_said_until_when_one_can_book(house: House, language: str, said: str) -> None:
    talk = speaker(house, language)
    answer = talk.say(said)
    assert "20" in answer and "2027" in answer  # 60 days from 21 November 2026: 20 January 2027
    offered = talk.buttons()
    assert offered and not any("Aug" in label or "ago" in label or "8月" in label for label in offered)
    assert starts(house) == []


@pytest.mark.parametrize(
    ("language", "said", "pressed"),
    [
        ("en", "book a haircut on Tuesday at 15:10", "15:00"),
        ("de", "Haarschnitt am Dienstag um 15:10 buchen", "15:00"),
        ("es", "reserva un corte de pelo el martes a las 15:10", "15:00"),
        ("zh", "预约星期二15:10剪发", "15:00"),
    ],
)
def test_appointments_begin_on_the_step(house: House, language: str, said: str, pressed: str) -> None:
    talk = speaker(house, language)
    assert "30" in talk.say(said)
    assert starts(house) == [] and "15:10" not in clocks(talk)
    talk.press(pressed)
    assert starts(house) == [datetime(2026, 11, 24, 14, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "I'd like a haircut on Thursday, mornings only"),
        ("en", "haircut next week, mornings only"),
        ("de", "Haarschnitt nächste Woche, nur vormittags"),
        ("es", "corte de pelo la próxima semana, solo por las mañanas"),
        ("zh", "下周剪发，只要上午"),
    ],
)
def test_mornings_only_offers_mornings(house: House, language: str, said: str) -> None:
    talk = speaker(house, language)
    talk.say(said)
    assert clocks(talk) and all(clock < "12:00" for clock in clocks(talk))
    if "Thursday" not in said:
        assert len({label[:-5] for label in talk.buttons()}) > 2, "every morning of the week, not one"


@pytest.mark.parametrize(
    ("language", "said", "answer"),
    [
        ("en", "book a haircut on Thursday", "mornings only"),
        ("de", "Haarschnitt am Donnerstag buchen", "nur vormittags"),
        ("es", "reserva un corte de pelo el jueves", "solo por la mañana"),
        ("zh", "预约星期四剪发", "只要上午"),
    ],
)
def test_a_part_of_the_day_as_an_answer_keeps_the_day(house: House, language: str, said: str, answer: str) -> None:
    talk = speaker(house, language)
    talk.say(said)
    talk.say(answer)
    assert clocks(talk) and all(clock < "12:00" for clock in clocks(talk)) and all("26" in label for label in talk.buttons())


@pytest.mark.parametrize(
    ("language", "first", "second", "no", "yes"),
    [
        ("en", "book a haircut with Alex on Wednesday at 12", "book a haircut with Kim on Wednesday at 12", "no", "yes"),
        ("de", "Haarschnitt bei Alex am Mittwoch um 12", "Haarschnitt bei Kim am Mittwoch um 12", "nein", "ja"),
        ("es", "corte de pelo con Alex el miércoles a las 12", "corte de pelo con Kim el miércoles a las 12", "no", "sí"),
        ("zh", "周三中午12点剪发，找Alex", "周三中午12点剪发，找Kim", "不", "是"),
    ],
)
def test_a_second_appointment_at_the_same_time_is_asked_about(house: House, language: str, first: str, second: str, no: str, yes: str) -> None:
    talk = speaker(house, language)
    talk.say(first)
    talk.say(second)
    assert len(starts(house)) == 1 and len(talk.buttons()) == 2
    talk.say(no)
    assert len(starts(house)) == 1
    talk.say(second)
    talk.say(yes)
    assert len(starts(house)) == 2


@pytest.mark.parametrize(
    ("language", "said", "asked"),
    [
        ("en", "close on December 24", "are you open on December 24?"),
        ("de", "schließe am 24. Dezember", "habt ihr am 24. Dezember offen?"),
        ("es", "cierra el 24 de diciembre", "¿abren el 24 de diciembre?"),
        ("zh", "12月24日关门", "12月24日开门吗？"),
    ],
)
def test_the_owner_closes_a_day_in_one_sentence(house: House, language: str, said: str, asked: str) -> None:
    assert "24" in speaker(house, language, "owner").say(said)
    base = house.database.read_now(_book(house).current)
    assert [(str(one.first), str(one.last)) for one in base.closures] == [("2026-12-24", "2026-12-24")]
    assert "09:00" not in speaker(house, language).say(asked)


@pytest.mark.parametrize("said", ["do you close on December 24?", "when do you close on Friday?"])
def test_a_question_about_closing_closes_nothing(house: House, said: str) -> None:
    speaker(house, "en", "owner").say(said)
    assert house.database.read_now(_book(house).current).closures == ()


def _book(house: House) -> BusinessBook:
    return next(tool for tool in house.catalogue.tools if tool.name == "business.facts").book  # type: ignore[attr-defined,no-any-return]


def written(path: Path, hours: str, phone: str = "1", more: str = "") -> None:
    path.write_text(f"business:\n  name: One\n  phone: '{phone}'\n  hours: {{monday: {hours}}}\n{more}", encoding="utf-8")
    os.utime(path, ns=(path.stat().st_mtime_ns, path.stat().st_mtime_ns + hash((hours, phone, more)) % 10**9))


def test_of_file_and_chat_the_newer_word_counts(database: Database, tmp_path: Path) -> None:
    path, moment = tmp_path / "majordomo.yaml", [0.0]
    written(path, "9-18")
    file = BusinessFile(path, clock=lambda: moment[0])
    book, person = BusinessBook(file), settle(database).person.id

    def hours() -> str:
        moment[0] += 10
        return str(database.read_now(book.current).hours["monday"][0])

    database.write_now(lambda connection: book.change(connection, {"hours": {"monday": ["10-16"]}}, person, NOW))
    assert hours() == "10:00–16:00"
    written(path, "9-18", phone="2")  # another fact: what was said of the hours stands
    assert hours() == "10:00–16:00" and database.read_now(book.current).phone == "2"
    written(path, "8-12", phone="2")
    assert hours() == "08:00–12:00"
    assert str(database.read_now(BusinessBook(BusinessFile(path)).current).hours["monday"][0]) == "08:00–12:00", "also after a start"
    database.write_now(lambda connection: book.change(connection, {"hours": {"monday": ["7-9"]}}, person, NOW + timedelta(hours=1)))
    assert hours() == "07:00–09:00"


def test_days_closed_by_message_stay_when_the_file_names_others(database: Database, tmp_path: Path) -> None:
    path, moment = tmp_path / "majordomo.yaml", [0.0]
    written(path, "9-18")
    book, person = BusinessBook(BusinessFile(path, clock=lambda: moment[0])), settle(database).person.id
    database.write_now(lambda connection: book.change(connection, {"closures": [{"first": "2026-12-24", "last": "2026-12-24"}]}, person, NOW))
    written(path, "9-18", more="  closures: [2026-12-31]\n")
    moment[0] += 10
    assert [str(one.first) for one in database.read_now(book.current).closures] == ["2026-12-31", "2026-12-24"]
