"""Two requests of one kind in one message are two, each with its own time; what only sounds like it stays one."""

from __future__ import annotations

from typing import Any

import pytest

from bot.app import House
from orchestrator import times
from orchestrator.triage import pairs
from orchestrator.triage.requests import split
from orchestrator.triage.router import Router
from tests.agents.conftest import folder, house  # noqa: F401 - the fixtures of a house
from tests.agents.talk import someone
from tests.agents.test_reminders import live
from tests.triage.test_held_out import router  # noqa: F401 - the trained router

HOSTILE = [
    ("en", "remind me " + "at 8, " * 60),
    ("en", "remind me " + "8 and " * 60),
    ("zh", "提醒我" + "8点、" * 120),
    ("zh", "提醒我" + "8点喝水，" * 70),
]
"""Of these many cuts are possible."""


@pytest.mark.parametrize(
    ("language", "text", "parts"),
    [
        ("en", "remind me at 8 to take pills and at 9 to call Ann", ["remind me at 8 to take pills", "remind me at 9 to call Ann"]),
        ("en", "remind me at 8 to take pills; at 9 to call Ann", ["remind me at 8 to take pills", "remind me at 9 to call Ann"]),
        ("en", "remind me to take pills at 8am and 8pm", ["remind me to take pills at 8am", "remind me to take pills 8pm"]),
        ("en", "remind me on Monday and Wednesday at 9 to stretch", ["remind me on Monday at 9 to stretch", "remind me Wednesday at 9 to stretch"]),
        (
            "en",
            "set a reminder for 8 to take pills and another one for 9 to call Ann",
            ["set a reminder for 8 to take pills", "set a reminder for 9 to call Ann"],
        ),
        (
            "en",
            "remind me at 5 to feed the cat, at 6 to feed the dog and at 7 to feed the fish",
            ["remind me at 5 to feed the cat", "remind me at 6 to feed the dog", "remind me at 7 to feed the fish"],
        ),
        (
            "de",
            "erinnere mich um 20 Uhr an die Tabletten und um 21 Uhr Ann anzurufen",
            ["erinnere mich um 20 Uhr an die Tabletten", "erinnere mich um 21 Uhr Ann anzurufen"],
        ),
        ("es", "recuérdame a las 8 tomar las pastillas y a las 9 llamar a Ana", ["recuérdame a las 8 tomar las pastillas", "recuérdame a las 9 llamar a Ana"]),
        ("en", "remind me to take pills every Monday, Tuesday and Friday at 8", ["remind me to take pills every Monday, Tuesday and Friday at 8"]),
        ("zh", "明天8点提醒我吃药，9点给安打电话", ["明天8点提醒我吃药", "提醒我9点给安打电话"]),
        ("zh", "周一和周三上午9点提醒我锻炼", ["周一上午9点提醒我锻炼", "周三上午9点提醒我锻炼"]),
        (
            "en",
            "remind me on Monday, Wednesday and Friday at 9 to stretch",
            ["remind me on Monday at 9 to stretch", "remind me Wednesday at 9 to stretch", "remind me Friday at 9 to stretch"],
        ),
        ("en", "remind me to pack the bag and at 9 to leave", ["remind me to pack the bag", "remind me at 9 to leave"]),
        (
            "en",
            "book a haircut on Tuesday at 11 and a colouring on Wednesday at 2pm",
            ["book a haircut on Tuesday at 11", "a colouring on Wednesday at 2pm"],
        ),
        ("en", "book a haircut on Tuesday at 11 and Wednesday at 2", ["book a haircut on Tuesday at 11", "book a haircut Wednesday at 2"]),
        (
            "de",
            "buche einen Haarschnitt am Dienstag um 11 und Färben am Mittwoch um 14 Uhr",
            ["buche einen Haarschnitt am Dienstag um 11", "Färben am Mittwoch um 14 Uhr"],
        ),
        (
            "es",
            "reserva un corte de pelo el martes a las 11 y una coloración el miércoles a las 14",
            ["reserva un corte de pelo el martes a las 11", "una coloración el miércoles a las 14"],
        ),
        ("zh", "预约周二上午11点理发和周三下午2点染发", ["预约周二上午11点理发", "周三下午2点染发"]),
        (
            "en",
            "email ann@example.com that I'm late, and remind me tomorrow at 8 to call",
            ["email ann@example.com that I'm late", "remind me tomorrow at 8 to call"],
        ),
        (
            "de",
            "schreib ann@example.com, dass ich später komme, und erinnere mich morgen um 8 an den Anruf",
            ["schreib ann@example.com, dass ich später komme", "erinnere mich morgen um 8 an den Anruf"],
        ),
        (
            "es",
            "escribe a ann@example.com que llego tarde y recuérdame mañana a las 8 llamar",
            ["escribe a ann@example.com que llego tarde", "recuérdame mañana a las 8 llamar"],
        ),
        ("zh", "给ann@example.com发邮件说我迟到了，明天8点提醒我打电话", ["给ann@example.com发邮件说我迟到了", "明天8点提醒我打电话"]),
        ("en", "Do you take cards and how do I get there?", ["Do you take cards", "how do I get there?"]),
        ("de", "Kann man mit Karte zahlen und habt ihr WLAN?", ["Kann man mit Karte zahlen", "habt ihr WLAN?"]),
        ("es", "¿Aceptan tarjetas y cómo llego?", ["¿Aceptan tarjetas", "cómo llego?"]),
        ("zh", "可以刷卡吗？怎么去你们那里？", ["可以刷卡吗", "怎么去你们那里？"]),
    ],
)
def test_each_part_is_a_request(router: Router, language: str, text: str, parts: list[str]) -> None:  # noqa: F811 - the fixture imported above
    assert [route.text for route in split(text, language, router.cascade())] == parts


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "remind me tomorrow at 8 to call Bob and meet him at 9"),
        ("en", "remind me tomorrow at 8 to call Bob, Friday at 9 at the latest"),
        ("en", "remind me tomorrow at 8 to buy milk and eggs"),
        ("en", "remind me tomorrow at 10 to call Bob between 9 and 10 to confirm"),
        ("en", "remind me every day at 8am and 8pm to take pills"),
        ("en", "remind me tomorrow to buy 2 and 3 packs"),
        ("en", "remind me on Saturday, 28 November, at 9 to call mum"),
        ("en", "remind me on 24 and 25 December to call mum"),
        ("de", "erinnere mich am Samstag, den 28. November, um 9 an den Termin"),
        ("zh", "每天早上8点和晚上8点提醒我吃药"),
        ("en", "book a haircut on Tuesday at 11, or if that's taken Wednesday at 2"),
        ("en", "book a haircut on Tuesday at 11, with Alex"),
        ("en", "I need a haircut on Tuesday at 11 and I have to leave by 12"),
        ("en", "email ann@example.com that she should remind me tomorrow at 8"),
        ("en", "email ann@example.com that I'm late and remind her of the meeting"),
        ("en", "do you take cards and cash?"),
        ("en", "delete the reminders about Bob and the pills"),
        ("de", "erinnere mich morgen um 8 daran, Bob anzurufen und Milch zu kaufen"),
        ("de", "erinnere mich morgen um 8 an Brot und Milch"),
        ("es", "recuérdame mañana a las 8 comprar pan y leche"),
        ("zh", "提醒我明天8点买牛奶和面包"),
    ],
)
def test_what_belongs_together_stays_together(router: Router, language: str, text: str) -> None:  # noqa: F811 - the fixture imported above
    assert len(split(text, language, router.cascade())) == 1


def test_a_second_reminder_has_the_day_and_the_rhythm_of_the_first(house: House) -> None:  # noqa: F811 - the fixture imported above
    talk = someone(house)
    talk.say("remind me on Tuesday at 8 to take pills and at 9 to call Ann")
    assert [(title, due.isoformat()[:16]) for title, due, _ in live(house)] == [("take pills", "2026-11-24T07:00"), ("call Ann", "2026-11-24T08:00")]
    talk.say("remind me on Thursday morning to pack and in the evening to unpack")
    assert [f"{due:%a}" for title, due, _ in live(house) if "pack" in title] == ["Thu", "Thu"]
    talk.say("remind me every day at 6am to wash and at 7am to eat")
    assert {(title, rule) for title, _, rule in live(house) if rule} == {
        ("wash", "FREQ=DAILY;BYHOUR=6;BYMINUTE=0"),
        ("eat", "FREQ=DAILY;BYHOUR=7;BYMINUTE=0"),
    }


def test_both_appointments_are_booked(house: House) -> None:  # noqa: F811 - the fixture imported above
    said = someone(house).say("book a haircut on Tuesday at 11 and a colouring on Wednesday at 2pm")
    assert "haircut with Alex, Tuesday 24 November, 11:00" in said and "Wednesday 25 November, 14:00" in said


@pytest.mark.parametrize(
    ("language", "first", "second", "cancel", "yes"),
    [
        ("en", "book a haircut on Tuesday at 10", "book a consultation on Wednesday at 10", "cancel my haircut and my consultation", "yes"),
        ("de", "buche einen Haarschnitt am Dienstag um 10", "buche eine Beratung am Mittwoch um 10", "sag meinen Haarschnitt und meine Beratung ab", "ja"),
        ("es", "reserva un corte de pelo el martes a las 10", "reserva una consulta el miércoles a las 10", "cancela mi corte de pelo y mi consulta", "sí"),
        ("zh", "预约周二上午10点剪发", "预约周三上午10点咨询", "取消我的剪发和咨询", "是"),
    ],
)
def test_several_are_cancelled_together_once_confirmed(house: House, language: str, first: str, second: str, cancel: str, yes: str) -> None:  # noqa: F811
    talk = someone(house, language=language)
    talk.say(first)
    talk.say(second)
    assert talk.say(cancel).count("\n- ") == 2
    assert talk.say(yes).count("\n") == 1
    assert len([label for label in talk.buttons() if ": " in label or "：" in label]) == 2


def test_of_two_services_at_one_time_one_is_booked_and_the_other_is_said(house: House) -> None:  # noqa: F811 - the fixture imported above
    assert "separately" in someone(house).say("book a haircut and a colouring on Tuesday at 11")


def test_what_is_not_booked_is_not_cancelled_by_cancelling_something_else(house: House) -> None:  # noqa: F811 - the fixture imported above
    talk = someone(house)
    talk.say("book a haircut on Tuesday at 10")
    assert "Which appointment" in talk.say("cancel my consultation")


def test_a_letter_for_later_waits_though_a_reminder_stands_beside_it(house: House) -> None:  # noqa: F811 - the fixture imported above
    talk = someone(house)
    said = talk.say("tomorrow at 8 email bob@example.com that I left, and remind me tomorrow at 9 to call")
    assert "08:00" in said and "09:00: call" in said and "I am on it" not in said


@pytest.mark.parametrize(("language", "text"), HOSTILE)
def test_however_many_cuts_are_possible_few_are_tried(router: Router, monkeypatch: pytest.MonkeyPatch, language: str, text: str) -> None:  # noqa: F811
    read, reads = times.read, []

    def counted(text: str, **given: Any) -> times.Reading:
        reads.append(text)
        return read(text, **given)

    monkeypatch.setattr(times, "read", counted)
    pairs._read.cache_clear()
    split(text, language, router.cascade())
    assert len(reads) < 100


def test_what_is_more_than_four_stays_with_the_last(router: Router) -> None:  # noqa: F811
    text = "remind me at 5 to sing, at 6 to dance, at 7 to eat, at 8 to read and at 9 to sleep"
    assert [route.text for route in split(text, "en", router.cascade())][-1] == "remind me at 8 to read and at 9 to sleep"
