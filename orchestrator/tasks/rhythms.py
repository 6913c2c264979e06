"""What a schedule may repeat by: checked when it is made or changed, so that the sweep meets no rule it cannot follow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import sqlalchemy as sa

from orchestrator import times
from orchestrator.errors import MajordomoError
from orchestrator.tasks import schedules
from storage.models import OccurrenceRow, ScheduleRow
from storage.signals import announce

SHORTEST, LONGEST = 60, 366 * 86400
"""Seconds of an interval."""
HORIZON = timedelta(days=5 * 366)
"""What does not happen within this time does not happen."""
PARTS = {
    "FREQ": r"HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY", "INTERVAL": r"[1-9]\d{0,2}", "COUNT": r"[1-9]\d{0,3}", "UNTIL": r"\d{8}(T\d{6}Z?)?",
    "BYDAY": r"[+-]?\d?(MO|TU|WE|TH|FR|SA|SU)(,[+-]?\d?(MO|TU|WE|TH|FR|SA|SU)){0,20}", "BYMONTHDAY": r"-?\d{1,2}(,-?\d{1,2}){0,30}",
    "BYMONTH": r"\d{1,2}(,\d{1,2}){0,11}", "BYHOUR": r"\d{1,2}(,\d{1,2}){0,23}", "BYMINUTE": r"\d{1,2}(,\d{1,2}){0,3}", "BYSETPOS": r"-?\d{1,3}",
    "WKST": r"MO|TU|WE|TH|FR|SA|SU",
}  # fmt: skip


class BadRhythm(MajordomoError):
    """A schedule cannot repeat like that; `field` is what is wrong: at, repeat, rule or zone."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When something comes due: `at` is its first instant, or the one that a rule counts from."""

    repeat: str
    rule: str
    zone: str
    at: datetime | None

    def first_due(self, now: datetime) -> datetime:
        """Raises BadRhythm."""
        if self.zone not in available_timezones():
            raise BadRhythm("zone", "there is no such time zone; one like Europe/Berlin is wanted")
        try:
            found = self._first(now)
        except BadRhythm:
            raise
        except (ValueError, OverflowError, TypeError) as error:
            raise BadRhythm("rule", str(error) or "the rule cannot be read") from error
        if found is None or found > now + HORIZON * 4:
            raise BadRhythm("rule", "by this rule it never comes due")
        return found

    def _first(self, now: datetime) -> datetime | None:
        if self.repeat == schedules.ONCE:
            return self._once(now)
        start = max(self.at or now, now)
        if self.repeat == schedules.CRON:
            return times.next_cron(self.rule, start - timedelta(seconds=1), zone=self.zone)
        if self.repeat == schedules.INTERVAL:
            seconds = float(self.rule)
            if not SHORTEST <= seconds <= LONGEST:
                raise BadRhythm("rule", f"an interval has {SHORTEST} to {LONGEST} seconds")
            return self.at if self.at and self.at > now else now + timedelta(seconds=seconds)
        return self._by_recurrence(start)

    def _once(self, now: datetime) -> datetime:
        if self.at is None:
            raise BadRhythm("at", "say when")
        if self.at <= now:
            raise BadRhythm("at", "this is over already")
        return self.at

    def _by_recurrence(self, start: datetime) -> datetime | None:
        parts = [part.partition("=") for part in self.rule.removeprefix("RRULE:").split(";")]
        for name, _, value in parts:
            if name not in PARTS or not re.fullmatch(PARTS[name], value):
                raise BadRhythm("rule", f"this part of the rule cannot be used: {name}={value}"[:120])
        names = [name for name, _, _ in parts]
        if names.count("FREQ") != 1 or len(set(names)) != len(names):
            raise BadRhythm("rule", "a recurrence rule has one FREQ and each part once")
        ends = "" if "UNTIL" in names or "COUNT" in names else f";UNTIL={(start + HORIZON).astimezone(UTC):%Y%m%dT%H%M%SZ}"
        return times.next_after(self.rule + ends, start - timedelta(seconds=1), zone=self.zone, start=start.astimezone(ZoneInfo(self.zone)))


def change(connection: sa.Connection, schedule_id: str, title: str, rhythm: Rhythm | None, now: datetime) -> None:
    """Another title; with a rhythm another one from now on. Raises BadRhythm."""
    values: dict[str, object] = {"title": title[:500]}
    if rhythm is not None:
        first = rhythm.first_due(now)
        values |= {"repeat": rhythm.repeat, "rule": rhythm.rule, "zone": rhythm.zone, "zone_assumed": False, "start_at": first, "next_due": first}
    connection.execute(sa.update(ScheduleRow).where(ScheduleRow.id == schedule_id).values(**values))
    announce(connection, schedules.TOPIC)


def pause(connection: sa.Connection, schedule_id: str) -> bool:
    """False where it is not active."""
    return _move(connection, schedule_id, "active", state="paused")


def resume(connection: sa.Connection, schedule: sa.Row[ScheduleRow], now: datetime) -> bool:
    """What would have come due meanwhile is left out. False where it is not paused, or nothing is left."""
    due = schedule.next_due
    if due is not None and due <= now:
        due = schedules.following(schedule, now)
    return due is not None and _move(connection, schedule.id, "paused", state="active", next_due=due)


def cancel(connection: sa.Connection, schedule_id: str) -> bool:
    """It never comes due again. False where it has ended."""
    changed = sa.update(ScheduleRow).where(ScheduleRow.id == schedule_id, ScheduleRow.state.in_(("active", "paused")))
    announce(connection, schedules.TOPIC)
    return connection.execute(changed.values(state="cancelled", next_due=None)).rowcount == 1


def occurrences(connection: sa.Connection, schedule_id: str, limit: int) -> list[sa.Row[OccurrenceRow]]:
    """How the latest due instants ended, newest first."""
    query = sa.select(*OccurrenceRow.__table__.columns).where(OccurrenceRow.schedule_id == schedule_id)
    return list(connection.execute(query.order_by(OccurrenceRow.due_at.desc()).limit(limit)))


def _move(connection: sa.Connection, schedule_id: str, of: str, **values: object) -> bool:
    changed = sa.update(ScheduleRow).where(ScheduleRow.id == schedule_id, ScheduleRow.state == of)
    announce(connection, schedules.TOPIC)
    return connection.execute(changed.values(**values)).rowcount == 1
