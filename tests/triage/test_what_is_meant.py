"""What a message means beside what is being asked: what belongs together, what moves where, whose turn it is, which language."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.triage.answers import gives_up, is_vague, place_named
from orchestrator.triage.requests import split, target_of
from orchestrator.triage.router import Router
from tests.agents.conftest import folder  # noqa: F401 - the fixture that keeps the trained router
from tests.conftest import MovedClock
from tests.triage.stories import BERLIN, Scene
from tests.triage.test_held_out import router  # noqa: F401 - the trained router


@pytest.fixture
def scene(folder: Path, clock: MovedClock) -> Iterator[Scene]:  # noqa: F811 - the fixture imported above
    opened = Scene.open(folder, clock, "en")
    yield opened
    asyncio.run(opened.house.database.close())


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "book a massage with Alex, monday 11:30"),
        ("en", "I have to call the bank on friday at half past 9, please remind me"),
        ("en", "how much for a beard trim and a haircut?"),
        ("en", "right, I'm off, talk soon"),
        ("de", "erinnere mich am Montag um 8 daran, die Blumen zu gießen"),
        ("de", "Erinnerung für den 3. Januar um 14 Uhr: Auto anmelden"),
        ("es", "apúntame para un masaje el lunes a las nueve y media"),
        ("es", "recordatorio: el coche, martes a las 4 de la tarde"),
        ("zh", "周五上午九点，小王，理发"),
        ("zh", "周四还有空位吗？"),
    ],
)
def test_what_is_one_request_stays_one(router: Router, language: str, text: str) -> None:  # noqa: F811 - the fixture imported above
    assert len(split(text, language, router.cascade())) == 1


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "book a haircut for Tuesday at 10 and tell me how much it costs"),
        ("de", "buch mir am Dienstag um 10 einen Haarschnitt und erinnere mich am Abend vorher"),
        ("es", "quiero un corte de pelo el jueves a las 3, ¿y cuánto cuesta?"),
        ("zh", "预约周四下午三点剪发，然后前一天晚上提醒我"),
    ],
)
def test_two_requests_are_two(router: Router, language: str, text: str) -> None:  # noqa: F811 - the fixture imported above
    assert len(split(text, language, router.cascade())) == 2


@pytest.mark.parametrize(
    ("language", "text", "target"),
    [
        ("en", "swap my tuesday slot for thursday at 1pm", "thursday at 1pm"),
        ("en", "Thursday instead of Tuesday", "Thursday"),
        ("en", "move my appointment to Thursday at 3", "move my appointment to Thursday at 3"),
        ("de", "von Dienstag um 15 Uhr auf Donnerstag um 16 Uhr", "Donnerstag um 16 Uhr"),
        ("es", "pasa la cita al jueves a las 3 de la tarde", "pasa la cita al jueves a las 3 de la tarde"),
        ("es", "del martes al jueves por la mañana", "jueves por la mañana"),
        ("zh", "周二那个换成周四下午一点", "周四下午一点"),
    ],
)
def test_where_it_is_moved_to(language: str, text: str, target: str) -> None:
    assert target_of(text, language).strip() == target


def test_short_answers() -> None:
    assert place_named("the second one") == 1 and place_named("第二个") == 1 and place_named("actually I would like the second one of these") is None
    assert is_vague("Yes!") and is_vague("2") and not is_vague("on Monday")
    assert gives_up("算了，不约了") and not gives_up("forget it, book a haircut instead")


def test_a_chosen_language_stays_whatever_is_written(scene: Scene) -> None:
    scene.say("speak German please")
    assert "geöffnet" in scene.say("what are your opening hours on Monday?").said
    assert "Ich erinnere Sie morgen" in scene.say("remind me tomorrow at 9 to call mum").said
    assert scene.now.reminders[-1].next_due.astimezone(BERLIN).hour == 9
    scene.say("speak English please")
    assert "we are open" in scene.say("what are your opening hours on Monday?").said


def test_a_timer_counts_from_now(scene: Scene, clock: MovedClock) -> None:
    scene.say("set a timer for 3 seconds")
    assert [(row.title, (row.next_due - clock.now()).total_seconds()) for row in scene.now.reminders] == [("timer", 3.0)]
    scene.say("set a timer for 10 minutes for the eggs")
    assert "the eggs" in [row.title for row in scene.now.reminders]


def test_a_plain_question_is_answered_while_a_text_is_awaited(scene: Scene) -> None:
    scene.say("set a reminder for tomorrow at 10")
    assert "09:00–18:00" in scene.say("what are your opening hours?").said
    scene.say("book a haircut")
    assert [row.title for row in scene.now.reminders] == ["book a haircut"]


def test_it_is_what_was_made_last(scene: Scene) -> None:
    scene.say("book a haircut on Tuesday at 10")
    assert "Cancelled: haircut" in scene.say("cancel it please").said
    scene.say("remind me to water the plants every Sunday at 10am")
    assert "every Sunday at 11:00" in scene.say("make that 11").said
    scene.say("I need an appointment for colouring")
    scene.say("remind me in 20 minutes to take the pizza out")
    assert "10:30" in scene.say("no, in 30 minutes").said


def test_another_days_appointment_is_not_cancelled_instead(scene: Scene) -> None:
    scene.say("book a haircut on Friday at 10")
    assert "Which appointment" in scene.say("cancel my appointment on Thursday").said
    assert len(scene.now.events) == 1


def test_an_offered_time_is_chosen_by_its_place(scene: Scene) -> None:
    scene.say("book colouring on Friday")
    scene.say("the second one")
    assert [f"{row.start_at.astimezone(BERLIN):%a %H:%M}" for row in scene.now.events] == ["Fri 10:30"]


def test_a_bare_yes_answers_only_what_was_asked_last(scene: Scene) -> None:
    scene.say("book a haircut on Friday at 10")
    scene.say("cancel my appointment on Thursday")
    scene.say("book an appointment")
    scene.say("yes")
    assert len(scene.now.events) == 1


def test_moving_by_a_stretch_of_time(scene: Scene) -> None:
    scene.say("book a haircut on Tuesday at 10")
    scene.say("what are your prices?")
    scene.say("delay my appointment by 2 days")
    assert [f"{row.start_at.astimezone(BERLIN):%a %H:%M}" for row in scene.now.events] == ["Thu 10:00"]
    scene.say("can my appointment start an hour earlier")
    assert [f"{row.start_at.astimezone(BERLIN):%a %H:%M}" for row in scene.now.events] == ["Thu 09:00"]


def test_of_repeated_appointments_only_the_first_is_booked_and_that_is_said(scene: Scene) -> None:
    assert "one appointment" in scene.say("book a haircut every Tuesday at 3pm, four times").said
    assert len(scene.now.events) == 1


def test_reminders_of_one_day(scene: Scene) -> None:
    scene.say("remind me tomorrow at 9 to call mum")
    scene.say("remind me every day at 8pm to lock the door")
    scene.say("remind me on Friday at 9 to pay the rent")
    said = scene.say("what reminders do I have tomorrow?").said
    assert "call mum" in said and "lock the door" in said and "rent" not in said


def test_the_price_of_what_is_booked_in_the_same_breath(scene: Scene) -> None:
    said = scene.say("Could you book me a haircut for Tuesday at 10 and also tell me how much it costs?").said
    assert "35 EUR" in said and "80 EUR" not in said


def test_the_owner_changes_one_end_of_a_day(scene: Scene) -> None:
    said = scene.owner.say("we close at 5pm on Fridays now, please update that")
    assert "Friday: 09:00–17:00" in said and "Thursday: 09:00–18:00" in said
