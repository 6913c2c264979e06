"""Appointments as stories: Saturday 21 November 2026, 10:00 in Berlin, the sample salon."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
import sqlalchemy as sa

from bot.app import House
from storage.models import CalendarEventRow, CalendarSlotRow, ScheduleRow
from tests.agents.talk import Talk, someone
from tests.conftest import MovedClock, count


def booked(house: House) -> list[tuple[str, datetime, str]]:
    query = sa.select(CalendarEventRow.service, CalendarEventRow.start_at, CalendarEventRow.calendar).where(CalendarEventRow.state == "booked")
    return [(row[0], row[1], row[2]) for row in house.database.read_now(lambda connection: connection.execute(query.order_by(CalendarEventRow.start_at)).all())]


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of November 2026, by the clock of Berlin."""
    return datetime(2026, 11, day, hour - 1, minute, tzinfo=UTC)


def test_a_free_time_is_booked_at_once_with_a_calendar_file(owner: Talk, house: House) -> None:
    said = owner.say("book a haircut on Wednesday at 3pm")
    assert "haircut" in said and "Wednesday 25 November" in said and "15:00" in said and "Alex" in said
    assert booked(house) == [("haircut", at(25, 15), "Alex")]
    calendar = icalendar.Calendar.from_ical(owner.files()[0]["content"])
    event = next(iter(calendar.walk("VEVENT")))
    assert event.decoded("dtstart") == at(25, 15) and event.decoded("dtend") == at(25, 15, 30)


def test_a_correction_moves_it_and_keeps_the_day(owner: Talk, house: House) -> None:
    owner.say("book a haircut on Wednesday at 3pm")
    assert "16:00" in owner.say("actually make it 4")
    assert booked(house) == [("haircut", at(25, 16), "Alex")]
    assert "Thursday 26 November" in owner.say("can you move it to Thursday at 3pm instead?")
    assert booked(house) == [("haircut", at(26, 15), "Alex")]


def test_a_closed_time_leads_to_the_nearest_free_ones_and_a_press_books(owner: Talk, house: House) -> None:
    said = owner.say("book a haircut on Monday at 7am")
    assert "closed" in said
    assert 3 <= len(owner.buttons()) <= 6 and owner.buttons()[0] == "Mon 23 Nov 09:00"
    assert "Booked" in owner.press("Mon 23 Nov 09:00")
    assert booked(house) == [("haircut", at(23, 9), "Alex")]


def test_another_time_can_be_typed_instead_of_pressed(owner: Talk, house: House) -> None:
    owner.say("book a haircut on Monday at 7am")
    owner.say("Tuesday at 11")
    assert booked(house) == [("haircut", at(24, 11), "Alex")]


def test_a_clock_time_alone_is_meant_for_the_day_spoken_of(owner: Talk, house: House) -> None:
    owner.say("book a haircut on Monday at 7am")
    owner.say("at 2 pm")
    assert booked(house) == [("haircut", at(23, 14), "Alex")]


def test_two_chairs_are_two_bookings_and_the_third_is_told_that_it_is_taken(owner: Talk, guest: Talk, house: House) -> None:
    third = someone(house, role="guest", external="third")
    assert "Alex" in owner.say("book a haircut on Wednesday at 3pm")
    assert "Kim" in guest.say("book a haircut on Wednesday at 3pm")
    said = third.say("book a haircut on Wednesday at 3pm")
    assert "taken" in said
    assert "Wed 25 Nov 15:00" not in third.buttons() and "Wed 25 Nov 14:30" in third.buttons()
    assert len(booked(house)) == 2


def test_a_service_that_was_not_named_is_asked_for(owner: Talk, house: House) -> None:
    owner.say("I'd like to book an appointment on Friday")
    assert [label.split(" · ")[0] for label in owner.buttons()] == ["haircut", "colouring", "beard trim", "consultation"]
    assert "Friday 27 November" in owner.press("colouring")
    owner.press("Fri 27 Nov 09:00")
    assert booked(house) == [("colouring", at(27, 9), "Alex")]


def test_somebody_who_does_not_work_here_is_said_so(owner: Talk) -> None:
    said = owner.say("book an appointment with Dr Johnson next Monday morning")
    assert "Dr Johnson does not work here" in said and "Alex, Kim" in said
    assert owner.buttons() == ["Alex", "Kim", "Either is fine"]
    owner.press("Kim")
    assert "Monday 23 November" in owner.press("haircut")
    assert all("09:" in label or "10:" in label or "11:" in label for label in owner.buttons())
    assert "Kim" in owner.press("Mon 23 Nov 09:00")


def test_cancelling_frees_the_time(owner: Talk, house: House) -> None:
    owner.say("book a colouring on Wednesday at 3pm")
    assert count(house.database, sa.select(sa.func.count()).select_from(CalendarSlotRow)) == 18
    assert "Cancelled: colouring" in owner.say("cancel my appointment")
    assert count(house.database, sa.select(sa.func.count()).select_from(CalendarSlotRow)) == 0
    assert "no upcoming appointment" in owner.say("cancel my appointment")


def test_of_several_it_asks_which(guest: Talk, clock: MovedClock, house: House) -> None:
    guest.say("book a haircut on Wednesday at 3pm")
    guest.say("book a colouring on Thursday at 10am")
    clock.move(hours=2)
    guest.say("cancel my appointment")
    assert guest.buttons() == ["haircut · Wed 25 Nov 15:00", "colouring · Thu 26 Nov 10:00"]
    guest.press("colouring")
    assert [service for service, _, _ in booked(house)] == ["haircut"]


def test_guests_reach_only_their_own(guest: Talk, house: House) -> None:
    other = someone(house, role="guest", external="other")
    other.say("book a haircut on Wednesday at 3pm")
    assert "no upcoming appointment" in guest.say("cancel my appointment")
    assert "nothing in your calendar" in guest.say("what's on my calendar this week?")
    assert len(booked(house)) == 1


def test_the_business_is_told_and_may_decline(owner: Talk, guest: Talk, house: House) -> None:
    owner.say("hi")
    guest.say("book a haircut on Wednesday at 3pm")
    assert "booked: haircut with Alex, Wednesday 25 November, 15:00" in owner.heard()
    assert "Declined" in owner.press("Decline")
    assert "cannot keep your appointment" in guest.heard()
    assert booked(house) == []


def test_the_business_may_accept_or_move(owner: Talk, guest: Talk, house: House) -> None:
    owner.say("hi")
    guest.say("book a haircut on Wednesday at 3pm")
    owner.press("Accept")
    assert "Sample Salon confirms your appointment" in guest.heard()
    guest.say("book a beard trim on Thursday at 11am")
    owner.press("Move")
    owner.say("Friday at 12")
    assert "has moved your appointment: beard trim, now Friday 27 November, 12:00" in guest.heard()
    assert ("beard trim", at(27, 12), "Alex") in booked(house)


def test_the_person_is_reminded_a_day_before_and_not_after_cancelling(guest: Talk, house: House) -> None:
    guest.say("book a haircut on Wednesday at 3pm")
    query = sa.select(ScheduleRow.next_due).where(ScheduleRow.kind == "appointment_reminder", ScheduleRow.state == "active")
    assert house.database.read_now(lambda connection: connection.execute(query).scalars().all()) == [at(24, 15)]
    guest.say("actually make it 4")
    assert house.database.read_now(lambda connection: connection.execute(query).scalars().all()) == [at(24, 16)]
    guest.say("cancel my appointment")
    assert house.database.read_now(lambda connection: connection.execute(query).scalars().all()) == []


def test_free_times_are_buttons_that_book(owner: Talk, house: House) -> None:
    said = owner.say("are you free on Friday?")
    assert "Friday 27 November" in said and "Fri 27 Nov 09:00" in owner.buttons()
    owner.press("Fri 27 Nov 09:00")
    assert booked(house) == [("haircut", at(27, 9), "Alex")]


def test_the_calendar_shows_appointments_and_reminders(owner: Talk) -> None:
    owner.say("book a haircut on Tuesday at 10am")
    owner.say("remind me on Tuesday at 8am to bring the book")
    said = owner.say("what's on my calendar next week?")
    assert "haircut (Alex)" in said and "bring the book" in said


def test_two_requests_in_one_message_hang_together(owner: Talk, house: House) -> None:
    said = owner.say("book a cut on Friday at 3 and remind me the evening before")
    assert "Friday 27 November, 15:00" in said and "Thursday 26 November, 18:00" in said
    query = sa.select(ScheduleRow.next_due).where(ScheduleRow.kind == "reminder")
    assert house.database.read_now(lambda connection: connection.execute(query).scalar_one()) == at(26, 18)


def test_closing_a_day_names_what_is_booked_then_and_leaves_it(owner: Talk, guest: Talk) -> None:
    guest.say("book a haircut on 25 November at 10")
    said = owner.say("we are closed on 25 November")
    assert "One appointment is booked then" in said and "10:00: haircut" in said
    assert "25 November" in guest.say("when is my appointment?")
    assert "booked" not in owner.say("we are closed on 27 November")


def test_a_closure_is_respected(owner: Talk, house: House) -> None:
    owner.say("we are closed on 25 November")
    assert "closed" in owner.say("book a haircut on Wednesday at 3pm")
    assert booked(house) == []


@pytest.mark.parametrize("rivals", [8])
def test_many_at_once_never_share_a_chair(house: House, rivals: int) -> None:
    talks = [someone(house, role="guest", external=f"g{n}") for n in range(rivals)]
    threads = [threading.Thread(target=talk.say, args=("book a haircut on Wednesday at 3pm",)) for talk in talks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = booked(house)
    assert len(found) == 2 and {staff for _, _, staff in found} == {"Alex", "Kim"}
    assert count(house.database, sa.select(sa.func.count()).select_from(CalendarSlotRow)) == 2 * (timedelta(minutes=30) // timedelta(minutes=5))
