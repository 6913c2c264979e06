"""Reminders as tools: rows of the schedules table that the sweep fires. Every one takes the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pydantic
import sqlalchemy as sa

from agents.reminders_titles import LONGEST_TITLE
from agents.tools import reminder_names, reminder_times
from agents.tools.naming import Meant
from agents.tools.reminder_names import Named
from orchestrator import times
from orchestrator.contracts import Effect, Json, ToolError, ToolScope
from orchestrator.outside import Undo
from orchestrator.tasks import notifications, schedules
from orchestrator.tasks.schedules import CRON, ELAPSED, INTERVAL, ONCE, OWN_ZONE, RRULE, SNOOZED, Series
from storage.models import NotificationRow, ScheduleRow
from storage.signals import announce

REMINDER = notifications.REMINDER
MORNING = 9
"""The hour of a reminder for a day whose clock nobody named."""
SNOOZE_SECONDS = 600
LABEL = 40
"""Characters of a title on a button."""


class When(pydantic.BaseModel):
    """A time as the desk has read it; see the slot `when`."""

    model_config = pydantic.ConfigDict(extra="ignore")

    start: datetime | None = None
    recurrence: str | None = None
    precision: str | None = None
    has_clock: bool = False
    has_day: bool = False

    def settled(self, zone: str) -> datetime | None:
        """The instant meant, in the person's zone; a day, or the early part of one, without a clock is 9:00."""
        if self.start is None:
            return None
        local = self.start.astimezone(ZoneInfo(zone))
        if not self.has_clock and self.precision not in (None, "minute") and local.hour < MORNING:
            return local.replace(hour=MORNING, minute=0)
        return local


class NewReminder(pydantic.BaseModel):
    title: str = pydantic.Field(min_length=1, max_length=LONGEST_TITLE)
    when: When


class Which(pydantic.BaseModel):
    """One reminder, by its id."""

    id: str


class Find(pydantic.BaseModel):
    """What a person wrote about a reminder, as a whole and without its times, and the id of the one they spoke of last; or the stretch of time that is asked for."""

    text: str = ""
    rest: str = ""
    id: str | None = None
    start: datetime | None = None
    end: datetime | None = None


class Change(pydantic.BaseModel):
    id: str
    when: When


class Former(pydantic.BaseModel):
    """A reminder as it was before it was changed or deleted.

    Where it was kept by a version that knew recurrence rules only, `repeat` and `zone` are empty and the rule of another rhythm is left out.
    """

    id: str
    start: datetime
    due: datetime | None = None
    rule: str = ""
    state: Literal["active", "paused"] = "active"
    repeat: Literal["", "once", "rrule", "cron", "interval"] = ""
    zone: str = ""
    zone_assumed: bool = False
    own_zone: str | None = None

    def series(self, row: Any) -> Series:
        """What its due instants followed from; `row` is the reminder as it is now."""
        if self.repeat:
            return Series(self.repeat, self.rule, self.zone or row.zone, self.start)
        if not self.rule and row.repeat in (CRON, INTERVAL):
            return Series(row.repeat, row.rule, row.zone, self.start)
        return Series(RRULE if self.rule else ONCE, self.rule, row.zone, self.start)


class Snooze(pydantic.BaseModel):
    """`start` wins over `seconds`."""

    start: datetime | None = None
    seconds: int = SNOOZE_SECONDS


def as_json(row: Any, scope: ToolScope) -> dict[str, Json]:
    """A reminder as agents see it; `when` is in the person's words."""
    zone, language = row.zone, scope.task.language
    moment = row.next_due or row.start_at
    when = times.describe(moment, now=scope.now, zone=scope.person.effective_zone, language=language)
    rule = times.describe_recurrence(row.rule, zone=zone, language=language) if row.repeat == RRULE else ""
    local = moment.astimezone(ZoneInfo(scope.person.effective_zone)).isoformat()
    paused = row.state == "paused"
    return {"schedule_id": row.id, "number": row.number, "title": row.title, "start": local, "when": when, "repeats": rule, "paused": paused}


def find_one(scope: ToolScope, schedule_id: str) -> Any:
    """A live reminder of this person. Raises ToolError when there is none."""
    query = sa.select(ScheduleRow.__table__).where(
        ScheduleRow.id == schedule_id, ScheduleRow.person_id == scope.person.id, ScheduleRow.state.in_(("active", "paused"))
    )
    row = scope.connection.execute(query).first()
    if row is None:
        raise ToolError("there is no such reminder")
    return row


def former(row: Any) -> dict[str, Json]:
    """What `reminders.restore` needs to bring a reminder back as it is now."""
    due = row.next_due.isoformat() if row.next_due else None
    place = {"zone": row.zone, "zone_assumed": row.zone_assumed, "own_zone": row.payload.get(OWN_ZONE)}
    return {"id": row.id, "start": row.start_at.isoformat(), "due": due, "repeat": row.repeat, "rule": row.rule, "state": row.state, **place}


def _label(told: dict[str, Any]) -> str:
    title = str(told["title"])
    return f"{title if len(title) <= LABEL else title[: LABEL - 1] + '…'}, {told['when']}"


def first_due(scope: ToolScope, when: When) -> datetime:
    """When it first comes due. Raises ToolError("past") or ToolError("when") where there is no such instant."""
    start = when.settled(scope.person.effective_zone)
    if start is None:
        raise ToolError("when")
    if when.recurrence and start <= scope.now:
        upcoming = times.next_after(when.recurrence, scope.now, zone=scope.person.effective_zone, start=start)
        if upcoming is None:
            raise ToolError("past")
        return upcoming
    if start < scope.now - timedelta(seconds=60):
        raise ToolError("past")
    return start


@dataclass
class Create:
    """Set a reminder, once or repeating."""

    name: str = "reminders.create"
    version: int = 1
    description: str = "Set a reminder."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = NewReminder

    def run(self, scope: ToolScope, arguments: NewReminder) -> Json:
        if scope.task.chat_id is None:
            raise ToolError("a reminder needs a chat to ring in")
        if schedules.running(scope.connection, scope.person.id) >= schedules.MOST:
            raise ToolError("full")
        start = first_due(scope, arguments.when)
        new = schedules.NewSchedule(
            scope.person.id, scope.task.chat_id, REMINDER, arguments.title, scope.person.effective_zone, start,
            RRULE if arguments.when.recurrence else ONCE, arguments.when.recurrence or "",
            zone_assumed=scope.person.zone is None, own_zone=True, task_id=scope.task.id,
            payload={ELAPSED: True} if reminder_times.is_elapsed(scope, start) and not arguments.when.recurrence else {},
        )  # fmt: skip
        return as_json(find_one(scope, schedules.create(scope.connection, new, scope.now)), scope)

    def undo(self, arguments: NewReminder, output: dict[str, Any]) -> Undo:
        return Undo("reminders.delete", {"id": output["schedule_id"]}, _label(output))


@dataclass
class Matching:
    """The reminders a person may mean, best first, each with how surely it is `meant`; in a stretch of time, what rings in it."""

    name: str = "reminders.find"
    version: int = 1
    description: str = "Find a person's reminders."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Find

    def run(self, scope: ToolScope, arguments: Find) -> Json:
        mine = _mine(scope)
        if arguments.start is not None:
            end = arguments.end or arguments.start + timedelta(days=1)
            mine = [row for row in mine if _rings_between(row, max(arguments.start, scope.now), end)]
        how, ids = _meant(mine, arguments)
        rows = {row.id: row for row in mine}
        return [as_json(rows[identity], scope) | {"meant": str(how)} for identity in ids]


def _mine(scope: ToolScope) -> list[Any]:
    return [row for row in schedules.of_person(scope.connection, scope.person.id, limit=schedules.MOST) if row.kind == REMINDER]


def _meant(mine: list[Any], sought: Find) -> tuple[Meant, list[str]]:
    named = [Named(row.id, row.number, row.title) for row in mine]
    return reminder_names.find(named, sought.text, rest=sought.rest, spoken_of=sought.id)


def _rings_between(row: Any, start: datetime, end: datetime) -> bool:
    due = row.next_due if row.state == "active" else None
    if due is not None and due < start and row.repeat != ONCE:
        due = schedules.following(row, start - timedelta(seconds=1))
    return due is not None and start <= due < end


@dataclass
class Move:
    """Give a reminder another time, at which it rings; a repeating one keeps its rhythm unless a new one is named. Raises ToolError("rhythm") where that cannot be."""

    name: str = "reminders.change"
    version: int = 1
    description: str = "Change when a reminder rings."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Change

    def run(self, scope: ToolScope, arguments: Change) -> Json:
        row = find_one(scope, arguments.id)
        start = first_due(scope, arguments.when)
        zone, fresh = scope.person.effective_zone, arguments.when.recurrence
        repeat, rule = (RRULE, fresh) if fresh else (row.repeat, reminder_times.rule_at(row.repeat, row.rule, start.astimezone(ZoneInfo(zone))))
        payload = {key: value for key, value in row.payload.items() if key not in (ELAPSED, SNOOZED)} | {OWN_ZONE: scope.now.isoformat()}
        place = {"zone": zone, "zone_assumed": scope.person.zone is None, "payload": payload}
        changed = sa.update(ScheduleRow).where(ScheduleRow.id == row.id, ScheduleRow.person_id == scope.person.id)
        scope.connection.execute(changed.values(start_at=start, next_due=start, repeat=repeat, rule=rule, state="active", **place))
        schedules.wanted_after_all(scope.connection, row.id, start)
        announce(scope.connection, schedules.TOPIC)
        return as_json(find_one(scope, row.id), scope) | {"before": former(row)}

    def undo(self, arguments: Change, output: dict[str, Any]) -> Undo:
        return Undo("reminders.restore", output["before"], _label(output))


@dataclass
class Delete:
    """Take a reminder away."""

    name: str = "reminders.delete"
    version: int = 1
    description: str = "Delete a reminder."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Which

    def run(self, scope: ToolScope, arguments: Which) -> Json:
        row = find_one(scope, arguments.id)
        told = as_json(row, scope) | {"before": former(row)}
        gone = sa.update(ScheduleRow).where(ScheduleRow.id == row.id, ScheduleRow.person_id == scope.person.id)
        scope.connection.execute(gone.values(state="cancelled", next_due=None))
        announce(scope.connection, schedules.TOPIC)
        return told

    def undo(self, arguments: Which, output: dict[str, Any]) -> Undo:
        return Undo("reminders.restore", output["before"], _label(output))


@dataclass
class Restore:
    """Bring a reminder back as it was before it was changed or deleted. Raises ToolError where its time is over."""

    name: str = "reminders.restore"
    version: int = 1
    description: str = "Bring a reminder back as it was."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Former

    def run(self, scope: ToolScope, arguments: Former) -> Json:
        mine = sa.and_(ScheduleRow.id == arguments.id, ScheduleRow.person_id == scope.person.id, ScheduleRow.kind == REMINDER)
        row = scope.connection.execute(sa.select(ScheduleRow.__table__).where(mine)).first()
        if row is None:
            raise ToolError("there is no such reminder")
        due, was = arguments.due, arguments.series(row)
        if due is not None and due < scope.now:
            due = schedules.following(was, scope.now)
            if due is None:
                raise ToolError("its time is over")
        values: dict[str, Any] = {"start_at": was.start_at, "next_due": due, "rule": was.rule, "repeat": was.repeat, "state": arguments.state}
        if arguments.zone:
            payload = {key: value for key, value in row.payload.items() if key != OWN_ZONE}
            payload |= {OWN_ZONE: arguments.own_zone} if arguments.own_zone is not None else {}
            values |= {"zone": was.zone, "zone_assumed": arguments.zone_assumed, "payload": payload}
        scope.connection.execute(sa.update(ScheduleRow).where(mine).values(**values))
        if due is not None:
            schedules.wanted_after_all(scope.connection, row.id, due)
        announce(scope.connection, schedules.TOPIC)
        return as_json(find_one(scope, row.id), scope)


@dataclass
class MarkDone:
    """The reminder `id` is done; without one the reminder that last rang, or another that the words plainly mean."""

    name: str = "reminders.done"
    version: int = 1
    description: str = "Mark a reminder as done."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Find

    def run(self, scope: ToolScope, arguments: Find) -> Json:
        if arguments.id is not None:
            return self._chosen(scope, arguments.id)
        rang = notifications.latest_reminder(scope.connection, scope.person.id)
        mine = _mine(scope)
        how, ids = _meant(mine, arguments)
        one = how is Meant.SURE and len(ids) == 1
        if rang is not None and (not one or ids[0] == rang.schedule_id or reminder_names.fits(rang.title, arguments.rest or arguments.text)):
            notifications.mark(scope.connection, rang.id, notifications.DONE, scope.now)
            return {"title": rang.title}
        if not one:
            raise ToolError("none")
        return self._left_out(scope, next(row for row in mine if row.id == ids[0]))

    def _chosen(self, scope: ToolScope, schedule_id: str) -> Json:
        """What rang of this very reminder is done; where nothing did, its next time is. Raises ToolError where it has ended."""
        rung = sa.select(NotificationRow.__table__).where(
            NotificationRow.person_id == scope.person.id, NotificationRow.schedule_id == schedule_id, NotificationRow.state == "open"
        )
        rang = scope.connection.execute(rung.order_by(NotificationRow.id.desc()).limit(1)).first()
        if rang is None:
            return self._left_out(scope, find_one(scope, schedule_id))
        notifications.mark(scope.connection, rang.id, notifications.DONE, scope.now)
        return {"title": rang.title}

    def _left_out(self, scope: ToolScope, row: Any) -> Json:
        schedules.skip_next(scope.connection, row, scope.now)
        announce(scope.connection, schedules.TOPIC)
        return {"title": row.title}


@dataclass
class Later:
    """Ring again later: the reminder that last rang."""

    name: str = "reminders.snooze"
    version: int = 1
    description: str = "Snooze the last reminder."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Snooze

    def run(self, scope: ToolScope, arguments: Snooze) -> Json:
        rang = notifications.latest_reminder(scope.connection, scope.person.id)
        if rang is None:
            snoozed = sa.select(NotificationRow.__table__).where(NotificationRow.person_id == scope.person.id, NotificationRow.kind == REMINDER)
            rang = scope.connection.execute(snoozed.order_by(NotificationRow.id.desc()).limit(1)).first()
        if rang is None:
            raise ToolError("none")
        ahead = int((arguments.start - scope.now).total_seconds()) if arguments.start else arguments.seconds
        due = notifications.snooze(scope.connection, rang, scope.person, scope.now, max(60, ahead))
        when = times.describe(due, now=scope.now, zone=scope.person.effective_zone, language=scope.task.language)
        return {"title": rang.title, "when": when}


TOOLS = (Create, Matching, Move, Delete, Restore, MarkDone, Later, *reminder_times.TOOLS)
