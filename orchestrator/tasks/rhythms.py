"""What a schedule may repeat by: checked when it is made or changed, so that the sweep meets no rule it cannot follow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
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
NO_ZONE = "there is no such time zone; one like Europe/Berlin is wanted"
TIED = (schedules.ELAPSED, schedules.SNOOZED, "event_id")
"""In the payload of what comes due at an instant of its own, such as some time before an appointment."""
ELAPSED = re.compile(r"FREQ=(?:HOURLY|MINUTELY|SECONDLY)")
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
    """When something comes due: `at` is its first instant, or the one that a rule counts from.

    `counts_from`, of something that goes on with another rhythm: the instant, past or to come, whose time of day and place
    in the series the rule keeps.
    """

    repeat: str
    rule: str
    zone: str
    at: datetime | None
    counts_from: datetime | None = None

    def first_due(self, now: datetime) -> datetime:
        """Raises BadRhythm."""
        if self.zone not in available_timezones():
            raise BadRhythm("zone", NO_ZONE)
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
        after = max(start - timedelta(seconds=1), now) if self.counts_from else start - timedelta(seconds=1)
        if self.repeat == schedules.CRON:
            return times.next_cron(self.rule, after, zone=self.zone)
        if self.repeat == schedules.INTERVAL:
            seconds = float(self.rule)
            if not SHORTEST <= seconds <= LONGEST:
                raise BadRhythm("rule", f"an interval has {SHORTEST} to {LONGEST} seconds")
            return self.at if self.at and self.at > now else now + timedelta(seconds=seconds)
        return self._by_recurrence(start, after)

    def _once(self, now: datetime) -> datetime:
        if self.at is None:
            raise BadRhythm("at", "say when")
        if self.at <= now:
            raise BadRhythm("at", "this is over already")
        return self.at

    def _by_recurrence(self, start: datetime, after: datetime) -> datetime | None:
        parts = [part.partition("=") for part in self.rule.removeprefix("RRULE:").split(";")]
        for name, _, value in parts:
            if name not in PARTS or not re.fullmatch(PARTS[name], value):
                raise BadRhythm("rule", f"this part of the rule cannot be used: {name}={value}"[:120])
        names = [name for name, _, _ in parts]
        if names.count("FREQ") != 1 or len(set(names)) != len(names):
            raise BadRhythm("rule", "a recurrence rule has one FREQ and each part once")
        ends = "" if "UNTIL" in names or "COUNT" in names else f";UNTIL={(start + HORIZON).astimezone(UTC):%Y%m%dT%H%M%SZ}"
        return times.next_after(self.rule + ends, after, zone=self.zone, start=(self.counts_from or start).astimezone(ZoneInfo(self.zone)))


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be different about a schedule; None stays as it is."""

    title: str | None = None
    repeat: str | None = None
    rule: str | None = None
    zone: str | None = None
    at: datetime | None = None


def change(connection: sa.Connection, schedule: Any, changes: Changes, now: datetime) -> None:
    """Another title, or another rhythm from now on. Raises BadRhythm.

    Without a new `at` a rhythm keeps its time of day, does not begin before it would have, and nothing fires for the change
    alone. In another zone the clock on the wall stays: 08:00 stays 08:00. A new title changes nothing else.
    """
    values: dict[str, Any] = {"title": changes.title[:500]} if changes.title else {}
    if (changes.repeat, changes.rule, changes.zone, changes.at) != (None, None, None, None):
        values |= _rhythm_changed(schedule, changes, now)
        if changes.at is not None:
            schedules.wanted_after_all(connection, schedule.id, values["next_due"])
        elif values["repeat"] != schedules.ONCE and "next_due" in values:
            values["next_due"] = _not_left_out(connection, schedule, values)
    if values:
        connection.execute(sa.update(ScheduleRow).where(ScheduleRow.id == schedule.id).values(**values))
    announce(connection, schedules.TOPIC)


def _rhythm_changed(schedule: Any, changes: Changes, now: datetime) -> dict[str, Any]:
    """The columns of another rhythm. Raises BadRhythm."""
    repeat, zone = changes.repeat or schedule.repeat, changes.zone or schedule.zone
    rule = schedule.rule if changes.rule is None else changes.rule
    values: dict[str, Any] = {"repeat": repeat, "rule": rule}
    if changes.zone is not None:
        values |= {"zone": zone, "zone_assumed": False, "payload": {**schedule.payload, schedules.OWN_ZONE: ""}}
    if changes.at is not None or repeat == schedules.ONCE:
        at = changes.at or (in_zone(schedule.next_due, schedule, zone) if schedule.repeat == schedules.ONCE else None)
        first = Rhythm(repeat, rule, zone, at).first_due(now)
        return values | {"start_at": first, "next_due": first}
    begin = in_zone(schedule.start_at, schedule, zone)
    if (repeat, rule) != (schedule.repeat, schedule.rule):
        first = Rhythm(repeat, _without_count(rule), zone, begin, begin).first_due(now)
        return values | {"start_at": first, "next_due": first}
    if zone != schedule.zone and not counts_elapsed(schedule):
        due = Rhythm(repeat, rule, zone, in_zone(schedule.next_due, schedule, zone), begin).first_due(now)
        return values | {"start_at": begin, "next_due": due}
    return values


def _not_left_out(connection: sa.Connection, schedule: Any, values: dict[str, Any]) -> datetime:
    """The first instant of a changed rhythm that was not skipped before. Raises BadRhythm where none is left."""
    series = schedules.Series(values["repeat"], values["rule"], values.get("zone", schedule.zone), values["start_at"])
    due: datetime | None = values["next_due"]
    while due is not None and schedules.occurrence(connection, schedule.id, due) is not None:
        due = schedules.following(series, due)
    if due is None:
        raise BadRhythm("rule", "by this rule it never comes due")
    return due


def counts_elapsed(schedule: Any) -> bool:
    """Whether it counts elapsed time ("every 2 hours", "in 20 minutes", an hour before), whatever the clock on the wall shows."""
    if schedule.repeat == schedules.ONCE:
        return any(schedule.payload.get(key) for key in TIED)
    return bool(schedule.repeat == schedules.INTERVAL or (schedule.repeat == schedules.RRULE and ELAPSED.search(schedule.rule)))


def in_zone(instant: datetime, schedule: Any, zone: str) -> datetime:
    """The same time on the wall in another zone. What counts elapsed time keeps its instant. Raises BadRhythm for no zone."""
    if zone not in available_timezones():
        raise BadRhythm("zone", NO_ZONE)
    if counts_elapsed(schedule):
        return instant
    wall = instant.astimezone(ZoneInfo(schedule.zone)).replace(tzinfo=None)
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def due_in_zone(schedule: Any, zone: str, now: datetime) -> datetime:
    """When it comes due next by the clock of another zone. Something that repeats does not ring for the move alone; what was due before it is not left out."""
    due = in_zone(schedule.next_due, schedule, zone)
    if due <= now < schedule.next_due:
        start = in_zone(schedule.start_at, schedule, zone)
        return schedules.following(schedules.Series(schedule.repeat, schedule.rule, zone, start), now) or due
    return due


def _without_count(rule: str) -> str:
    """A new rule's COUNT begins with its first instant from now on; what came before does not count."""
    return ";".join(part for part in rule.split(";") if not re.fullmatch(r"COUNT=[1-9]\d{0,3}", part))


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
