"""What people are told unasked: a reminder, a finished or failed task; with buttons that act."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from orchestrator.contracts import Action, Button, Card, Person, Words
from orchestrator.tasks import outgoing, schedules
from storage.models import NotificationRow, new_id

REMINDER, COMPLETED, FAILED = "reminder", "completed", "failed"
DONE, SNOOZE, READ = "done", "snooze", "read"
SNOOZES = (600, 3600)
"""Seconds that the snooze buttons of a reminder offer."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notification says and belongs to."""

    kind: str
    title: str
    text: str
    task_id: str | None = None
    schedule_id: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


def notify(connection: sa.Connection, envelope: outgoing.Envelope, notice: Notice, words: Words, language: str) -> str:
    """Store a notification and send it; returns its id."""
    notification_id = new_id()
    connection.execute(
        sa.insert(NotificationRow),
        {
            "id": notification_id, "person_id": envelope.person_id, "chat_id": envelope.chat_id, "task_id": notice.task_id,
            "schedule_id": notice.schedule_id, "kind": notice.kind, "title": notice.title, "data": notice.data, "created_at": envelope.now,
        },
    )  # fmt: skip
    buttons = _reminder_buttons(notification_id, words, language) if notice.kind == REMINDER else ()
    outgoing.post(connection, envelope, Card(notice.text, buttons))
    return notification_id


def _reminder_buttons(notification_id: str, words: Words, language: str) -> tuple[tuple[Button, ...], ...]:
    def button(key: str, value: str) -> Button:
        return Button(words(language, key, {}), Action("notification", notification_id, value))

    return (
        (button("button-done", DONE), button("button-snooze-short", f"{SNOOZE}:600")),
        (button("button-snooze-hour", f"{SNOOZE}:3600"), button("button-snooze-day", f"{SNOOZE}:86400")),
    )


def act(connection: sa.Connection, envelope: outgoing.Envelope, person: Person, notification_id: str, value: str, words: Words) -> str:
    """Perform a button of a notification; returns the catalogue key of the short answer."""
    row = find(connection, notification_id, person.id)
    if row is None:
        return "press-spent"
    if value == DONE:
        mark(connection, row.id, DONE, envelope.now)
        outgoing.post(connection, envelope, Card(words(person.language, "reminder-done", {"title": row.title})))
        return "press-taken"
    if value.startswith(SNOOZE):
        seconds = int(value.partition(":")[2] or SNOOZES[0])
        due = snooze(connection, row, person, envelope.now, seconds)
        text = words(person.language, "reminder-snoozed", {"title": row.title, "when": _clock(due, person)})
        outgoing.post(connection, envelope, Card(text))
        return "press-taken"
    mark(connection, row.id, READ, envelope.now)
    return "press-taken"


def find(connection: sa.Connection, notification_id: str, person_id: str) -> Any:
    query = sa.select(NotificationRow.__table__).where(NotificationRow.id == notification_id, NotificationRow.person_id == person_id)
    return connection.execute(query).first()


def latest_reminder(connection: sa.Connection, person_id: str) -> Any:
    """The reminder that last went off and is still open."""
    query = sa.select(NotificationRow.__table__).where(
        NotificationRow.person_id == person_id, NotificationRow.kind == REMINDER, NotificationRow.state == "open"
    )
    return connection.execute(query.order_by(NotificationRow.id.desc()).limit(1)).first()


def unread(connection: sa.Connection, person_id: str, limit: int = 10) -> list[Any]:
    query = sa.select(NotificationRow.__table__).where(NotificationRow.person_id == person_id, NotificationRow.read_at.is_(None))
    return list(connection.execute(query.order_by(NotificationRow.id.desc()).limit(limit)))


def mark(connection: sa.Connection, notification_id: str, state: str, now: datetime) -> None:
    values: dict[str, Any] = {"read_at": now} if state == READ else {"state": state, "read_at": now}
    connection.execute(sa.update(NotificationRow).where(NotificationRow.id == notification_id).values(**values))


def mark_all_read(connection: sa.Connection, person_id: str, now: datetime) -> None:
    connection.execute(sa.update(NotificationRow).where(NotificationRow.person_id == person_id, NotificationRow.read_at.is_(None)).values(read_at=now))


def snooze(connection: sa.Connection, row: Any, person: Person, now: datetime, seconds: int) -> datetime:
    """Say it again later: a schedule of its own, so that a repeating reminder keeps its rhythm."""
    mark(connection, row.id, "snoozed", now)
    due = now + timedelta(seconds=seconds)
    new = schedules.NewSchedule(person.id, row.chat_id, REMINDER, row.title, person.effective_zone, due, payload={**row.data, "snoozed": True})
    schedules.create(connection, new, now)
    return due


def _clock(moment: datetime, person: Person) -> datetime:
    return moment.astimezone(ZoneInfo(person.effective_zone))
