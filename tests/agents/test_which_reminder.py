"""Which reminder is meant: by words or by a number that is said; what is unclear is asked, and what was changed can be taken back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agents.reminders_titles import LONGEST_TITLE, exception_in, shortened
from agents.tools.naming import Meant, alike
from agents.tools.reminder_names import Named, find, number_said
from bot.app import House
from tests.agents.talk import Talk, someone
from tests.agents.test_reminders import live
from tests.agents.test_undo import run_undo

MINE = [Named("1", 1, "feed the cat"), Named("2", 2, "pay the rent"), Named("8", 8, "take pills"), Named("9", 9, "吃药"), Named("10", 10, "Mama anrufen")]


@pytest.mark.parametrize(
    ("text", "rest", "sure"),
    [
        ("cancel the pill reminder", "", ["8"]),
        ("delete the reminder about feeding the cats", "", ["1"]),
        ("change the rent reminder to 8", "change the rent reminder", ["2"]),
        ("lösche die Erinnerung, Mama anzurufen", "", ["10"]),
        ("lösch die Mama-Erinnerung", "", ["10"]),
        ("lösche die Erinnerung fürs Anrufen von Mama", "", ["10"]),
        ("删除吃药的提醒", "", ["9"]),
        ("delete reminder 8", "", ["8"]),
        ("lösche Nr. 2", "", ["2"]),
        ("borra el recordatorio número 2", "", ["2"]),
        ("删除提醒2", "", ["2"]),
        ("delete #1", "", ["1"]),
    ],
)
def test_what_is_named_is_meant(text: str, rest: str, sure: list[str]) -> None:
    assert find(MINE, text, rest=rest) == (Meant.SURE, sure)


@pytest.mark.parametrize(
    "text",
    [
        "cancel the tax reminder",
        "change the dog reminder to 8",
        "cancel the reminder to feed Bob",
        "lösche die Erinnerung an die Steuer",
        "borra el recordatorio del dentista",
        "删除开会的提醒",
        "delete reminder 7",
    ],
)
def test_what_fits_none_is_never_sure_even_after_one_was_spoken_of(text: str) -> None:
    how, ids = find(MINE, text, spoken_of="1")
    assert how is Meant.UNLIKE and len(ids) == len(MINE)


def test_where_nothing_is_named_the_one_spoken_of_is_meant() -> None:
    for text in ("delete it please", "lösche die Erinnerung", "borra el recordatorio", "把提醒删了吧", "on second thoughts, delete that reminder"):
        assert find(MINE, text, spoken_of="2") == (Meant.SURE, ["2"]), text
        assert find(MINE, text)[0] is Meant.OPEN, text


def test_an_hour_is_no_number() -> None:
    assert [number_said(text) for text in ("change the reminder to 8", "move the reminder 8 am", "reminder 8:30", "提醒8点", "Erinnerung 8 Uhr")] == [None] * 5
    assert [number_said(text) for text in ("reminder 3", "#3", "number 3", "Nr. 3", "recordatorio nº 3", "第3个提醒")] == [3] * 6


def test_words_are_alike_in_their_forms_only() -> None:
    assert alike("pill", "pills") and alike("water", "watering") and alike("llamar", "llame") and alike("cat", "cats")
    assert not alike("cat", "car") and not alike("call", "bill") and not alike("put", "putzen") and not alike("tax", "taxonomy")


@pytest.mark.parametrize(
    ("language", "one", "other", "wish", "kept", "none"),
    [
        ("en", "remind me tomorrow at 8 to feed the cat", "cancel the pill reminder", "feed the cat", "Which reminder shall I delete?", "None of these"),
        ("de", "erinnere mich morgen um 8 an den Müll", "lösche die Erinnerung an die Steuer", "Müll", "Welche Erinnerung", "Keine davon"),
        ("es", "recuérdame mañana a las 8 sacar la basura", "borra el recordatorio del dentista", "sacar la basura", "¿Qué recordatorio", "Ninguno"),
        ("zh", "明天早上8点提醒我喂猫", "删除吃药的提醒", "喂猫", "要删除哪个提醒", "都不是"),
    ],
)
def test_the_wrong_one_is_not_deleted(house: House, language: str, one: str, other: str, wish: str, kept: str, none: str) -> None:
    talk = someone(house, language=language)
    talk.say(one)
    assert kept in talk.say(other)
    assert [title for title, _, _ in live(house)] == [wish]
    talk.press(none)
    assert [title for title, _, _ in live(house)] == [wish]


def test_a_bare_hour_changes_no_reminder_of_that_number(owner: Talk, house: House) -> None:
    for place, title in enumerate(("buy bread", "water roses", "walk", "read", "write", "swim", "cook", "pay rent")):
        owner.say(f"remind me tomorrow at {9 + place}:00 to {title}")
    before = live(house)
    assert "Which reminder" in owner.say("change the dog reminder to 8")
    assert live(house) == before
    owner.press("None of these")
    assert "08:00" in owner.say("change reminder 8 to 8 am") and ("pay rent", datetime(2026, 11, 22, 7, tzinfo=UTC), "") in live(house)


async def test_what_was_set_changed_or_deleted_is_taken_back(owner: Talk, house: House) -> None:
    owner.say("remind me every day at 8 to stretch")
    first = live(house)
    owner.say("move the stretch reminder to 9")
    assert live(house) != first
    owner.press("Undo")
    await run_undo(owner)
    assert live(house) == first
    owner.say("delete the stretch reminder")
    assert live(house) == []
    owner.press("Undo")
    await run_undo(owner)
    assert live(house) == first
    owner.say("remind me tomorrow at 10 to call mum")
    owner.press("Undo")
    await run_undo(owner)
    assert live(house) == first


def test_a_long_text_is_cut_visibly_and_nothing_is_asked(owner: Talk, house: House) -> None:
    said = owner.say("remind me tomorrow at 10 to " + "check the whole list of papers " * 20)
    assert "…" in said and "That was long" in said
    title = live(house)[0][0]
    assert title.startswith("check the whole list") and title.endswith("…") and len(title) <= LONGEST_TITLE
    assert "no reminders" not in owner.say("show my reminders")
    assert shortened("short") == "short" and len(shortened("字" * 999)) == LONGEST_TITLE


@pytest.mark.parametrize(
    ("rest", "title", "days"),
    [
        ("water the plants but not on holidays", "water the plants", "on holidays"),
        ("water the plants, except Sundays", "water the plants", "Sundays"),
        ("Blumen gießen, aber nicht an Feiertagen", "Blumen gießen", "an Feiertagen"),
        ("regar las plantas, pero no los festivos", "regar las plantas", "los festivos"),
        ("浇花，但节假日除外", "浇花", "节假日"),
        ("浇花，节假日不要", "浇花", "节假日"),
        ("eat everything but not sugar", "eat everything but not sugar", ""),
    ],
)
def test_days_to_leave_out_are_no_title(rest: str, title: str, days: str) -> None:
    assert exception_in(rest) == (title, days)


def test_that_days_cannot_be_left_out_is_said(owner: Talk, house: House) -> None:
    assert "cannot leave out “on holidays”" in owner.say("remind me every day at 8 to water the plants but not on holidays")
    assert [title for title, _, _ in live(house)] == ["water the plants"]


@pytest.mark.parametrize(
    ("language", "text", "title"),
    [
        ("en", "remember that my sister's birthday is May 4", "my sister's birthday"),
        ("de", "merk dir, dass der Geburtstag meiner Schwester am 4. Mai ist", "der Geburtstag meiner Schwester"),
        ("es", "recuerda que el cumpleaños de mi hermana es el 4 de mayo", "el cumpleaños de mi hermana"),
        ("zh", "记住我妹妹的生日是5月4日", "我妹妹的生日"),
    ],
)
def test_a_statement_is_not_cut_off_in_its_middle(house: House, language: str, text: str, title: str) -> None:
    someone(house, language=language).say(text)
    assert [one for one, _, _ in live(house)] == [title]


def test_a_paused_reminder_is_not_coming(owner: Talk) -> None:
    owner.say("remind me every day at 8 to stretch")
    owner.say("/schedule pause 1")
    assert "paused" in owner.say("show my reminders")
    assert "stretch" not in owner.say("what do I have tomorrow")
