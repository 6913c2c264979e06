"""What is said with a "not", an "every last" or a thank you: nothing is cancelled, set or booked that nobody asked for."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from agents.reminders_negated import is_polite, not_to_forget, unwanted
from bot.app import House
from storage.models import CalendarEventRow, ScheduleRow, TaskRow
from tests.agents.talk import Talk, someone
from tests.agents.test_reminders import live

MAIL = {
    "en": "email bob@example.com that I'm late",
    "de": "schreib eine Mail an bob@example.com, dass ich zu spät komme",
    "es": "manda un correo a bob@example.com diciendo que llego tarde",
    "zh": "给bob@example.com发邮件说我晚到",
}
PILLS = {
    "en": ("remind me tomorrow at 9 to take the pills", "don't remind me of the pills"),
    "de": ("erinnere mich morgen um 9 an die Tabletten", "erinnere mich nicht an die Tabletten"),
    "es": ("recuérdame mañana a las 9 las pastillas", "no me recuerdes las pastillas"),
    "zh": ("明天早上9点提醒我吃药", "别提醒我吃药"),
}


def titles(house: House) -> list[str]:
    query = sa.select(ScheduleRow.title).where(ScheduleRow.state == "active").order_by(ScheduleRow.id)
    return list(house.database.read_now(lambda connection: connection.execute(query).scalars().all()))


def rules(house: House) -> list[str]:
    query = sa.select(ScheduleRow.rule).where(ScheduleRow.state == "active").order_by(ScheduleRow.id)
    return list(house.database.read_now(lambda connection: connection.execute(query).scalars().all()))


def states(house: House, kind: str) -> list[str]:
    query = sa.select(TaskRow.state).where(TaskRow.type == kind).order_by(TaskRow.id)
    return list(house.database.read_now(lambda connection: connection.execute(query).scalars().all()))


def booked(house: House) -> list[str]:
    query = sa.select(CalendarEventRow.start_at).where(CalendarEventRow.state == "booked")
    return [f"{start:%m-%d}" for start in house.database.read_now(lambda connection: connection.execute(query).scalars().all())]


# --- "don't forget" ---


@pytest.mark.parametrize(
    ("language", "text", "what"),
    [
        ("en", "don't forget the milk", "the milk"),
        ("en", "oh, and don't you forget the milk!", "the milk"),
        ("de", "vergiss die Milch nicht", "die Milch"),
        ("de", "Milch nicht vergessen!", "Milch"),
        ("es", "no olvides la leche", "la leche"),
        ("zh", "别忘了牛奶", "牛奶"),
        ("zh", "别把牛奶忘了", "牛奶"),
    ],
)
def test_do_not_forget_asks_for_a_reminder_and_cancels_nothing(house: House, language: str, text: str, what: str) -> None:
    talk = someone(house, language=language)
    talk.say(MAIL[language])
    said = talk.say(text)
    assert what in said and len(talk.buttons()) >= 3, said
    assert states(house, "reminder_set") == ["awaiting_input"]
    assert "cancelled" not in states(house, "email_send")


@pytest.mark.parametrize(
    ("language", "text", "title"),
    [
        ("en", "don't forget to buy milk tomorrow at 9", "buy milk"),
        ("de", "Vergiss nicht, morgen um 9 die Milch zu kaufen", "die Milch kaufen"),
        ("es", "no te olvides de comprar leche mañana a las 9", "comprar leche"),
        ("zh", "别忘了明天早上9点买牛奶", "买牛奶"),
    ],
)
def test_what_is_not_to_be_forgotten_is_the_title(house: House, language: str, text: str, title: str) -> None:
    someone(house, language=language).say(text)
    assert titles(house) == [title]


def test_forgetting_something_is_still_no_reminder() -> None:
    for text in ("forget it", "forget the task", "vergiss es", "Vergiss es, die Milch", "olvídalo", "算了", "I forgot the milk"):
        assert not_to_forget(text) is None, text


# --- nothing under way ---


@pytest.mark.parametrize(
    ("language", "hello", "texts"),
    [
        ("en", "hello", ["never mind", "stop", "cancel everything", "/cancel", "/pause"]),
        ("de", "hallo", ["Vergiss es", "stopp", "alles abbrechen"]),
        ("es", "hola", ["olvídalo", "para", "cancela todo"]),
        ("zh", "你好", ["算了", "停止", "停止所有任务"]),
    ],
)
def test_with_nothing_under_way_that_is_said(house: House, language: str, hello: str, texts: list[str]) -> None:
    talk = someone(house, language=language)
    talk.say(hello)
    nothing = {"en": "Nothing", "de": "nichts", "es": "nada", "zh": "没有进行中"}[language]
    for text in texts:
        said = talk.say(text)
        assert nothing in said and "#1" not in said, (text, said)


def test_cancel_everything_stops_every_task(owner: Talk) -> None:
    owner.say("email bob@example.com that I'm late")
    owner.say("email eve@example.com that I'm late")
    assert "2" in owner.say("cancel everything")
    assert states(owner.house, "email_send") == ["cancelled", "cancelled"]


# --- "don't remind me" ---


@pytest.mark.parametrize("language", list(PILLS))
def test_a_reminder_nobody_wants_is_never_made(house: House, language: str) -> None:
    talk = someone(house, language=language)
    said = talk.say(PILLS[language][1])
    assert titles(house) == [] and states(house, "reminder_set") in ([], ["completed"]), said
    assert any(word in said for word in ("no reminder", "keine Erinnerung", "ningún recordatorio", "没有")), said


@pytest.mark.parametrize("language", list(PILLS))
def test_the_one_of_that_name_is_offered_and_deleted_when_wanted(house: House, language: str) -> None:
    talk = someone(house, language=language)
    wanted, not_wanted = PILLS[language]
    talk.say(wanted)
    talk.say(not_wanted)
    assert len(titles(house)) == 1 and len(talk.buttons()) == 2
    talk.press(talk.buttons()[1])
    assert len(titles(house)) == 1
    talk.say(not_wanted)
    talk.press(talk.buttons()[0])
    assert titles(house) == []


def test_another_one_is_left_alone(owner: Talk) -> None:
    owner.say("remind me tomorrow at 9 to take the pills")
    assert "no reminder “the dog”" in owner.say("don't remind me of the dog")
    assert "no reminder “wake up”" in owner.say("don't wake me at 7")
    assert len(live(owner.house)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "don't set a reminder for the pills", "don't wake me at 7", "stell keine Erinnerung an die Tabletten", "weck mich nicht um 7", "du musst mich nicht an die Tabletten erinnern",
        "no me despiertes a las 7", "no pongas un recordatorio de las pastillas", "别叫醒我", "不要设吃药的提醒",
    ],
)  # fmt: skip
def test_so_says_that_none_is_wanted(text: str) -> None:
    assert unwanted(text) is not None


@pytest.mark.parametrize(
    "text", ["remind me not to smoke", "erinnere mich nicht zu rauchen", "recuérdame no fumar", "提醒我不要抽烟", "don't remind me any more", "别提醒我了"]
)
def test_what_is_not_to_be_done_is_a_reminder_all_the_same(text: str) -> None:
    assert unwanted(text) is None


# --- thanks ---


@pytest.mark.parametrize(
    ("language", "text", "thanks", "title"),
    [
        ("en", "remind me tomorrow at 9", "thanks", "call mum"),
        ("de", "erinnere mich morgen um 9", "danke", "Mama anrufen"),
        ("es", "recuérdame mañana a las 9", "gracias", "llamar a mamá"),
        ("zh", "明天9点提醒我", "谢谢", "给妈妈打电话"),
    ],
)
def test_thanks_are_no_title(house: House, language: str, text: str, thanks: str, title: str) -> None:
    talk = someone(house, language=language)
    talk.say(text)
    talk.say(thanks)
    assert titles(house) == []
    talk.say(title)
    assert titles(house) == [title]


def test_who_names_nothing_at_all_gets_no_reminder(owner: Talk) -> None:
    owner.say("remind me tomorrow at 9")
    for _ in range(5):
        said = owner.say("thanks")
    assert "set no reminder" in said and live(owner.house) == []
    assert not is_polite("thank Bob for the flowers") and not is_polite("danke Oma sagen")


# --- rhythms and dates ---


@pytest.mark.parametrize(
    ("language", "text", "title", "rule"),
    [
        ("en", "remind me every last Friday to pay rent", "pay rent", "FREQ=MONTHLY;BYDAY=-1FR"),
        ("zh", "除了星期四，工作日早上8点提醒我吃药", "吃药", "FREQ=WEEKLY;BYDAY=MO,TU,WE,FR"),
        ("zh", "每天早上8点提醒我吃药，星期天除外", "吃药", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA"),
        ("en", "remind me every weekday at 8 to take pills except Thursday", "take pills", "FREQ=WEEKLY;BYDAY=MO,TU,WE,FR"),
    ],
)
def test_a_rhythm_is_kept_as_it_was_said(house: House, language: str, text: str, title: str, rule: str) -> None:
    someone(house, language=language).say(text)
    assert titles(house) == [title] and rules(house)[0].startswith(rule)


def test_news_every_week_is_no_appointment(house: House) -> None:
    talk = someone(house, language="zh")
    talk.say("每周一9点给我发新闻")
    assert states(house, "appointment_booking") == []


def test_a_date_that_could_be_two_is_asked_about_and_keeps_its_clock(house: House) -> None:
    talk = someone(house)
    assert "3/12" in talk.say("haircut 3/12 at 10")
    assert booked(house) == []
    talk.say("never mind")
    assert "3/12" in talk.say("remind me 3/12 at 10 to wrap gifts")
    assert "Thursday 3 December, 10:00" in talk.say("December 3")


def test_a_rhythm_that_answers_stays_one(owner: Talk) -> None:
    assert "every first and third Monday" in owner.say("every first and third Monday at 9 remind me to pay rent")
    owner.say("every Monday")
    assert rules(owner.house) == ["FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0"]


def test_a_date_that_can_be_but_one_is_read(house: House) -> None:
    assert "24 December, 10:00: wrap gifts" in someone(house).say("remind me 12/24 at 10 to wrap gifts")
    someone(house, language="de", external="de").say("Haarschnitt 3/12 um 10")
    assert booked(house) == ["12-03"]
