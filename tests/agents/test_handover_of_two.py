"""The owner speaks with guests through the bot: whom a message goes to is always known, and nobody who waits is forgotten."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from bot.app import House
from storage.models import PersonRow, ScheduleRow
from tests.agents.talk import Talk, someone

PLEASE = "I'd like to speak to a person"


@dataclass
class Desk:
    owner: Talk
    anna: Talk
    ben: Talk


def named(house: House, name: str) -> Talk:
    talk = someone(house, role="guest", external=name.lower())
    change = sa.update(PersonRow).where(PersonRow.id == talk.somebody.person.id).values(name=name)
    house.database.write_now(lambda connection: connection.execute(change))
    return talk


@pytest.fixture
def one(owner: Talk, house: House) -> Desk:
    owner.say("hi")
    desk = Desk(owner, named(house, "Anna"), named(house, "Ben"))
    desk.anna.say(PLEASE)
    return desk


@pytest.fixture
def two(one: Desk, house: House) -> Desk:
    house.clock.move(minutes=1)  # type: ignore[attr-defined]
    one.ben.say(PLEASE)
    return one


def reminders(house: House) -> list[str]:
    query = sa.select(ScheduleRow.title).where(ScheduleRow.kind == "reminder", ScheduleRow.state == "active")
    return list(house.database.read_now(lambda connection: connection.execute(query).scalars().all()))


def test_to_one_guest_it_goes_at_once_and_is_confirmed(one: Desk) -> None:
    assert "Sent to Anna." in one.owner.say("Hello, this is the boss; what may I do?")
    assert "this is the boss" in one.anna.heard()


@pytest.mark.parametrize("text", ["who is coming tomorrow", "remind me to buy milk at 6"])
def test_what_reads_like_a_request_to_the_bot_is_asked_about(one: Desk, text: str) -> None:
    assert "To whom" in one.owner.say(text)
    assert one.owner.buttons() == ["Anna", "The assistant"]
    assert text not in one.anna.heard()
    done = one.owner.press("The assistant")
    assert text not in one.anna.heard() and "Sent" not in done and done
    assert (reminders(one.owner.house) == ["buy milk"]) is ("milk" in text)


def test_what_reads_like_a_request_can_be_for_the_guest(one: Desk) -> None:
    one.owner.say("what are your opening hours?")
    assert "Sent to Anna." in one.owner.press("Anna")
    assert "what are your opening hours?" in one.anna.heard()


def test_with_two_waiting_it_is_asked_to_whom(two: Desk) -> None:
    assert "Still waiting for you: Anna" in two.owner.heard()
    two.owner.say("I will call you back in a minute.")
    assert two.owner.buttons() == ["Ben", "Anna", "The assistant"]
    assert "call you back" not in two.anna.heard() + two.ben.heard()
    assert "Sent to Anna." in two.owner.press("Anna")
    assert "call you back" in two.anna.heard() and "call you back" not in two.ben.heard()


def test_a_name_answers_and_a_name_before_the_text_addresses(two: Desk) -> None:
    two.owner.say("Please come by at noon, we will see.")
    assert "Sent to Ben." in two.owner.say("Ben")
    assert "Sent to Anna." in two.owner.say("Anna: and you in the evening")
    assert "come by at noon" in two.ben.heard() and "and you in the evening" in two.anna.heard()
    assert "evening" not in two.ben.heard() and "Anna:" not in two.anna.heard()


def test_handback_asks_which_and_forgets_nobody(two: Desk) -> None:
    assert "Several people" in two.owner.say("/handback")
    assert two.owner.buttons() == ["Ben", "Anna", "All of them"]
    said = two.owner.press("Ben")
    assert "answers there again: Ben" in said and "Still waiting for you: Anna" in said
    assert "opening hours" in two.ben.say("what are your opening hours?").lower()
    assert two.anna.say("are you there?") == "" and "**Anna:** are you there?" in two.owner.heard()
    assert "Sent to Anna." in two.owner.say("Yes, I am with you.")
    assert "answers there again: Anna" in two.owner.say("/handback")
    assert "No conversation" in two.owner.say("/handback")
    assert "opening hours" in two.anna.say("what are your opening hours?").lower()


def test_handback_by_name_or_of_all(two: Desk) -> None:
    assert "again: Anna" in two.owner.say("/handback anna")
    two.anna.say(PLEASE)
    two.owner.say("/handback")
    said = two.owner.press("All of them")
    assert "Anna" in said and "Ben" in said and "waiting" not in said
    assert two.owner.say("what are your opening hours?").startswith("Our opening hours")


def test_what_a_button_says_is_not_sent_to_the_guest(one: Desk) -> None:
    one.owner.say("who is coming tomorrow")
    one.owner.press("The assistant")
    before = one.anna.heard()
    assert one.owner.press("Book an appointment") and one.anna.heard() == before


def test_what_is_answered_too_late_goes_nowhere(one: Desk) -> None:
    one.owner.say("who is coming tomorrow")
    one.anna.say("/handback")
    assert "Anna has gone back to the assistant" in one.owner.heard()
    before = one.anna.heard()
    assert "nothing was sent" in one.owner.press("Anna")
    assert one.anna.heard() == before
