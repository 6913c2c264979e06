"""What happens when something comes due: reminders are told, appointments announced, tasks begun, questions expire."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from orchestrator.contracts import ENDED, TaskState
from orchestrator.execution import orders
from orchestrator.execution.orders import Order
from orchestrator.execution.runner import Runner
from orchestrator.tasks import manager, notifications, outgoing, questions, schedules
from orchestrator.tasks.notifications import Notice
from orchestrator.tasks.people import person_of
from orchestrator.tasks.schedules import LATE, RAN, SKIPPED, Due, Fired
from storage.models import CalendarEventRow


@dataclass(frozen=True, slots=True)
class DueWork:
    """Fires schedules and expires questions, inside the sweep's transaction."""

    runner: Runner

    def sweep(self, connection: sa.Connection) -> datetime | None:
        """Do everything that is due; returns the next instant at which something will be."""
        now = self.runner.around.clock.now()
        while schedules.sweep(connection, now, self._fire) >= schedules.BATCH:
            pass
        return schedules.next_due(connection)

    def run_now(self, connection: sa.Connection, schedule: Any) -> Any:
        """Do now what a schedule is for; its rhythm stays. Returns the occurrence; at one instant there is one."""
        now = self.runner.around.clock.now()
        known = schedules.occurrence(connection, schedule.id, now)
        if known is None:
            schedules.record_run(connection, schedule.id, now, self._fire(connection, Due(schedule, now, RAN)))
        return known or schedules.occurrence(connection, schedule.id, now)

    def _fire(self, connection: sa.Connection, due: Due) -> Fired:
        if due.schedule.kind == schedules.TASK:
            return self._begin(connection, due)
        return Fired(due.outcome, self._tell(connection, due))

    def _begin(self, connection: sa.Connection, due: Due) -> Fired:
        """Begin the task it is for, unless the one before is still at work or waits for its person."""
        schedule, now = due.schedule, self.runner.around.clock.now()
        last = manager.load(connection, schedule.payload.get(schedules.LAST_TASK, ""))
        if last is not None and last.state not in ENDED:
            return Fired(SKIPPED)
        person, order = person_of(connection, schedule.person_id), Order.of(schedule.payload[schedules.ORDER])
        order = replace(order, slots={**order.slots, "schedule_id": schedule.id, "schedule_run": f"{schedule.id}:{due.due_at.isoformat()}"})
        task = orders.begin(connection, self.runner, person, schedule.chat_id, order, now, {"schedule": schedule.number, "due_at": due.due_at.isoformat()})
        if task is not None:
            schedules.begun(connection, schedule, task.id)
            return Fired(due.outcome)
        words = self.runner.around.words
        text = words(person.language, "schedule-no-agent", {"number": schedule.number, "title": schedule.title})
        notice = Notice(notifications.FAILED, schedule.title, text, schedule_id=schedule.id, outcome="failure")
        return Fired(SKIPPED, notifications.notify(connection, outgoing.Envelope(schedule.chat_id, person.id, now), notice, words, person.language))

    def _tell(self, connection: sa.Connection, due: Due) -> str | None:
        schedule = due.schedule
        person = person_of(connection, schedule.person_id)
        now = self.runner.around.clock.now()
        if schedule.kind == "appointment_reminder" and not _still_booked(connection, schedule.payload):
            return None
        zone = ZoneInfo(schedule.zone)
        key = {"reminder": "reminder-due", "appointment_reminder": "appointment-due"}.get(schedule.kind, "reminder-due")
        suffix = "-late" if due.outcome == LATE else ""
        start = schedule.payload.get("start")
        shown = datetime.fromisoformat(start).astimezone(zone) if start else due.due_at.astimezone(zone)
        words = self.runner.around.words
        text = words(person.language, key + suffix, {"title": schedule.title, "when": shown, "due": due.due_at.astimezone(zone)})
        envelope = outgoing.Envelope(schedule.chat_id, schedule.person_id, now, schedule.task_id)
        kind = notifications.REMINDER if schedule.kind == "reminder" else schedule.kind
        until = datetime.fromisoformat(start) if start and kind != notifications.REMINDER else None
        notice = Notice(kind, schedule.title, text, schedule.task_id, schedule.id, {"due_at": due.due_at.isoformat()}, until=until)
        return notifications.notify(connection, envelope, notice, words, person.language)

    def expire_questions(self, connection: sa.Connection) -> int:
        """Close questions whose time is over; the task that waited for one ends, and its person is told."""
        now = self.runner.around.clock.now()
        expired = [question for question in questions.due(connection, now) if questions.close(connection, question, "expired", now)]
        for question in expired:
            task = manager.load(connection, question.task_id, lock=True) if question.task_id else None
            if task is None or task.state in ENDED:
                continue
            if task.state is TaskState.AWAITING_INPUT:
                manager.fail(connection, task, {"type": "Expired", "message": "nobody answered"}, now)
                person = person_of(connection, task.person_id)
                words = self.runner.around.words
                text = words(person.language, "question-expired", {"number": task.number, "title": task.title})
                notice = Notice(notifications.FAILED, task.title or task.type, text, task.id, outcome="failure")
                notifications.notify(connection, outgoing.Envelope(question.chat_id, person.id, now, task.id), notice, words, person.language)
        return len(expired)


def _still_booked(connection: sa.Connection, payload: dict[str, Any]) -> bool:
    query = sa.select(CalendarEventRow.state).where(CalendarEventRow.id == payload.get("event_id"))
    return bool(connection.execute(query).scalar() == "booked")
