"""Questions about the business, in four languages: the facts of each answer, and an honest "I don't know"."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app import House
from orchestrator.business import sample_text
from tests.agents.talk import Talk, open_house, someone
from tests.conftest import MovedClock


@pytest.mark.parametrize(
    ("language", "question", "facts"),
    [
        ("en", "what are your opening hours?", ["Monday – Saturday: 09:00–18:00", "Sunday: 10:00–17:00", "open now, until 18:00"]),
        ("en", "are you open on Sunday?", ["Sunday 22 November", "10:00–17:00"]),
        ("en", "where are you located?", ["Example Street 1", "car park"]),
        ("en", "what's your phone number?", ["+49 30 000000", "hello@example.com"]),
        ("en", "what services do you offer?", ["haircut: 30 min, 35 EUR", "consultation: 20 min, free", "Alex, Kim"]),
        ("en", "how much does a check-up cost?", ["consultation: free (20 minutes)"]),
        ("en", "how much is a haircut?", ["haircut: 35 EUR (30 minutes)"]),
        ("en", "do you take Blue Cross insurance?", ["do not bill insurance", "Source: FAQ"]),
        ("en", "what is your cancellation policy?", ["24 hours", "Source: FAQ"]),
        ("de", "Wann habt ihr geöffnet?", ["Montag – Samstag: 09:00–18:00", "Sonntag: 10:00–17:00"]),
        ("de", "Was kostet ein Haarschnitt?", ["Haarschnitt: 35 EUR (30 Minuten)"]),
        ("de", "Nehmen Sie Karten?", ["mit Karte oder bar", "Quelle: FAQ"]),
        ("de", "Wo finde ich euch?", ["Example Street 1"]),
        ("es", "¿Qué horario tienen?", ["lunes – sábado: 09:00–18:00"]),
        ("es", "¿Cuánto cuesta el tinte?", ["tinte: 80 EUR (90 minutos)"]),
        ("es", "¿Aceptan tarjetas?", ["tarjeta o en efectivo", "Fuente: FAQ"]),
        ("zh", "你们几点开门？", ["星期一 – 星期六: 09:00–18:00"]),
        ("zh", "染发多少钱？", ["染发：80 EUR（90 分钟）"]),
        ("zh", "可以刷卡吗？", ["可以刷卡", "来源：FAQ"]),
    ],
)
def test_the_facts_are_in_the_answer(house: House, language: str, question: str, facts: list[str]) -> None:
    said = someone(house, role="guest", language=language).say(question)
    assert [fact for fact in facts if fact not in said] == [], said


@pytest.mark.parametrize("question", ["do you have a swimming pool?", "can I bring my dog?", "who won the cup in 1998?"])
def test_what_is_not_written_down_is_not_made_up(guest: Talk, question: str) -> None:
    said = guest.say(question)
    assert "Source" not in said and "FAQ" not in said


def test_a_follow_up_keeps_the_question(guest: Talk) -> None:
    guest.say("what are your opening hours?")
    assert "Sunday 22 November: we are open 10:00–17:00." in guest.say("and tomorrow?")


def test_a_follow_up_in_german(house: House) -> None:
    talk = someone(house, role="guest", language="de")
    talk.say("Wann habt ihr geöffnet?")
    assert "10:00–17:00" in talk.say("und am Sonntag?")


def test_closed_now_says_when_it_opens(guest: Talk, clock: MovedClock) -> None:
    clock.move(hours=10)
    assert "closed now and open again tomorrow, Sunday 22 November, 10:00" in guest.say("what are your opening hours?")


def test_documents_answer_with_their_file_and_heading(folder: Path, clock: MovedClock) -> None:
    documents = folder / "documents"
    documents.mkdir(exist_ok=True)
    (documents / "house.md").write_text(
        "# Our house\n\n## Wheelchair access\n\nThere is a ramp at the side door; wheelchairs fit everywhere.\n", encoding="utf-8"
    )
    house = open_house(folder, clock, sample_text().replace("  # documents: ./documents ", f"  documents: {documents} "))
    said = someone(house, role="guest").say("do you have wheelchair access?")
    assert "ramp at the side door" in said and "house.md, Wheelchair access" in said
