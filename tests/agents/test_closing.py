"""Closing and opening again by message: a question changes nothing, a part of a day is no whole day, and what was closed can be opened."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from agents.setup_closing import Meant, meant
from agents.tools.closures import Span, without
from bot.app import House
from orchestrator.business import BusinessBook
from storage.models import CalendarEventRow, new_id
from tests.agents.talk import Talk, someone
from tests.agents.test_undo import run_undo
from tests.conftest import NOW

ASKED = {
    "en": [
        "are we closed on Wednesday?", "when do we close on Friday?", "do we close on Friday?", "do we close on Friday", "are we open on monday at 9?",
        "are we open on Wednesday", "shall we close on Friday?", "we close on Friday, right?", "do you know if we are closed on Wednesday",
    ],
    "de": [
        "haben wir am Mittwoch zu?", "haben wir am Mittwoch zu", "wann schließen wir am Freitag?", "schließen wir am Freitag?",
        "haben wir am Montag um 9 auf?", "sind wir am Mittwoch geschlossen?",
    ],
    "es": [
        "¿cerramos el miércoles?", "¿estamos cerrados el miércoles?", "¿cuándo cerramos el viernes?", "a qué hora cerramos el viernes",
        "¿abrimos el lunes a las 9?",
    ],
    "zh": ["我们周三休息吗？", "周五我们几点关门？", "我们周五关门吗", "周一九点我们开门吗？", "我们周三是不是休息"],
}  # fmt: skip
DENIED = {
    "en": ["we are not closed on Wednesday", "we don't close on Wednesday", "we won't be closed on Wednesday"],
    "de": ["wir haben am Mittwoch nicht zu", "wir schließen am Mittwoch nicht", "wir haben am Mittwoch nicht geschlossen"],
    "es": ["no cerramos el miércoles", "el miércoles no estamos cerrados"],
    "zh": ["我们周三不休息", "周三我们不关门"],
}
CLOSED = {"en": "we are closed on Wednesday", "de": "wir haben am Mittwoch zu", "es": "cerramos el miércoles", "zh": "11月25日关门"}
REOPENED = {
    "en": ["we are open again on Wednesday", "cancel the closure on Wednesday", "we are not closed on Wednesday", "reopen on Wednesday"],
    "de": ["wir haben am Mittwoch doch offen", "am Mittwoch haben wir wieder geöffnet", "Schließung am Mittwoch aufheben"],
    "es": ["el miércoles sí abrimos", "volvemos a abrir el miércoles", "cancela el cierre del miércoles"],
    "zh": ["周三恢复营业", "我们周三照常营业", "取消周三的停业"],
}
PARTLY = {
    "en": [
        "we close earlier tomorrow, at 3", "we are closed tomorrow afternoon", "tomorrow we open later, at 11", "tomorrow we are only open until 3",
        "we are open on 24 December from 10 to 14",
    ],
    "de": ["wir schließen morgen früher, um 15 Uhr", "morgen Nachmittag haben wir zu", "wir öffnen morgen erst um 11"],
    "es": ["mañana cerramos antes, a las 3", "mañana por la tarde cerramos", "mañana abrimos más tarde, a las 11"],
    "zh": ["明天下午关门", "我们明天提前到三点关门", "明天十一点才开门"],
}  # fmt: skip
LEAVE = {"en": "Leave", "de": "So lassen", "es": "Dejarlo", "zh": "保持不变"}


def speaker(house: House, language: str) -> Talk:
    return someone(house, language=language, external=language)


def kept(house: House) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """What is closed, and the hours of every week."""
    book: BusinessBook = next(tool for tool in house.catalogue.tools if tool.name == "business.facts").book  # type: ignore[attr-defined]
    business = house.database.read_now(book.current)
    return [(str(c.first), str(c.last)) for c in business.closures], {day: ", ".join(map(str, hours)) for day, hours in business.hours.items()}


@pytest.mark.parametrize("language", ASKED)
def test_a_question_of_the_owner_is_answered_and_changes_nothing(house: House, language: str) -> None:
    talk, before = speaker(house, language), kept(house)
    assert [text for text in ASKED[language] if "09:00–18:00" not in talk.say(text) or kept(house) != before] == []


@pytest.mark.parametrize("language", DENIED)
def test_a_denied_closing_closes_nothing(house: House, language: str) -> None:
    talk, before = speaker(house, language), kept(house)
    assert [text for text in DENIED[language] if "09:00–18:00" not in talk.say(text) or kept(house) != before] == []


@pytest.mark.parametrize("language", REOPENED)
def test_a_closed_day_is_opened_again_by_saying_so(house: House, language: str) -> None:
    talk = speaker(house, language)
    for text in REOPENED[language]:
        talk.say(CLOSED[language])
        assert kept(house)[0] == [("2026-11-25", "2026-11-25")]
        assert "09:00–18:00" in talk.say(text), text
        assert kept(house)[0] == [], text


def test_what_follows_a_question_is_not_swallowed(owner: Talk) -> None:
    owner.say("are we open on Wednesday")
    assert "welcome" in owner.say("thanks")
    assert "calendar" in owner.say("who is coming on Wednesday")


def test_only_the_named_days_are_opened_again(owner: Talk, house: House) -> None:
    owner.say("we are closed from Friday to Sunday")
    owner.say("we are open again on Saturday")
    assert kept(house)[0] == [("2026-11-27", "2026-11-27"), ("2026-11-29", "2026-11-29")]


def test_which_closure_is_taken_back_is_asked_where_no_day_is_named(owner: Talk, house: House) -> None:
    owner.say("we are closed on Wednesday")
    owner.say("we are closed on Friday")
    assert "Which closure" in owner.say("cancel the closure")
    assert len(kept(house)[0]) == 2
    owner.press("Friday 27 November")
    assert kept(house)[0] == [("2026-11-25", "2026-11-25")]


async def test_a_closing_is_undone_with_its_button_and_so_is_opening(owner: Talk, house: House) -> None:
    owner.say("we are closed on Friday")
    owner.say("we are closed from Wednesday to Friday")
    assert any(label.startswith("Undo: closed") for label in owner.buttons())
    assert "cannot be undone" not in owner.say("undo")
    await run_undo(owner)
    assert kept(house)[0] == [("2026-11-27", "2026-11-27")], "the day that was closed before stays closed"
    owner.say("we are open again on Friday")
    assert kept(house)[0] == []
    owner.press("Undo: open again")
    await run_undo(owner)
    assert kept(house)[0] == [("2026-11-27", "2026-11-27")]


async def test_changed_hours_are_undone_unless_they_were_changed_again(owner: Talk, house: House) -> None:
    before = kept(house)
    owner.say("change our opening hours to 9-17 Mon–Fri")
    assert kept(house) != before
    owner.press("Undo")
    await run_undo(owner)
    assert kept(house) == before
    owner.say("change our opening hours to 9-17 Mon–Fri")
    first = owner.buttons()[0]
    owner.say("on Saturdays we open at 10 now")
    latest = kept(house)
    rows = [card for card in owner._cards() if any(first in b["label"] for row in card["buttons"] for b in row)]
    token = rows[-2]["buttons"][0][0]["token"]
    owner._send("button", "", {"token": token, "press_id": "1"})
    await run_undo(owner)
    assert kept(house) == latest and "changed again since" in owner.heard()


@pytest.mark.parametrize("language", PARTLY)
def test_a_part_of_one_day_changes_nothing_unasked(house: House, language: str) -> None:
    talk, before = speaker(house, language), kept(house)
    for text in PARTLY[language]:
        talk.say(text)
        assert kept(house) == before and any(LEAVE[language] in label for label in talk.buttons()), text
        talk.press(LEAVE[language])
        assert kept(house) == before, text


def test_the_whole_day_or_every_such_day_is_a_press_away(owner: Talk, house: House) -> None:
    owner.say("we close at 5 on Thursday")
    owner.press("every Thursday")
    closures, hours = kept(house)
    assert closures == [] and hours["thursday"] == "09:00–17:00" and hours["friday"] == "09:00–18:00"
    owner.say("we are closed tomorrow afternoon")
    owner.press("Close all of")
    assert kept(house)[0] == [("2026-11-22", "2026-11-22")]


@pytest.mark.parametrize(
    ("language", "text", "answer"),
    [("en", "we are closed 3/12", "3 December"), ("en", "we are closed on February 30", "3 December"), ("zh", "3/12关门", "12月3日")],
)
def test_a_date_that_cannot_be_read_is_asked_about(house: House, language: str, text: str, answer: str) -> None:
    talk, before = speaker(house, language), kept(house)
    talk.say(text)
    assert kept(house) == before
    talk.say(answer)
    assert kept(house) == ([("2026-12-03", "2026-12-03")], before[1])


def test_what_is_said_of_every_week_stays_a_change_of_every_week(owner: Talk, house: House) -> None:
    owner.say("we are closed on Mondays")
    owner.say("on Saturdays we open at 10 now")
    closures, hours = kept(house)
    assert closures == [] and hours["monday"] == "" and hours["saturday"] == "10:00–18:00"


def test_a_name_with_open_in_it_is_a_name(owner: Talk, house: House) -> None:
    assert "Open Doors" in owner.say("our name is now Open Doors")


def test_all_bookings_of_a_closed_day_are_counted_and_twenty_shown(owner: Talk, guest: Talk, house: House) -> None:
    start = NOW.replace(hour=8, minute=0) + timedelta(days=4)
    rows = [
        {
            "id": new_id(), "person_id": guest.somebody.person.id, "chat_id": guest.somebody.chat_id, "task_id": None, "calendar": f"c{n}", "service": "haircut",
            "title": "haircut", "start_at": start + timedelta(minutes=5 * n), "end_at": start + timedelta(minutes=5 * n + 5), "created_at": NOW,
        }
        for n in range(30)
    ]  # fmt: skip
    house.database.write_now(lambda connection: connection.execute(sa.insert(CalendarEventRow), rows))
    said = owner.say("we are closed on Wednesday")
    assert "30 appointments are booked" in said and said.count("haircut") == 20 and "And 10 more." in said


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("we are closed on Wednesday after all", Meant.SHUT),
        ("we are not open on Thursday", Meant.SHUT),
        ("wir haben am Mittwoch doch nicht offen", Meant.SHUT),
        ("no abrimos el miércoles", Meant.SHUT),
        ("周三不开门", Meant.SHUT),
        ("no, we are closed on Wednesday", Meant.SHUT),
        ("wir haben wieder zu normalen Zeiten offen", Meant.OPEN),
        ("change our opening hours to 9-17", Meant.NEITHER),
        ("把营业时间改成9点到17点", Meant.NEITHER),
        ("can you close on Wednesday?", Meant.SHUT),
        ("can you tell me when we close on Friday?", Meant.ASKS),
    ],
)
def test_what_a_sentence_says(text: str, wanted: Meant) -> None:
    assert meant(text) is wanted


def test_days_cut_out_of_days() -> None:
    def span(first: int, last: int) -> Span:
        return Span.model_validate({"first": f"2026-11-{first:02d}", "last": f"2026-11-{last:02d}"})

    assert without(span(1, 9), [span(3, 4), span(7, 12)]) == [span(1, 2), span(5, 6)]
    assert without(span(1, 2), [span(1, 2)]) == [] and without(span(1, 2), [span(3, 4)]) == [span(1, 2)]
