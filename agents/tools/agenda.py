"""Looking into a person's calendar: which appointment is meant, and what reminders ring in a stretch of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pydantic
import sqlalchemy as sa

from agents.tools import appointment_names
from agents.tools.calendar import CalendarTool
from agents.tools.naming import Meant, alike, meaning
from orchestrator import languages, times
from orchestrator.contracts import Effect, Json, Role, ToolScope
from orchestrator.tasks import notifications, schedules
from storage.models import CalendarEventRow, PersonRow

REMINDER = notifications.REMINDER
SEARCHED = 200
"""Appointments among which one that is named is looked for."""
MOST_RINGS, MOST_OF_ONE = 40, 15
"""Rings of a stretch that are told, and of one reminder."""


class Naming(pydantic.BaseModel):
    """What a person wrote about one of their appointments, and the one that was spoken of; of one that is `moving`, the new time says nothing about which.

    `title` is what it would be called if it were something new.
    """

    text: str = ""
    moving: bool = False
    spoken_of: str | None = None
    title: str = ""


class Stretch(pydantic.BaseModel):
    """From when to before when."""

    start: datetime
    end: datetime


@dataclass
class Matching(CalendarTool):
    """The appointments that a person may mean, best first, each with how surely it is `meant`; the owner may name a guest's as well, by who comes."""

    name: str = "calendar.meant"
    description: str = "Find which appointment a text means."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Naming

    def run(self, scope: ToolScope, arguments: Naming) -> Json:
        said = appointment_names.read(
            arguments.text, now=scope.now, zone=self.zone(scope), language=languages.clear_language(arguments.text) or scope.task.language,
            moving=arguments.moving, staff=[one.name for one in self.business(scope).staff],
        )  # fmt: skip
        rows = self._rows(scope)
        mine = [row for row in rows if row.person_id == scope.person.id or row.id == arguments.spoken_of]
        named = [self._named(scope, row) for row in mine]
        how, ids = appointment_names.find(named, said, spoken_of=arguments.spoken_of)
        if said.words and len(rows) > len(mine):
            by_guest = [row for row in rows if row not in mine and self._is_of(row.who, said.words)]
            also, theirs = appointment_names.find([self._named(scope, row) for row in by_guest], said)
            if by_guest and also is Meant.SURE:
                how, ids = Meant.SURE, [*(ids if how is Meant.SURE else ()), *theirs]
        events = {row.id: self.event(scope, row) | {"who": row.who if row.person_id != scope.person.id else "", "meant": str(how)} for row in rows}
        return {"events": [events[identity] for identity in ids], "new": appointment_names.is_new(named, arguments.text, arguments.title, how)}

    def _rows(self, scope: ToolScope) -> list[Any]:
        query = sa.select(CalendarEventRow.__table__, PersonRow.name.label("who")).join(PersonRow, PersonRow.id == CalendarEventRow.person_id)
        query = query.where(CalendarEventRow.state == "booked", CalendarEventRow.end_at > scope.now)
        if scope.person.role is not Role.OWNER:
            query = query.where(CalendarEventRow.person_id == scope.person.id)
        return list(scope.connection.execute(query.order_by(CalendarEventRow.start_at).limit(SEARCHED)).all())

    def _named(self, scope: ToolScope, row: Any) -> appointment_names.Event:
        event, service = self.event(scope, row), self.business(scope).service(row.service)
        called = frozenset(part for word in (service.words() if service else ()) for part in appointment_names.words_of(word))
        people = f"{event['staff']} {row.who if row.person_id != scope.person.id else ''}"
        return appointment_names.Event(row.id, row.start_at.astimezone(self.zone(scope)), f"{event['title']} {row.title}", people, called)

    def _is_of(self, who: str, words: frozenset[str]) -> bool:
        return any(alike(word, part) for word in words for part in meaning(who or ""))


@dataclass
class Rings(CalendarTool):
    """When a person's reminders ring in a stretch of time, soonest first; one that repeats as often as it rings in it."""

    name: str = "calendar.rings"
    description: str = "List when reminders ring in a stretch of time."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Stretch

    def run(self, scope: ToolScope, arguments: Stretch) -> Json:
        mine = [row for row in schedules.of_person(scope.connection, scope.person.id, limit=SEARCHED) if row.kind == REMINDER and row.state == "active"]
        rings = sorted(((at, row.title) for row in mine for at in _between(row, max(arguments.start, scope.now), arguments.end)), key=lambda ring: ring[0])
        zone, language = scope.person.effective_zone, scope.task.language
        return [{"title": title, "when": times.describe(at, now=scope.now, zone=zone, language=language)} for at, title in rings[:MOST_RINGS]]


def _between(row: Any, start: datetime, end: datetime) -> list[datetime]:
    due: datetime | None = row.next_due
    if due is not None and due < start and row.repeat != schedules.ONCE:
        due = schedules.following(row, start)
    found: list[datetime] = []
    while due is not None and due < end and len(found) < MOST_OF_ONE:
        if due >= start:
            found.append(due)
        due = schedules.following(row, due) if row.repeat != schedules.ONCE else None
    return found
