"""Which appointment is meant: the one that is named; what names none or several is asked about, and nothing else is changed in its place."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from agents.appointments_titles import title_of
from agents.tools.appointment_names import Event, find, read
from agents.tools.naming import Meant
from bot.app import House
from orchestrator.triage.answers import refuses
from orchestrator.triage.speaking_of import is_only_a_time, other_words, whom
from storage.models import CalendarEventRow, PersonRow
from tests.agents.talk import Talk, open_house, someone
from tests.conftest import MovedClock

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
ME = "business:\n  name: Home\n  profile: me\n  zone: Europe/Berlin\n"
MINE = [
    Event("lunch", datetime(2026, 11, 22, 12, tzinfo=BERLIN), "lunch with Eva"),
    Event("dentist", datetime(2026, 12, 5, 14, 15, tzinfo=BERLIN), "dentist"),
    Event("zahnarzt", datetime(2026, 12, 7, 9, tzinfo=BERLIN), "Zahnarzt"),
    Event("comida", datetime(2026, 12, 8, 13, tzinfo=BERLIN), "comida con José"),
    Event("午饭", datetime(2026, 12, 9, 12, tzinfo=BERLIN), "和小王吃午饭"),
    Event("maria", datetime(2026, 12, 10, 16, tzinfo=BERLIN), "haircut (Maria)", "Alex", frozenset({"haircut", "cut", "haarschnitt"})),
    Event("call", datetime(2026, 12, 11, 11, tzinfo=BERLIN), "call with the bank"),
]


def meant(text: str, language: str = "en", *, moving: bool = False, spoken_of: str | None = "call") -> tuple[Meant, list[str]]:
    said = read(text, now=NOW, zone=BERLIN, language=language, moving=moving, staff=["Alex", "Kim"])
    return find(MINE, said, spoken_of=spoken_of)


@pytest.mark.parametrize(
    ("text", "language", "moving", "one"),
    [
        ("move lunch to 1pm", "en", True, "lunch"),
        ("cancel dentist", "en", False, "dentist"),
        ("please cancel the lunch, something came up at work", "en", False, "lunch"),
        ("cancel Maria", "en", False, "maria"),
        ("cancel my 14:15", "en", False, "dentist"),
        ("cancel the appointment on 5 December", "en", False, "dentist"),
        ("move tomorrow's appointment to 3pm", "en", True, "lunch"),
        ("cancel the call", "en", False, "call"),
        ("sag den Zahnarzttermin ab", "de", False, "zahnarzt"),
        ("verschieb den Termin mit Eva auf 13 Uhr", "de", True, "lunch"),
        ("storniere den Haarschnitt bei Alex", "de", False, "maria"),
        ("mueve la comida con Jose a las 14", "es", True, "comida"),
        ("anula la comida", "es", False, "comida"),
        ("取消午饭", "zh", False, "午饭"),
        ("把和小王的午饭改到下午1点", "zh", True, "午饭"),
    ],
)
def test_what_is_named_is_meant_and_not_what_was_spoken_of_last(text: str, language: str, moving: bool, one: str) -> None:
    assert meant(text, language, moving=moving, spoken_of="zahnarzt" if one == "call" else "call") == (Meant.SURE, [one])


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("cancel the lunch with Bob", "en"),
        ("cancel yoga", "en"),
        ("sag den Friseur ab", "de"),
        ("cancela el masaje", "es"),
        ("取消按摩", "zh"),
        ("cancel lunch on Friday", "en"),
    ],
)
def test_a_name_that_fits_none_is_never_sure(text: str, language: str) -> None:
    how, ids = meant(text, language)
    assert how is Meant.UNLIKE and len(ids) == len(MINE)


@pytest.mark.parametrize(
    ("text", "language"),
    [("cancel it", "en"), ("move my appointment to Friday at 3", "en"), ("sag es ab", "de"), ("tut mir leid, ich muss den Termin doch absagen", "de"), ("cancélala", "es"),
     ("¿puede pasarla al jueves a las 3 de la tarde?", "es"), ("取消预约", "zh"), ("我生病了，取消预约", "zh")],
)  # fmt: skip
def test_where_nothing_is_named_the_one_spoken_of_is_meant(text: str, language: str) -> None:
    moving = "pasar" in text or "move" in text
    assert meant(text, language, moving=moving) == (Meant.SURE, ["call"]), text
    assert meant(text, language, moving=moving, spoken_of=None)[0] is Meant.OPEN, text


def test_who_may_serve_instead_is_no_name_of_an_appointment() -> None:
    assert meant("move my appointment to Friday with Kim", moving=True) == (Meant.SURE, ["call"])
    assert meant("cancel the one with Alex") == (Meant.SURE, ["maria"])


def test_refusals_are_read_in_every_language() -> None:
    for text in ("rather not", "I'd rather not", "no thanks", "lieber nicht", "nein danke", "mejor no", "no, gracias", "还是不要了", "不用了，谢谢"):
        assert refuses(text), text
    for text in ("rather at 4", "lieber nicht am Freitag", "mejor a las 4", "no, at 5", "not before 10", "不，三点"):
        assert not refuses(text), text


def test_a_correction_that_speaks_of_something_else_is_known() -> None:
    def others(text: str, title: str, language: str) -> int:
        return other_words(text, title, now=NOW, zone="Europe/Berlin", language=language)

    for text, language in (
        ("actually make it 4", "en"),
        ("nein, lieber am Donnerstag um 16 Uhr", "de"),
        ("no, mejor a las 5 de la tarde", "es"),
        ("不，改到四点吧", "zh"),
    ):
        assert others(text, "lunch", language) == 0, text
    assert others("no, lunch at 1pm", "lunch", "en") == 0 and others("no, lunch at 1pm", "dentist", "en") == 1
    assert others("no, tell him I'm coming at 5", "lunch", "en") > 0


def test_a_time_alone_and_a_name_alone_are_known() -> None:
    def alone(text: str, language: str) -> bool:
        return is_only_a_time(text, now=NOW, zone="Europe/Berlin", language=language)

    assert alone("at 10", "en") and alone("um 10", "de") and alone("a las 10", "es") and alone("10点", "zh") and alone("on Friday please", "en")
    assert not alone("dentist at 10", "en") and not alone("at 10?", "en") and not alone("every day at 10", "en")
    assert [whom(text) for text in ("with Kim please", "bitte bei Kim", "con Kim por favor", "跟Kim吧")] == ["Kim"] * 4
    assert whom("with Kim on Friday") is None and whom("book with Kim") is None


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("put a lunch with Bob in my calendar", "lunch with Bob"),
        ("trag ein Mittagessen mit Bob in meinen Kalender ein", "Mittagessen mit Bob"),
        ("pon una comida con Bob en mi calendario", "comida con Bob"),
        ("在我的日历里加和小王的午饭", "和小王的午饭"),
        ("at 10", ""),
        ("a las 10", ""),
        ("lunch with Bob", "lunch with Bob"),
    ],
)
def test_a_title_is_what_it_is_and_not_where_it_is_put(text: str, title: str) -> None:
    assert title_of(text) == title


# --- conversations ---


@pytest.fixture
def me(folder: Path, clock: MovedClock) -> Talk:
    return someone(open_house(folder, clock, ME))


def events(talk: Talk) -> dict[str, str]:
    """Titles of what is booked, and when."""
    told = talk.house.database.read_now(
        lambda connection: connection.exec_driver_sql("select title, start_at from calendar_events where state = 'booked'").all()
    )
    return {title: datetime.fromisoformat(str(start)).replace(tzinfo=UTC).astimezone(BERLIN).strftime("%d.%m. %H:%M") for title, start in told}


@pytest.mark.parametrize(
    ("language", "lunch", "dentist", "move", "cancel", "left"),
    [
        ("en", "lunch tomorrow with Eva at 12", "dentist on 5 December at 14:15", "move lunch to 1pm", "cancel dentist", "lunch with Eva"),
        (
            "de",
            "Mittagessen mit Eva morgen um 12",
            "Zahnarzt am 5. Dezember um 14:15",
            "verschieb das Mittagessen auf 13 Uhr",
            "sag den Zahnarzt ab",
            "Mittagessen mit Eva",
        ),
        ("es", "comida con Eva mañana a las 12", "dentista el 5 de diciembre a las 14:15", "mueve la comida a las 13", "cancela el dentista", "comida con Eva"),
        ("zh", "明天中午12点和小王吃午饭", "12月5日14:15看牙医", "把午饭改到下午1点", "取消牙医的预约", "和小王吃午饭"),
    ],
)
def test_the_named_one_is_moved_and_the_named_one_cancelled(
    folder: Path, clock: MovedClock, language: str, lunch: str, dentist: str, move: str, cancel: str, left: str
) -> None:
    talk = someone(open_house(folder, clock, ME), language=language)
    talk.say(lunch)
    talk.say(dentist)
    talk.say(move)
    assert events(talk)[left] == "22.11. 13:00"
    talk.say(cancel)
    assert events(talk) == {left: "22.11. 13:00"}


def test_a_name_that_fits_none_is_asked_about_and_hours_later_one_that_fits_is_not(me: Talk, clock: MovedClock) -> None:
    me.say("dentist on 5 December at 14:15")
    me.say("lunch tomorrow with Eva at 12")
    assert "no appointment like that" in me.say("cancel the meeting with Bob") and "None of these" in me.buttons()
    assert "changed nothing" in me.press("None of these") and len(events(me)) == 2
    clock.move(hours=5)
    assert "Cancelled: lunch with Eva" in me.say("cancel lunch")
    assert list(events(me)) == ["dentist"]


def test_the_owner_names_a_guest_and_that_one_is_cancelled(owner: Talk) -> None:
    owner.say("book a haircut for Maria on Tuesday at 10")
    owner.say("book a haircut for Paul on Wednesday at 11")
    assert "Paul" in owner.say("who is coming on Wednesday")
    assert "Cancelled: haircut (Maria), Tuesday" in owner.say("cancel Maria")
    assert list(events(owner)) == ["haircut: Paul"]


@pytest.mark.parametrize(
    ("language", "lunch", "remind", "refusal", "time"),
    [
        ("en", "lunch tomorrow at 12", "remind me to call the bank", "rather not", "at 10"),
        ("de", "Mittagessen morgen um 12", "erinnere mich daran, die Bank anzurufen", "lieber nicht", "um 10"),
        ("es", "comida mañana a las 12", "recuérdame llamar al banco", "mejor no", "a las 10"),
        ("zh", "明天中午12点吃午饭", "提醒我给银行打电话", "还是不要了", "10点"),
    ],
)
def test_a_refusal_declines_what_is_asked_and_moves_nothing(
    folder: Path, clock: MovedClock, language: str, lunch: str, remind: str, refusal: str, time: str
) -> None:
    talk = someone(open_house(folder, clock, ME), language=language)
    talk.say(lunch)
    before = events(talk)
    talk.say(remind)
    talk.say(refusal)
    talk.say(time)
    assert events(talk) == before and len(before) == 1


def test_what_somebody_else_is_to_be_told_moves_nothing(me: Talk) -> None:
    me.say("lunch tomorrow at 12")
    me.say("write a mail to bob@example.com that I am late")
    me.say("no, tell him I'm coming at 5")
    assert events(me) == {"lunch": "22.11. 12:00"}


def test_a_new_title_is_a_new_booking(me: Talk) -> None:
    me.say("gym every Tuesday at 6pm")
    me.say("yoga with Eva from 6pm to 7:30pm on Monday")
    me.say("meeting from 3pm to 4pm tomorrow")
    assert events(me) == {"gym": "24.11. 18:00", "yoga with Eva": "23.11. 18:00", "meeting": "22.11. 15:00"}


def test_a_correction_that_names_another_changes_that_one(me: Talk) -> None:
    me.say("lunch tomorrow with Eva at 12")
    me.say("dentist on 5 December at 14:15")
    assert "Moved: lunch with Eva" in me.say("actually lunch at 1pm")
    assert "Moved: lunch with Eva" in me.say("no, 3pm")
    me.say("actually yoga at 1pm")
    assert events(me) == {"lunch with Eva": "22.11. 15:00", "dentist": "05.12. 14:15"}


@pytest.mark.parametrize(
    ("language", "remind", "time"),
    [("en", "remind me to call the bank on Thursday", "at 10"), ("de", "erinnere mich am Donnerstag an die Bank", "um 10"), ("es", "recuérdame el jueves llamar al banco", "a las 10"),
     ("zh", "星期四提醒我给银行打电话", "10点")],
)  # fmt: skip
def test_a_bare_time_corrects_the_reminder_that_was_just_set(folder: Path, clock: MovedClock, language: str, remind: str, time: str) -> None:
    talk = someone(open_house(folder, clock, ME), language=language)
    talk.say(remind)
    assert "26" in (told := talk.say(time)) and "10:00" in told
    assert events(talk) == {}


def test_a_bare_time_alone_is_not_booked(me: Talk) -> None:
    assert "What shall I put" in me.say("at 10") and events(me) == {}
    me.say("dentist")
    assert events(me) == {"dentist": "22.11. 10:00"}


def test_what_is_asked_for_a_day_shows_what_falls_on_it(me: Talk) -> None:
    me.say("remind me to take pills every weekday at 8")
    me.say("remind me today at 15:00 to call mum")
    told = me.say("what do I have on Wednesday")
    assert "Wednesday 25 November, 08:00: take pills" in told and "mum" not in told
    assert "mum" not in me.say("what do I have in December")


def test_what_is_no_service_and_goes_into_my_calendar_is_the_owners_own(owner: Talk) -> None:
    assert "Booked: lunch with Bob, Wednesday" in owner.say("put a lunch with Bob in my calendar on Wednesday at 12")
    assert "Moved: lunch with Bob, now Wednesday 25 November, 20:00" in owner.say("move lunch to 8pm")


@pytest.mark.parametrize(
    ("language", "said", "one"),
    [("en", "book a haircut for me and my wife on Friday at 10", "one appointment"), ("de", "Zwei Haarschnitte am Freitag um 10 bitte", "ein Termin"),
     ("es", "un corte de pelo para mí y mi mujer el viernes a las 10", "una sola cita"), ("zh", "给我和我太太预约周五上午10点剪发", "一个预约")],
)  # fmt: skip
def test_of_two_it_is_said_that_one_was_booked(house: House, language: str, said: str, one: str) -> None:
    guest = someone(house, role="guest", external="guest", language=language)
    assert one in guest.say(said) and len(events(guest)) == 1


def test_with_somebody_else_books_the_same_time_with_them_or_leaves_it(guest: Talk) -> None:
    guest.say("book a haircut with Alex on Friday at 10")
    assert "haircut with Kim, Friday 27 November, 10:00" in guest.say("with Kim please")
    assert "Bob does not work here" in guest.say("with Bob please")
    assert len(events(guest)) == 1


def test_a_day_that_an_appointment_has_is_not_its_new_day(guest: Talk, clock: MovedClock) -> None:
    guest.say("book a haircut on Tuesday at 10")
    guest.say("book a colouring on Thursday at 10")
    clock.move(hours=2)
    assert "When shall haircut" in guest.say("reschedule my Tuesday appointment")


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "cancel all my appointments"), ("de", "sag alle meine Termine ab"), ("es", "cancela todas mis citas"), ("zh", "把我所有的预约都取消")],
)
def test_all_of_them_are_cancelled_after_a_question_only(house: House, language: str, said: str) -> None:
    booked = {
        "en": ("haircut on Tuesday at 10", "haircut on Thursday at 10"),
        "de": ("Haarschnitt am Dienstag um 10", "Haarschnitt am Donnerstag um 10"),
        "es": ("corte de pelo el martes a las 10", "corte de pelo el jueves a las 10"),
        "zh": ("周二上午10点剪发", "周四上午10点剪发"),
    }
    guest = someone(house, role="guest", external="guest", language=language)
    for one in booked[language]:
        guest.say(one)
    before = len(live(guest))
    guest.say(said)
    assert before == 2 and len(live(guest)) == 2
    guest.press(guest.buttons()[0])
    assert live(guest) == []


def test_the_owner_cancels_a_guests_appointment_by_the_guests_name(house: House, owner: Talk) -> None:
    for external in ("Anna", "Bert"):
        guest = someone(house, role="guest", external=external)
        named = sa.update(PersonRow).where(PersonRow.id == guest.somebody.person.id).values(name=external)
        house.database.write_now(partial(_executed, named))
        guest.say("book a haircut on Tuesday at 10")
    assert "Cancelled: haircut" in owner.say("cancel the appointment with Anna")
    assert [row.who for row in live(owner)] == ["Bert"]
    owner.say("cancel the haircut")
    assert [row.who for row in live(owner)] == ["Bert"]


def _executed(statement: sa.Update, connection: sa.Connection) -> None:
    connection.execute(statement)


def live(talk: Talk) -> list[Any]:
    """What is booked, with who comes."""
    query = sa.select(CalendarEventRow.title, PersonRow.name.label("who")).join(PersonRow, PersonRow.id == CalendarEventRow.person_id)
    return list(talk.house.database.read_now(lambda connection: connection.execute(query.where(CalendarEventRow.state == "booked")).all()))
