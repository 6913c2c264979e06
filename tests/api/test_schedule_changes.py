"""A changed schedule keeps its time of day and does not fire for the change; one that fails does not hold up the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from orchestrator.tasks import rhythms, schedules
from orchestrator.tasks.rhythms import BadRhythm, Changes
from orchestrator.tasks.schedules import CRON, INTERVAL, MISSED, ONCE, RAN, RRULE, Due, Fired
from storage.database import Database
from storage.models import ScheduleRow
from tests.people import settle

NOW = datetime(2026, 11, 21, 18, 0, 30, 500_000, tzinfo=UTC)
JANUARY = datetime(2027, 1, 4, 8, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def made(database: Database, repeat: str, rule: str, start: datetime, *, zone: str = "UTC", due: datetime | None = None, external: str = "local") -> Any:
    somebody = settle(database, external=external)

    def work(connection: sa.Connection) -> str:
        new = schedules.NewSchedule(somebody.person.id, somebody.chat_id, "reminder", "x", zone, start, repeat, rule)
        found = schedules.create(connection, new, NOW)
        if due is not None:
            connection.execute(sa.update(ScheduleRow).where(ScheduleRow.id == found).values(next_due=due))
        return found

    return read(database, database.write_now(work))


def read(database: Database, schedule_id: str) -> Any:
    return database.read_now(lambda connection: connection.execute(sa.select(ScheduleRow.__table__).where(ScheduleRow.id == schedule_id)).one())


def changed(database: Database, row: Any, **changes: Any) -> Any:
    database.write_now(lambda connection: rhythms.change(connection, row, Changes(**changes), NOW))
    return read(database, row.id)


def test_another_zone_keeps_the_clock_on_the_wall_of_what_begins_later(database: Database) -> None:
    row = changed(database, made(database, RRULE, "FREQ=DAILY", JANUARY), zone="Europe/Berlin")
    assert (row.next_due, row.start_at, row.zone) == (at("2027-01-04T07:00"), at("2027-01-04T07:00"), "Europe/Berlin")
    assert schedules.following(row, at("2027-06-01T00:00")) == at("2027-06-01T06:00")


@pytest.mark.parametrize(
    ("zone", "due"),
    [
        ("Europe/Berlin", "2026-11-22T07:00"),
        ("America/New_York", "2026-11-22T13:00"),
        ("Asia/Tokyo", "2026-11-21T23:00"),
        ("Pacific/Kiritimati", "2026-11-22T18:00"),
    ],
)
def test_another_zone_does_not_fire_what_runs_already(database: Database, zone: str, due: str) -> None:
    row = changed(database, made(database, RRULE, "FREQ=DAILY", at("2026-11-01T08:00"), due=at("2026-11-22T08:00")), zone=zone)
    assert row.next_due == at(due)


def test_a_new_rule_without_an_hour_keeps_the_time_of_day(database: Database) -> None:
    monthly = made(database, RRULE, "FREQ=MONTHLY", at("2026-10-15T08:00"), due=at("2026-12-15T08:00"))
    daily = changed(database, monthly, rule="FREQ=DAILY")
    assert (daily.next_due, schedules.following(daily, daily.next_due)) == (at("2026-11-22T08:00"), at("2026-11-23T08:00"))
    later = made(database, RRULE, "FREQ=DAILY", JANUARY, external="2")
    assert changed(database, later, rule="FREQ=WEEKLY").next_due == JANUARY
    assert changed(database, later, repeat=CRON, rule="30 9 * * *").next_due == at("2027-01-04T09:30")


def test_a_new_count_begins_with_the_next_instant_and_an_old_one_goes_on_in_another_zone(database: Database) -> None:
    running = made(database, RRULE, "FREQ=DAILY;COUNT=30", at("2026-11-01T08:00"), due=at("2026-11-22T08:00"))
    moved = changed(database, running, zone="Europe/Berlin")
    assert schedules.following(moved, at("2026-11-30T06:59")) == at("2026-11-30T07:00")
    assert schedules.following(moved, at("2026-11-30T07:00")) is None
    anew = changed(database, moved, rule="FREQ=DAILY;COUNT=2")
    assert anew.next_due == at("2026-11-22T07:00")
    assert schedules.following(anew, at("2026-11-22T07:00")) == at("2026-11-23T07:00")
    assert schedules.following(anew, at("2026-11-23T07:00")) is None


def test_what_counts_elapsed_time_keeps_its_instant_in_another_zone(database: Database) -> None:
    soon = at("2026-11-21T18:40")
    for number, (repeat, rule) in enumerate(((INTERVAL, "7200"), (RRULE, "FREQ=HOURLY"), (RRULE, "FREQ=MINUTELY;INTERVAL=30"))):
        row = changed(database, made(database, repeat, rule, soon, external=str(number)), zone="Asia/Tokyo")
        assert (row.next_due, row.zone) == (soon, "Asia/Tokyo"), repeat


def test_what_is_once_keeps_the_clock_on_the_wall_in_another_zone(database: Database) -> None:
    row = made(database, ONCE, "", JANUARY)
    moved = changed(database, row, zone="America/New_York")
    assert (moved.next_due, moved.zone) == (at("2027-01-04T13:00"), "America/New_York")
    assert changed(database, moved, zone="Asia/Tokyo", at=JANUARY).next_due == JANUARY


@pytest.mark.parametrize("payload", [{"elapsed": True}, {"snoozed": True}, {"event_id": "1", "start": "2027-01-04T10:00:00+00:00"}])
def test_what_is_once_and_tied_to_an_instant_keeps_it_in_another_zone(database: Database, payload: dict[str, Any]) -> None:
    row = made(database, ONCE, "", JANUARY)
    database.write_now(lambda connection: connection.execute(sa.update(ScheduleRow).values(payload=payload)))
    assert changed(database, read(database, row.id), zone="Asia/Tokyo").next_due == JANUARY


def test_a_title_touches_no_rhythm_not_even_one_that_is_over(database: Database) -> None:
    row = made(database, ONCE, "", at("2026-11-20T08:00"))
    database.write_now(lambda connection: rhythms.pause(connection, row.id))
    renamed = changed(database, read(database, row.id), title="y")
    assert (renamed.title, renamed.state, renamed.next_due) == ("y", "paused", at("2026-11-20T08:00"))
    with pytest.raises(BadRhythm, match="over already"):
        changed(database, renamed, repeat=ONCE)


def test_a_skipped_instant_stays_skipped_under_another_rule_unless_it_is_named(database: Database) -> None:
    row = made(database, RRULE, "FREQ=DAILY;BYHOUR=19;BYMINUTE=0", at("2026-11-21T19:00"))
    database.write_now(lambda connection: schedules.skip_next(connection, row, NOW))
    other = changed(database, read(database, row.id), repeat=CRON, rule="0 19 * * *")
    assert other.next_due == at("2026-11-22T19:00")
    named = changed(database, other, at=at("2026-11-21T19:00"))
    assert named.next_due == at("2026-11-21T19:00")
    assert database.read_now(lambda connection: rhythms.occurrences(connection, row.id, 9)) == []
    with pytest.raises(BadRhythm, match="never comes due"):
        database.write_now(lambda connection: schedules.skip_next(connection, named, NOW))
        changed(database, read(database, row.id), repeat=RRULE, rule="FREQ=DAILY;BYHOUR=19;BYMINUTE=0;UNTIL=20261121T190000Z")


def test_a_skipped_instant_stays_skipped_in_another_zone_and_a_title_changes_nothing_else(database: Database) -> None:
    row = made(database, RRULE, "FREQ=DAILY", at("2026-11-01T08:00"), due=at("2026-11-25T08:00"))
    assert changed(database, row, title="y").next_due == at("2026-11-25T08:00")
    assert changed(database, row, zone="Europe/Berlin").next_due == at("2026-11-25T07:00")
    with pytest.raises(BadRhythm):
        changed(database, row, zone="Mars/Olympus")


# --- one that fails ---------------------------------------------------------------------------------------------------


def swept(database: Database, poisoned: str) -> dict[str, list[str]]:
    """A sweep in which one schedule writes and then raises; how the instants of each ended."""

    def fire(connection: sa.Connection, due: Due) -> Fired:
        connection.execute(sa.update(ScheduleRow).where(ScheduleRow.id == due.schedule.id).values(title="fired"))
        if due.schedule.id == poisoned:
            raise KeyError("slots")
        return Fired(due.outcome)

    database.write_now(lambda connection: schedules.sweep(connection, NOW, fire))
    ids = database.read_now(lambda connection: connection.execute(sa.select(ScheduleRow.id)).scalars().all())
    return database.read_now(lambda connection: {one: [row.outcome for row in rhythms.occurrences(connection, one, 9)] for one in ids})


def three(database: Database) -> list[str]:
    due = NOW - timedelta(seconds=3)
    return [made(database, RRULE, "FREQ=DAILY", due + timedelta(seconds=number), external=str(number)).id for number in range(3)]


def test_one_that_cannot_be_done_is_missed_and_the_others_run(database: Database) -> None:
    first, poisoned, last = three(database)
    assert swept(database, poisoned) == {first: [RAN], poisoned: [MISSED], last: [RAN]}
    row = read(database, poisoned)
    assert (row.title, row.state, row.next_due > NOW) == ("x", "active", True)
    assert swept(database, poisoned)[first] == [RAN]


def test_without_the_savepoint_one_would_hold_up_all(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin."""
    monkeypatch.setattr(schedules, "_end_safely", schedules._end_due)
    first, poisoned, last = three(database)
    with pytest.raises(KeyError):
        swept(database, poisoned)
    assert {read(database, one).title for one in (first, last)} == {"x"}


def test_one_that_cannot_be_followed_is_paused(database: Database) -> None:
    first, broken, last = three(database)
    database.write_now(lambda connection: connection.execute(sa.update(ScheduleRow).where(ScheduleRow.id == broken).values(rule="FREQ=NEVER")))
    assert swept(database, "") == {first: [RAN], broken: [], last: [RAN]}
    assert read(database, broken).state == "paused"


def test_a_database_in_trouble_is_not_taken_for_a_bad_schedule(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    (only,) = three(database)[:1]

    @contextmanager
    def broken(connection: sa.Connection) -> Iterator[None]:
        raise sa.exc.OperationalError("select", {}, OSError("the disk is full"))
        yield

    monkeypatch.setattr(schedules, "savepoint", broken)
    with pytest.raises(sa.exc.OperationalError):
        swept(database, "")
    assert read(database, only).next_due < NOW


def test_an_instant_that_ended_already_does_not_fire_again(database: Database) -> None:
    row = made(database, ONCE, "", NOW - timedelta(seconds=1))
    database.write_now(lambda connection: schedules.record_run(connection, row.id, row.next_due, Fired(RAN)))
    assert swept(database, row.id) == {row.id: [RAN]}
    assert read(database, row.id).state == "done"
