"""Reminders as tools: rows of the schedules table that the sweep fires. Every one takes the person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pydantic
import sqlalchemy as sa

from orchestrator import languages, times
from orchestrator.contracts import Effect, Json, ToolError, ToolScope
from orchestrator.tasks import notifications, schedules
from orchestrator.triage.requests import target_of, when_slot
from storage.models import CalendarEventRow, NotificationRow, ScheduleRow
from storage.signals import announce

REMINDER = notifications.REMINDER
MORNING = 9
"""The hour of a reminder for a day whose clock nobody named."""
SNOOZE_SECONDS = 600
MOST = 200
"""Live reminders of one person."""
STEM = 6
NUMBERED = re.compile(
    r"(?:\b(?:reminder|appointment|booking|erinnerung|termin|recordatorio|aviso|cita|reserva)\s+(?:no\.?\s*|nr\.?\s*|number\s+|nummer\s+|número\s+)?#?|#)\d+\b"
    r"|(?:提醒|预约)\s*#?\d+(?![\d点:])|第\s*\d+\s*[个条]",
    re.I,
)
"""The number of a thing, which is no hour."""
EARLIER = re.compile(r"\b(?:earlier|forward|sooner|früher|vor|vorziehen|vorverlegen|nach vorn\w*|antes|adelant\w+)\b|提前|提早|早", re.I)
"""Without one of these, what is moved by an hour is moved to later."""
LATER = {"en": ("later", "earlier"), "de": ("später", "früher"), "es": ("más tarde", "antes")}
NUMBER = re.compile(r"(?<!\d)#?(\d{1,6})(?![\d:.])")
WORD = re.compile(r"(?=([㐀-鿿]{2}))|([^\W\d_㐀-鿿]{3,})", re.U)
EMPTY = (
    "the and for that this with about from reminder reminders remind delete cancel remove change move make please done off set new die der das "
    "den dem und mit für von erinnerung erinnerungen erinnere lösche löschen ändere verschiebe bitte erledigt los las del con para por que "
    "recordatorio recordatorios borra borrar cambia hecho favor 提醒 删除 取消 更改 我的 的提 "
)
EMPTY_WORDS = frozenset(EMPTY.split())
"""Words that say nothing about which reminder is meant."""


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
    title: str = pydantic.Field(min_length=1, max_length=400)
    when: When


class Which(pydantic.BaseModel):
    """One reminder, by its id."""

    id: str


class Find(pydantic.BaseModel):
    """What a person wrote about a reminder, and the id of the one they spoke of last; or the stretch of time that is asked for."""

    text: str = ""
    id: str | None = None
    start: datetime | None = None
    end: datetime | None = None


class Change(pydantic.BaseModel):
    id: str
    when: When


class Snooze(pydantic.BaseModel):
    """`start` wins over `seconds`."""

    start: datetime | None = None
    seconds: int = SNOOZE_SECONDS


class Anchored(pydantic.BaseModel):
    """A text like "the evening before" and the instant it counts from; without one, the next appointment's."""

    text: str
    anchor: datetime | None = None


class Moved(pydantic.BaseModel):
    """What a person wrote, and the instant that it changes."""

    text: str
    previous: datetime


def as_json(row: Any, scope: ToolScope) -> dict[str, Json]:
    """A reminder as agents see it; `when` is in the person's words."""
    zone, language = row.zone, scope.task.language
    moment = row.next_due or row.start_at
    when = times.describe(moment, now=scope.now, zone=scope.person.effective_zone, language=language)
    rule = times.describe_recurrence(row.rule, zone=zone, language=language) if row.repeat == schedules.RRULE else ""
    local = moment.astimezone(ZoneInfo(scope.person.effective_zone)).isoformat()
    return {"schedule_id": row.id, "number": row.number, "title": row.title, "start": local, "when": when, "repeats": rule}


def find_one(scope: ToolScope, schedule_id: str) -> Any:
    """A live reminder of this person. Raises ToolError when there is none."""
    query = sa.select(ScheduleRow.__table__).where(
        ScheduleRow.id == schedule_id, ScheduleRow.person_id == scope.person.id, ScheduleRow.state.in_(("active", "paused"))
    )
    row = scope.connection.execute(query).first()
    if row is None:
        raise ToolError("there is no such reminder")
    return row


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
        live = sa.select(sa.func.count()).select_from(ScheduleRow).where(ScheduleRow.person_id == scope.person.id, ScheduleRow.state == "active")
        if scope.connection.execute(live).scalar_one() >= MOST:
            raise ToolError("full")
        start = first_due(scope, arguments.when)
        new = schedules.NewSchedule(
            scope.person.id, scope.task.chat_id, REMINDER, arguments.title, scope.person.effective_zone, start,
            schedules.RRULE if arguments.when.recurrence else schedules.ONCE, arguments.when.recurrence or "",
            zone_assumed=scope.person.zone is None, task_id=scope.task.id,
        )  # fmt: skip
        return as_json(find_one(scope, schedules.create(scope.connection, new, scope.now)), scope)


@dataclass
class Matching:
    """The reminders a person may mean, best first: by number, by words, by what was spoken of; else all of them."""

    name: str = "reminders.find"
    version: int = 1
    description: str = "Find a person's reminders."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Find

    def run(self, scope: ToolScope, arguments: Find) -> Json:
        mine = [row for row in schedules.of_person(scope.connection, scope.person.id) if row.kind == REMINDER]
        if arguments.start is not None:
            end = arguments.end or arguments.start + timedelta(days=1)
            mine = [row for row in mine if _rings_between(row, max(arguments.start, scope.now), end)]
        return [as_json(row, scope) for row in (_meant(mine, arguments) or mine)]


def _rings_between(row: Any, start: datetime, end: datetime) -> bool:
    due = row.next_due
    if due is not None and due < start and row.repeat != schedules.ONCE:
        due = schedules.following(row, start - timedelta(seconds=1))
    return due is not None and start <= due < end


def _meaning(text: str) -> set[str]:
    """The stems of the words that tell one reminder from another; Chinese by pairs of characters."""
    return {word[:STEM] for first, second in WORD.findall(text.casefold()) if (word := first or second) not in EMPTY_WORDS}


def _meant(mine: list[Any], sought: Find) -> list[Any]:
    numbers = {int(found) for found in NUMBER.findall(sought.text)}
    if by_number := [row for row in mine if row.number in numbers]:
        return by_number
    words = _meaning(sought.text)
    scored = [(len(words & _meaning(row.title)), row) for row in mine]
    best = max((score for score, _ in scored), default=0)
    if best:
        return [row for score, row in scored if score == best]
    return [row for row in mine if row.id == sought.id]


@dataclass
class Move:
    """Give a reminder another time; a repeating one keeps its rhythm unless a new one is named."""

    name: str = "reminders.change"
    version: int = 1
    description: str = "Change when a reminder rings."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Change

    def run(self, scope: ToolScope, arguments: Change) -> Json:
        row = find_one(scope, arguments.id)
        start = first_due(scope, arguments.when)
        rule = arguments.when.recurrence or row.rule
        if rule and not arguments.when.recurrence:
            clock = start.astimezone(ZoneInfo(scope.person.effective_zone))
            bare = re.sub(r";?BY(HOUR|MINUTE)=\d+", "", rule)
            rule = f"{bare};BYHOUR={clock.hour};BYMINUTE={clock.minute}" if "BYHOUR" in rule else bare
        values = {
            "start_at": start,
            "next_due": start,
            "rule": rule,
            "repeat": schedules.RRULE if rule else schedules.ONCE,
            "zone": scope.person.effective_zone,
        }
        changed = sa.update(ScheduleRow).where(ScheduleRow.id == row.id, ScheduleRow.person_id == scope.person.id)
        scope.connection.execute(changed.values(**values, zone_assumed=scope.person.zone is None))
        announce(scope.connection, schedules.TOPIC)
        return as_json(find_one(scope, row.id), scope)


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
        told = as_json(row, scope)
        gone = sa.update(ScheduleRow).where(ScheduleRow.id == row.id, ScheduleRow.person_id == scope.person.id)
        scope.connection.execute(gone.values(state="cancelled", next_due=None))
        announce(scope.connection, schedules.TOPIC)
        return told


@dataclass
class MarkDone:
    """The reminder that last rang is done; before it rang, the one the words mean."""

    name: str = "reminders.done"
    version: int = 1
    description: str = "Mark a reminder as done."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Find

    def run(self, scope: ToolScope, arguments: Find) -> Json:
        rang = notifications.latest_reminder(scope.connection, scope.person.id)
        if rang is not None:
            notifications.mark(scope.connection, rang.id, notifications.DONE, scope.now)
            return {"title": rang.title}
        mine = [row for row in schedules.of_person(scope.connection, scope.person.id) if row.kind == REMINDER]
        meant = _meant(mine, arguments)
        if len(meant) != 1:
            raise ToolError("none")
        row = meant[0]
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


@dataclass
class ReadAnchored:
    """The instant that "the evening before" means, with the appointment that it is before."""

    name: str = "time.before"
    version: int = 1
    description: str = "Read a time that counts from an event."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Anchored

    def run(self, scope: ToolScope, arguments: Anchored) -> Json:
        query = sa.select(CalendarEventRow.id, CalendarEventRow.start_at).where(
            CalendarEventRow.person_id == scope.person.id, CalendarEventRow.state == "booked", CalendarEventRow.start_at > scope.now
        )
        query = query.order_by(CalendarEventRow.start_at)
        if arguments.anchor is not None:
            query = query.where(CalendarEventRow.start_at == arguments.anchor)
        event = scope.connection.execute(query.limit(1)).first()
        anchor = arguments.anchor or (event.start_at if event else None)
        if anchor is None:
            return None
        language = languages.clear_language(arguments.text) or scope.task.language
        reading = times.read(arguments.text, now=scope.now, zone=scope.person.effective_zone, language=language, anchor=anchor)
        return {
            "start": reading.start.isoformat() if reading.start else None,
            "has_clock": True,
            "has_day": True,
            "event_id": event.id if event else None,
        }


@dataclass
class ReadMoved:
    """The new time of something that is to be moved: "to Thursday", "an hour later", "by one week"; what is left out stays as it was."""

    name: str = "time.moved"
    version: int = 1
    description: str = "Read the new time of something that is moved."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Moved

    def run(self, scope: ToolScope, arguments: Moved) -> Json:
        zone, language = scope.person.effective_zone, languages.clear_language(arguments.text) or scope.task.language
        target = target_of(NUMBERED.sub("", arguments.text), language)
        reading = times.refine(arguments.previous, target, now=scope.now, zone=zone, language=language)
        if reading.start is None and language in LATER:  # "put it off by a week" says no more than "a week"
            shift = LATER[language][bool(EARLIER.search(target))]
            reading = times.refine(arguments.previous, f"{target.rstrip(' .!?')} {shift}", now=scope.now, zone=zone, language=language)
        if reading.start is None or reading.unread:
            return None
        slot = when_slot(reading, zone)
        return slot and slot | {"has_day": True, "has_clock": reading.precision is times.Precision.MINUTE}


TOOLS = (Create, Matching, Move, Delete, MarkDone, Later, ReadAnchored, ReadMoved)
