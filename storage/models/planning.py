"""What is due when: schedules and their occurrences, notifications, the calendar."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, identifier, reference


class ScheduleRow(Base):
    """Something that comes due: once, by recurrence rule (RFC 5545), by cron or by interval in seconds, in its own zone."""

    __tablename__ = "schedules"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "number"),
        sa.Index("ix_schedules_due", "next_due", sqlite_where=sa.text("state = 'active'"), postgresql_where=sa.text("state = 'active'")),
    )

    id: Mapped[str] = identifier()
    number: Mapped[int]
    person_id: Mapped[str] = reference("people.id")
    chat_id: Mapped[str] = reference("chats.id")
    task_id: Mapped[str | None] = mapped_column(sa.String(36))
    kind: Mapped[str] = mapped_column(sa.String(24))
    title: Mapped[str] = mapped_column(sa.String(500))
    repeat: Mapped[str] = mapped_column(sa.String(16))
    rule: Mapped[str] = mapped_column(sa.String(300), default="")
    zone: Mapped[str] = mapped_column(sa.String(64))
    zone_assumed: Mapped[bool] = mapped_column(default=False)
    start_at: Mapped[datetime]
    next_due: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(sa.String(16), default="active")
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]


class OccurrenceRow(Base):
    """One due instant of a schedule and how it ended: ran, late, missed or skipped. The pair is unique: none fires twice."""

    __tablename__ = "occurrences"
    __table_args__ = (sa.UniqueConstraint("schedule_id", "due_at"),)

    id: Mapped[str] = identifier()
    schedule_id: Mapped[str] = reference("schedules.id")
    due_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(sa.String(16))
    fired_at: Mapped[datetime]
    notification_id: Mapped[str | None] = mapped_column(sa.String(36))


class NotificationRow(Base):
    """Something a person was told unasked: a reminder, a completed or failed task. `state`: open, done or snoozed.

    While `waits_until` is set it waits for the end of quiet hours or for the digest; `told_at` is when it was told.
    """

    __tablename__ = "person_notifications"
    """DBOS keeps a table named notifications in the same SQLite file."""
    __table_args__ = (
        sa.Index("ix_person_notifications_person", "person_id", "created_at"),
        sa.Index(
            "ix_person_notifications_waiting",
            "waits_until",
            sqlite_where=sa.text("waits_until IS NOT NULL"),
            postgresql_where=sa.text("waits_until IS NOT NULL"),
        ),
    )

    id: Mapped[str] = identifier()
    person_id: Mapped[str] = reference("people.id")
    chat_id: Mapped[str | None] = reference("chats.id", nullable=True)
    task_id: Mapped[str | None] = mapped_column(sa.String(36))
    schedule_id: Mapped[str | None] = mapped_column(sa.String(36), index=True)
    kind: Mapped[str] = mapped_column(sa.String(24))
    title: Mapped[str] = mapped_column(sa.Text)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    text: Mapped[str | None] = mapped_column(sa.Text)
    outcome: Mapped[str | None] = mapped_column(sa.String(16))
    state: Mapped[str] = mapped_column(sa.String(16), default="open")
    waits_until: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class CalendarEventRow(Base):
    """An appointment in our own calendar. `calendar` is the staff member whose time it takes. States: booked, cancelled, declined."""

    __tablename__ = "calendar_events"
    __table_args__ = (sa.Index("ix_calendar_events_calendar", "calendar", "start_at"), sa.Index("ix_calendar_events_person", "person_id", "start_at"))

    id: Mapped[str] = identifier()
    person_id: Mapped[str] = reference("people.id")
    chat_id: Mapped[str | None] = reference("chats.id", nullable=True)
    task_id: Mapped[str | None] = mapped_column(sa.String(36))
    calendar: Mapped[str] = mapped_column(sa.String(100))
    service: Mapped[str] = mapped_column(sa.String(200))
    title: Mapped[str] = mapped_column(sa.String(300))
    start_at: Mapped[datetime]
    end_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(sa.String(16), default="booked")
    sequence: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class CalendarSlotRow(Base):
    """Five minutes of one calendar, taken by one event. The primary key is what makes double booking impossible."""

    __tablename__ = "calendar_slots"

    calendar: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    start_at: Mapped[datetime] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(sa.String(36), sa.ForeignKey("calendar_events.id", ondelete="CASCADE"), index=True)
