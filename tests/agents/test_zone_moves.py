"""When a zone is named or corrected, the clock on the wall stays for what was reckoned in it, and nothing else moves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from bot.app import House
from orchestrator.execution.due import DueWork
from orchestrator.tasks import rhythms, schedules, zones
from orchestrator.tasks.rhythms import Changes
from orchestrator.tasks.schedules import CRON, INTERVAL, ONCE, RRULE, NewSchedule
from storage.models import OccurrenceRow, ScheduleRow
from tests.agents.talk import Talk, someone
from tests.conftest import NOW, MovedClock

MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
"""09:00 in Berlin."""


def due(talk: Talk, zone: str = "Europe/Berlin") -> str:
    query = sa.select(ScheduleRow.next_due).order_by(ScheduleRow.number.desc()).limit(1)
    found = talk.house.database.read_now(lambda connection: connection.execute(query).scalar_one())
    assert found is not None
    return str(found.astimezone(ZoneInfo(zone)).isoformat()[:16])


def made(talk: Talk, repeat: str, rule: str, **known: Any) -> None:
    new = NewSchedule(talk.somebody.person.id, talk.somebody.chat_id, "reminder", "x", "Europe/Berlin", MONDAY, repeat, rule, **known)
    talk.house.database.write_now(lambda connection: schedules.create(connection, new, talk.house.clock.now()))


def moves(talk: Talk, zone: str) -> int:
    return talk.house.database.write_now(lambda connection: zones.move_assumed(connection, talk.somebody.person.id, zone, talk.house.clock.now()))


@pytest.fixture
def stranger(house: House) -> Talk:
    return someone(house, external="stranger", zone=None)


@pytest.mark.parametrize("text", ["remind me every 2 hours to stretch", "remind me every 30 minutes to stretch", "remind me in 20 minutes to stretch"])
@pytest.mark.parametrize("place", ["New York", "Tokyo"])
def test_what_counts_elapsed_time_does_not_move(stranger: Talk, text: str, place: str) -> None:
    stranger.say(text)
    before = due(stranger)
    assert "moved along" not in stranger.say(place) and due(stranger) == before


def test_what_was_given_an_hour_after_all_moves(stranger: Talk) -> None:
    stranger.say("remind me in 3 hours to stretch")
    stranger.say("change it to tomorrow at 9")
    assert "One reminder moved along" in stranger.say("New York") and due(stranger, "America/New_York").endswith("22T09:00")


@pytest.mark.parametrize(("repeat", "rule"), [(CRON, "0 9 * * 1"), (RRULE, "FREQ=WEEKLY;BYDAY=MO"), (ONCE, "")])
def test_a_zone_that_was_named_for_it_stays_though_the_same_one_is_corrected(stranger: Talk, repeat: str, rule: str) -> None:
    moves(stranger, "Europe/Berlin")
    made(stranger, repeat, rule)
    assert moves(stranger, "America/New_York") == 0 and due(stranger) == "2026-11-23T09:00"


@pytest.mark.parametrize(("repeat", "rule"), [(CRON, "0 9 * * 1"), (RRULE, "FREQ=WEEKLY;BYDAY=MO"), (ONCE, "")])
def test_the_zone_of_its_person_is_corrected_along(stranger: Talk, repeat: str, rule: str) -> None:
    """The twin."""
    moves(stranger, "Europe/Berlin")
    made(stranger, repeat, rule, own_zone=True)
    assert moves(stranger, "America/New_York") == 1 and due(stranger, "America/New_York") == "2026-11-23T09:00"


def test_an_interval_of_an_assumed_zone_does_not_move(stranger: Talk) -> None:
    made(stranger, INTERVAL, "7200", zone_assumed=True)
    assert moves(stranger, "America/New_York") == 0 and due(stranger) == "2026-11-23T09:00"


def test_what_moved_and_was_then_given_a_zone_stays(stranger: Talk) -> None:
    made(stranger, CRON, "0 9 * * 1", zone_assumed=True)
    moves(stranger, "Europe/Berlin")

    def name(connection: sa.Connection) -> None:
        row = schedules.find(connection, stranger.somebody.person.id, 1)
        rhythms.change(connection, row, Changes(zone="Europe/Berlin"), NOW)

    stranger.house.database.write_now(name)
    assert moves(stranger, "Asia/Tokyo") == 0 and due(stranger) == "2026-11-23T09:00"


def test_a_task_that_was_arranged_or_a_reminder_that_was_moved_since_is_corrected_along(stranger: Talk, clock: MovedClock) -> None:
    stranger.say("remind me tomorrow at 10 to stretch")
    stranger.say("Tokyo")
    clock.move(minutes=5)
    stranger.say("change the stretch reminder to 9")
    assert "One reminder moved along" in stranger.say("I'm in Berlin now") and due(stranger).endswith("T09:00")


def test_a_paused_one_moves_too(stranger: Talk) -> None:
    stranger.say("remind me every day at 9 to stretch")
    stranger.say("/schedule pause 1")
    stranger.say("New York")
    assert due(stranger, "America/New_York").endswith("T09:00")


def test_what_repeats_does_not_ring_for_the_move_alone(stranger: Talk) -> None:
    """It is 10:00 in Berlin and 18:00 in Tokyo: 11:00 is over there."""
    stranger.say("remind me every day at 11 to stretch")
    stranger.say("Tokyo")
    assert due(stranger, "Asia/Tokyo") == "2026-11-22T11:00"


def test_what_was_due_just_before_the_move_is_not_left_out(stranger: Talk, clock: MovedClock) -> None:
    made(stranger, CRON, "0 9 * * *", zone_assumed=True)
    clock.moment = MONDAY.replace(second=10)
    assert moves(stranger, "Asia/Tokyo") == 1
    stranger.house.database.write_now(DueWork(stranger.house.runner).sweep)
    outcomes = stranger.house.database.read_now(lambda connection: connection.execute(sa.select(OccurrenceRow.outcome)).scalars().all())
    assert outcomes == ["late"]
    assert due(stranger, "Asia/Tokyo") == "2026-11-24T09:00"
