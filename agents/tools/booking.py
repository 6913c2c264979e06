"""Our own calendar, as it is changed: book, move, cancel, accept. Double booking is impossible by primary key, not by care."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pydantic
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from agents.tools.calendar import FOR, CalendarTool
from agents.tools.invitation import invitation
from agents.tools.openings import pieces_of
from orchestrator.business import Service
from orchestrator.contracts import Action, Button, Card, Effect, Json, Role, ToolError, ToolScope
from orchestrator.outside import Undo
from orchestrator.tasks import handover, outgoing, schedules
from storage.database import savepoint
from storage.models import CalendarEventRow, CalendarSlotRow, ChatRow, PersonRow, ScheduleRow, new_id
from storage.signals import announce

REMINDER_KIND = "appointment_reminder"
SHORT_NOTICE = timedelta(hours=2)
"""Where the usual reminder would be over already, one this long before."""


class NewBooking(pydantic.BaseModel):
    """A service in somebody's calendar, perhaps for a guest of whom the owner speaks; in a private calendar there is neither, but a title."""

    service: str | None = None
    staff: str | None = None
    start: datetime
    title: str = ""
    guest: str = ""


class Move(pydantic.BaseModel):
    """`staff` is who is to do it instead."""

    event_id: str
    start: datetime
    staff: str | None = None


class EventId(pydantic.BaseModel):
    """One event."""

    event_id: str


@dataclass
class BookingTool(CalendarTool):
    """What changes have in common: taking the time, and telling those concerned."""

    def take_slots(self, scope: ToolScope, calendar: str, start: datetime, end: datetime, event_id: str) -> None:
        """Claim every five minutes of an appointment. Raises ToolError("taken") when one of them is somebody's."""
        rows = [{"calendar": calendar, "start_at": moment, "event_id": event_id} for moment in pieces_of(start, end - start)]
        try:
            with savepoint(scope.connection):
                scope.connection.execute(sa.insert(CalendarSlotRow), rows)
        except IntegrityError as error:
            raise ToolError("taken") from error

    def tell_business(self, scope: ToolScope, row: Any, key: str) -> None:
        """The owner's chat learns of what others book, move or cancel, and may answer with a button there."""
        owner = handover.owner_chat(scope.connection) if scope.person.role is not Role.OWNER else None
        if owner is None or owner.chat_id == scope.task.chat_id:
            return
        event = self.event(scope, row, owner.language)
        who = scope.person.name or self.words(owner.language, "business-somebody", {})
        text = self.words(owner.language, key, {"who": who, "title": event["title"], "staff": event["staff"] or "-", "when": event["when"]})
        outgoing.post(
            scope.connection,
            outgoing.Envelope(owner.chat_id, owner.person_id, scope.now),
            Card(text, self._replies(owner.language, row.id) if key != "business-cancelled" else ()),
        )

    def _replies(self, language: str, event_id: str) -> tuple[tuple[Button, ...], ...]:
        def button(key: str, task_type: str) -> Button:
            return Button(self.words(language, key, {}), Action("task", event_id, task_type))

        return ((button("button-accept", "booking_accept"),), (button("button-move", "booking_move"), button("button-decline", "booking_decline")))

    def tell_guest(self, scope: ToolScope, row: Any, key: str) -> None:
        """Whoever booked learns what the business did with it."""
        if row.person_id == scope.person.id or row.chat_id is None:
            return
        query = sa.select(PersonRow.language).join(ChatRow, ChatRow.person_id == PersonRow.id).where(ChatRow.id == row.chat_id)
        language = scope.connection.execute(query).scalar()
        if language is not None:
            event = self.event(scope, row, language)
            text = self.words(language, key, {"title": event["title"], "when": event["when"], "name": self.business(scope).name})
            outgoing.post(scope.connection, outgoing.Envelope(row.chat_id, row.person_id, scope.now), Card(text))

    def remind(self, scope: ToolScope, row: Any) -> None:
        """A reminder before, as configured; on shorter notice two hours before; not at all where that is over too."""
        hours = self.business(scope).booking.remind
        if hours == 0 or row.chat_id is None:
            return
        due = next((at for at in (row.start_at - timedelta(hours=hours), row.start_at - SHORT_NOTICE) if at > scope.now), None)
        if due is None:
            return
        payload = {"event_id": row.id, "start": row.start_at.isoformat()}
        new = schedules.NewSchedule(row.person_id, row.chat_id, REMINDER_KIND, self.event(scope, row)["title"], str(self.zone(scope)), due, payload=payload)
        schedules.create(scope.connection, new, scope.now)

    def forget_reminder(self, scope: ToolScope, row: Any) -> None:
        mine = (ScheduleRow.person_id == row.person_id, ScheduleRow.kind == REMINDER_KIND, ScheduleRow.state == "active")
        for known in scope.connection.execute(sa.select(ScheduleRow.id, ScheduleRow.payload).where(*mine)).all():
            if known.payload.get("event_id") == row.id:
                scope.connection.execute(sa.update(ScheduleRow).where(ScheduleRow.id == known.id).values(state="cancelled", next_due=None))
                announce(scope.connection, schedules.TOPIC)

    def with_invitation(self, scope: ToolScope, row: Any) -> dict[str, Any]:
        event = self.event(scope, row)
        return event | {"ics": invitation(event, self.business(scope).name, scope.now, row.sequence)}


@dataclass
class Book(BookingTool):
    """Book. Raises ToolError: past, soon, far, closed, taken."""

    name: str = "calendar.book"
    description: str = "Book an appointment."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = NewBooking

    def run(self, scope: ToolScope, arguments: NewBooking) -> Json:
        service, start = self.service(scope, arguments.service), arguments.start.astimezone(UTC)
        openings = self.openings(scope, service, arguments.staff)
        reason, free = openings.verdict(start)
        if reason:
            raise ToolError(reason)
        calendar, end, event_id = free[0], start + openings.length, new_id()
        end = start + timedelta(minutes=service.minutes) if service else end
        row = {
            "id": event_id, "person_id": scope.person.id, "chat_id": scope.task.chat_id, "task_id": scope.task.id, "calendar": calendar,
            "service": service.id if service else "", "title": self._title(service, arguments)[:300] or "-", "start_at": start, "end_at": end,
            "created_at": scope.now,
        }  # fmt: skip
        scope.connection.execute(sa.insert(CalendarEventRow), row)
        try:
            self.take_slots(scope, calendar, start, end, event_id)
        except ToolError:
            scope.connection.execute(sa.delete(CalendarEventRow).where(CalendarEventRow.id == event_id))
            raise
        booked = self.own_event(scope, event_id)
        self.tell_business(scope, booked, "business-booked")
        self.remind(scope, booked)
        return self.with_invitation(scope, booked)

    def _title(self, service: Service | None, arguments: NewBooking) -> str:
        if service is None:
            return arguments.title
        return f"{service.id}{FOR}{arguments.guest}" if arguments.guest else service.id

    def undo(self, arguments: NewBooking, output: dict[str, Any]) -> Undo:
        """Taking a booking back frees its time."""
        return Undo("calendar.cancel", {"event_id": output["event_id"]}, f"{output['title']}, {output['when']}")


@dataclass
class Reschedule(BookingTool):
    """Move an appointment to another time, with the same person where they are free. Raises ToolError: gone, past, soon, far, closed, taken; staff for one who does not do it."""

    name: str = "calendar.move"
    description: str = "Move an appointment."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Move

    def run(self, scope: ToolScope, arguments: Move) -> Json:
        row, start = self.own_event(scope, arguments.event_id), arguments.start.astimezone(UTC)
        service = self.service(scope, row.service or None)
        if arguments.staff and arguments.staff not in self.business(scope).staff_for(service):
            raise ToolError("staff")
        reason, free = self.openings(scope, service, arguments.staff, row.id).verdict(start)
        if reason:
            raise ToolError(reason)
        calendar = row.calendar if row.calendar in free else free[0]
        end = start + (row.end_at - row.start_at)
        scope.connection.execute(sa.delete(CalendarSlotRow).where(CalendarSlotRow.event_id == row.id))
        self.take_slots(scope, calendar, start, end, row.id)
        changed = {"start_at": start, "end_at": end, "calendar": calendar, "sequence": row.sequence + 1}
        scope.connection.execute(sa.update(CalendarEventRow).where(CalendarEventRow.id == row.id).values(**changed))
        moved = self.own_event(scope, row.id)
        self.forget_reminder(scope, row)
        self.remind(scope, moved)
        self.tell_business(scope, moved, "business-moved")
        self.tell_guest(scope, moved, "guest-moved")
        return self.with_invitation(scope, moved) | {"before": row.start_at.isoformat(), "before_staff": row.calendar if arguments.staff else None}

    def undo(self, arguments: Move, output: dict[str, Any]) -> Undo:
        """Taking a move back moves it to where it was, if that time is still free."""
        former = {"event_id": output["event_id"], "start": output["before"], "staff": output.get("before_staff")}
        return Undo("calendar.move", former, f"{output['title']}, {output['when']}")


@dataclass
class Cancel(BookingTool):
    """Cancel an appointment and free its time; by the business it counts as declined. Raises ToolError("gone")."""

    name: str = "calendar.cancel"
    description: str = "Cancel an appointment."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = EventId

    def run(self, scope: ToolScope, arguments: EventId) -> Json:
        row = self.own_event(scope, arguments.event_id)
        state = "cancelled" if row.person_id == scope.person.id else "declined"
        scope.connection.execute(sa.delete(CalendarSlotRow).where(CalendarSlotRow.event_id == row.id))
        scope.connection.execute(sa.update(CalendarEventRow).where(CalendarEventRow.id == row.id).values(state=state))
        self.forget_reminder(scope, row)
        self.tell_business(scope, row, "business-cancelled")
        self.tell_guest(scope, row, "guest-declined")
        return self.event(scope, row)

    def undo(self, arguments: EventId, output: dict[str, Any]) -> Undo:
        """Taking a cancellation back books the same time again, if nobody took it meanwhile."""
        again = {"service": output["service"] or None, "staff": output["staff"] or None, "start": output["start"], "title": output["title"]}
        again["guest"] = output.get("guest", "")
        return Undo("calendar.book", again, f"{output['title']}, {output['when']}")


@dataclass
class Accept(BookingTool):
    """The business says yes to a booking; whoever booked is told. Raises ToolError("gone")."""

    name: str = "calendar.accept"
    description: str = "Confirm a booking."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = EventId

    def run(self, scope: ToolScope, arguments: EventId) -> Json:
        if scope.person.role is not Role.OWNER:
            raise ToolError("only the business can accept a booking")
        row = self.own_event(scope, arguments.event_id)
        self.tell_guest(scope, row, "guest-accepted")
        return self.event(scope, row)
