"""Our own calendar: free times, booking, moving, cancelling. Double booking is impossible by primary key, not by care."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pydantic
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from agents.tools.invitation import invitation
from orchestrator import times
from orchestrator.business import Business, BusinessBook, Service
from orchestrator.contracts import Action, Button, Card, Effect, Json, Role, ToolError, ToolScope, Words
from orchestrator.spoken import short_text
from orchestrator.tasks import handover, outgoing, schedules
from storage.models import CalendarEventRow, CalendarSlotRow, ChatRow, PersonRow, ScheduleRow, new_id

GRID = timedelta(minutes=5)
OFFERED = 6
NAMED = re.compile(r"\b(?:dr|doctor|doktor|mr|mrs|ms|herr|frau|señora?|sra?|doctora?)\b\.?\s+([A-ZÄÖÜÁÉÍÓÚÑ]\w+)|([一-鿿]{1,2})(?:医生|大夫|老师)", re.I)
WITH = re.compile(r"\b(?:with|bei|con)\s+([A-ZÄÖÜÁÉÍÓÚÑ]\w+)")


class Text(pydantic.BaseModel):
    """What a person wrote."""

    text: str = ""


class Wanted(pydantic.BaseModel):
    """A wish: service, perhaps a person, from when to when (ISO 8601), and whether the clock time is fixed."""

    service: str
    staff: str | None = None
    start: str | None = None
    end: str | None = None


class Booking(pydantic.BaseModel):
    """A service in somebody's calendar at an instant (ISO 8601)."""

    service: str
    staff: str
    start: str


class Move(pydantic.BaseModel):
    """Another instant for an event."""

    event_id: str
    start: str


class EventId(pydantic.BaseModel):
    """One event."""

    event_id: str


class Period(pydantic.BaseModel):
    """From when to when (ISO 8601); open ends mean from now on."""

    start: str | None = None
    end: str | None = None


@dataclass
class CalendarTool:
    """What the calendar's tools share: the business and its zone, and events as agents get them."""

    book: BusinessBook
    words: Words
    version: int = 1

    def zone(self, scope: ToolScope) -> ZoneInfo:
        return ZoneInfo(self.book.current(scope.connection).zone or scope.person.effective_zone)

    def service(self, scope: ToolScope, identity: str) -> Service:
        found = self.book.current(scope.connection).service(identity)
        if found is None:
            raise ToolError(f"there is no service named {identity}")
        return found

    def event(self, scope: ToolScope, row: Any) -> dict[str, Any]:
        start, end = row.start_at.astimezone(self.zone(scope)), row.end_at.astimezone(self.zone(scope))
        service = self.book.current(scope.connection).service(row.service)
        called = service.called(scope.task.language) if service else row.service
        return {
            "event_id": row.id,
            "start": start.isoformat(),
            "end": end.isoformat(),
            "service": row.service,
            "staff": row.calendar,
            "title": called,
            "when": times.describe(start, now=scope.now, zone=self.zone(scope), language=scope.task.language),
            "short": short_text(start, scope.task.language),
        }

    def own_event(self, scope: ToolScope, event_id: str) -> Any:
        query = sa.select(CalendarEventRow.__table__).where(CalendarEventRow.id == event_id, CalendarEventRow.state == "booked")
        if scope.person.role is not Role.OWNER:
            query = query.where(CalendarEventRow.person_id == scope.person.id)
        row = scope.connection.execute(query).first()
        if row is None:
            raise ToolError("this appointment does not exist any more")
        return row

    def check_open(self, scope: ToolScope, service: Service, start: datetime) -> None:
        """Raises ToolError with the catalogue key of the reason: past, closed."""
        if start <= scope.now:
            raise ToolError("past")
        local = start.astimezone(self.zone(scope))
        end = local + timedelta(minutes=service.minutes)
        hours = self.book.current(scope.connection).open_on(local.date())
        if not any(h.opens <= local.time() and end.time() <= h.closes and end.date() == local.date() for h in hours):
            raise ToolError("closed")

    def take_slots(self, scope: ToolScope, calendar: str, start: datetime, minutes: int, event_id: str) -> None:
        """Claim every five minutes of an appointment. Raises ToolError "taken" when one of them is somebody's."""
        rows = [{"calendar": calendar, "start_at": moment, "event_id": event_id} for moment in _grid(start, minutes)]
        savepoint = scope.connection.begin_nested()
        try:
            scope.connection.execute(sa.insert(CalendarSlotRow), rows)
            savepoint.commit()
        except IntegrityError as error:
            savepoint.rollback()
            raise ToolError("taken") from error

    def tell_business(self, scope: ToolScope, event: dict[str, Any], key: str) -> None:
        """The owner's chat learns of what others book, move or cancel, and may decline it there."""
        owner = handover.owner_chat(scope.connection) if scope.person.role is Role.GUEST else None
        if owner is None or owner.chat_id == scope.task.chat_id:
            return
        who = scope.person.name or scope.person.id[-6:]
        text = self.words(owner.language, key, {"who": who, "title": event["title"], "staff": event["staff"], "when": event["when"]})
        rows: tuple[tuple[Button, ...], ...] = ()
        if key != "business-cancelled":
            name = event["event_id"]
            rows = (
                (Button(self.words(owner.language, "button-accept", {}), Action("say", value=f"/accept {name}")),),
                (
                    Button(self.words(owner.language, "button-move", {}), Action("say", value=f"/move {name}")),
                    Button(self.words(owner.language, "button-decline", {}), Action("say", value=f"/decline {name}")),
                ),
            )
        outgoing.post(scope.connection, outgoing.Envelope(owner.chat_id, owner.person_id, scope.now), Card(text, rows))

    def remind(self, scope: ToolScope, event: dict[str, Any], person_id: str, chat_id: str | None) -> None:
        hours = self.book.current(scope.connection).booking.remind
        due = datetime.fromisoformat(event["start"]).astimezone(UTC) - timedelta(hours=hours)
        if hours == 0 or chat_id is None or due <= scope.now:
            return
        new = schedules.NewSchedule(
            person_id,
            chat_id,
            "appointment_reminder",
            event["title"],
            str(self.zone(scope)),
            due,
            payload={"event_id": event["event_id"], "start": event["start"]},
        )
        schedules.create(scope.connection, new, scope.now)

    def forget_reminder(self, scope: ToolScope, event_id: str) -> None:
        query = sa.select(ScheduleRow.id, ScheduleRow.payload).where(ScheduleRow.kind == "appointment_reminder", ScheduleRow.state == "active")
        for row in scope.connection.execute(query).all():
            if row.payload.get("event_id") == event_id:
                scope.connection.execute(sa.update(ScheduleRow).where(ScheduleRow.id == row.id).values(state="deleted"))


def _grid(start: datetime, minutes: int) -> Iterator[datetime]:
    moment = start.astimezone(UTC)
    while moment < start + timedelta(minutes=minutes):
        yield moment
        moment += GRID


@dataclass
class FindService(CalendarTool):
    """Which service and which member of staff a text names."""

    name: str = "calendar.understand"
    description: str = "Read service and staff from a text."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Text

    def run(self, scope: ToolScope, arguments: Text) -> Json:
        business, low = self.book.current(scope.connection), arguments.text.casefold()
        matches = [(len(word), s) for s in business.services for word in s.words() if _says(low, word.casefold())]
        service = max(matches, key=lambda match: match[0])[1] if matches else None
        staff = next((person.name for person in business.staff if _says(low, person.name.casefold())), None)
        stranger = None
        if staff is None and (named := NAMED.search(arguments.text) or WITH.search(arguments.text)):
            stranger = next(group for group in named.groups() if group)
        return {"service": service.id if service else None, "staff": staff, "stranger": stranger}


def _says(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}", text) is not None if word.isascii() else word in text


@dataclass
class FreeTimes(CalendarTool):
    """Times at which a service can begin, soonest first; with a wished instant, those nearest to it."""

    name: str = "calendar.free"
    description: str = "List free times."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Wanted

    def run(self, scope: ToolScope, arguments: Wanted) -> Json:
        business, service = self.book.current(scope.connection), self.service(scope, arguments.service)
        staff = [arguments.staff] if arguments.staff else list(business.staff_for(service))
        earliest = scope.now + timedelta(minutes=business.booking.lead)
        start = max(earliest, datetime.fromisoformat(arguments.start)) if arguments.start else earliest
        end = datetime.fromisoformat(arguments.end) if arguments.end else scope.now + timedelta(days=business.booking.horizon)
        found: list[dict[str, Any]] = []
        for moment in self._openings(scope, business, service, start, end):
            free = next((name for name in staff if self._is_free(scope, name, moment, service.minutes)), None)
            if free is not None:
                found.append({"start": moment.isoformat(), "staff": free, "label": short_text(moment, scope.task.language)})
            if len(found) == OFFERED:
                break
        return found

    def _openings(self, scope: ToolScope, business: Business, service: Service, start: datetime, end: datetime) -> Iterator[datetime]:
        zone = self.zone(scope)
        day, last = start.astimezone(zone).date(), min(end, scope.now + timedelta(days=business.booking.horizon)).astimezone(zone).date()
        while day <= last:
            for hours in business.open_on(day):
                moment = datetime.combine(day, hours.opens, zone)
                closing = datetime.combine(day, hours.closes, zone)
                while moment + timedelta(minutes=service.minutes) <= closing:
                    if start <= moment < max(end, start + timedelta(minutes=1)):
                        yield moment
                    moment += timedelta(minutes=business.booking.step)
            day += timedelta(days=1)

    def _is_free(self, scope: ToolScope, calendar: str, start: datetime, minutes: int) -> bool:
        query = sa.select(CalendarSlotRow.start_at).where(
            CalendarSlotRow.calendar == calendar, CalendarSlotRow.start_at >= start, CalendarSlotRow.start_at < start + timedelta(minutes=minutes)
        )
        return scope.connection.execute(query.limit(1)).first() is None


@dataclass
class Book(CalendarTool):
    """Book. Raises ToolError: past, closed, taken."""

    name: str = "calendar.book"
    description: str = "Book an appointment."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Booking

    def run(self, scope: ToolScope, arguments: Booking) -> Json:
        service, start = self.service(scope, arguments.service), datetime.fromisoformat(arguments.start)
        self.check_open(scope, service, start)
        event_id = new_id()
        row = {
            "id": event_id, "person_id": scope.person.id, "chat_id": scope.task.chat_id, "task_id": scope.task.id, "calendar": arguments.staff,
            "service": service.id, "title": service.id, "start_at": start, "end_at": start + timedelta(minutes=service.minutes), "created_at": scope.now,
        }  # fmt: skip
        scope.connection.execute(sa.insert(CalendarEventRow), row)
        self.take_slots(scope, arguments.staff, start, service.minutes, event_id)
        event = self.event(scope, self.own_event(scope, event_id))
        self.tell_business(scope, event, "business-booked")
        self.remind(scope, event, scope.person.id, scope.task.chat_id)
        return event | {"ics": invitation(event, self.book.current(scope.connection).name, scope.now)}


@dataclass
class Reschedule(CalendarTool):
    """Move an appointment to another time, in the same calendar. Raises ToolError: past, closed, taken."""

    name: str = "calendar.move"
    description: str = "Move an appointment."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Move

    def run(self, scope: ToolScope, arguments: Move) -> Json:
        row, start = self.own_event(scope, arguments.event_id), datetime.fromisoformat(arguments.start)
        service = self.service(scope, row.service)
        self.check_open(scope, service, start)
        scope.connection.execute(sa.delete(CalendarSlotRow).where(CalendarSlotRow.event_id == row.id))
        self.take_slots(scope, row.calendar, start, service.minutes, row.id)
        changed = {"start_at": start, "end_at": start + timedelta(minutes=service.minutes), "sequence": row.sequence + 1}
        scope.connection.execute(sa.update(CalendarEventRow).where(CalendarEventRow.id == row.id).values(**changed))
        event = self.event(scope, self.own_event(scope, row.id))
        self.forget_reminder(scope, row.id)
        self.remind(scope, event, row.person_id, row.chat_id)
        self.tell_business(scope, event, "business-moved")
        _tell_guest(self, scope, row, event, "guest-moved")
        return event | {"ics": invitation(event, self.book.current(scope.connection).name, scope.now, row.sequence + 1)}


@dataclass
class Cancel(CalendarTool):
    """Cancel an appointment and free its time."""

    name: str = "calendar.cancel"
    description: str = "Cancel an appointment."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = EventId

    def run(self, scope: ToolScope, arguments: EventId) -> Json:
        row = self.own_event(scope, arguments.event_id)
        event = self.event(scope, row)
        scope.connection.execute(sa.delete(CalendarSlotRow).where(CalendarSlotRow.event_id == row.id))
        scope.connection.execute(sa.update(CalendarEventRow).where(CalendarEventRow.id == row.id).values(state="cancelled"))
        self.forget_reminder(scope, row.id)
        self.tell_business(scope, event, "business-cancelled")
        _tell_guest(self, scope, row, event, "guest-declined")
        return event


def _tell_guest(tool: CalendarTool, scope: ToolScope, row: Any, event: dict[str, Any], key: str) -> None:
    """Whoever booked learns what the business changed."""
    if row.person_id == scope.person.id or row.chat_id is None:
        return
    found = scope.connection.execute(
        sa.select(PersonRow.language, ChatRow.id).join(ChatRow, ChatRow.person_id == PersonRow.id).where(ChatRow.id == row.chat_id)
    ).first()
    if found is not None:
        text = tool.words(found.language, key, {"title": event["title"], "when": event["when"]})
        outgoing.post(scope.connection, outgoing.Envelope(row.chat_id, row.person_id, scope.now), Card(text))


@dataclass
class Upcoming(CalendarTool):
    """A person's appointments, soonest first; of the whole business, for its owner."""

    name: str = "calendar.list"
    description: str = "List appointments."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Period

    def run(self, scope: ToolScope, arguments: Period) -> Json:
        start = max(scope.now, datetime.fromisoformat(arguments.start)) if arguments.start else scope.now
        query = sa.select(CalendarEventRow.__table__).where(CalendarEventRow.state == "booked", CalendarEventRow.end_at > start)
        if arguments.end:
            query = query.where(CalendarEventRow.start_at < datetime.fromisoformat(arguments.end))
        if scope.person.role is not Role.OWNER:
            query = query.where(CalendarEventRow.person_id == scope.person.id)
        return [self.event(scope, row) for row in scope.connection.execute(query.order_by(CalendarEventRow.start_at).limit(20))]
