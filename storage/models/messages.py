"""Messages in and out, the buttons on them, and the events that live views read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, reference


class MessageRow(Base):
    """A message as a channel delivered it: stored once under (channel, platform_id), then acknowledged.

    `urgent` ones (STOP, cancel, button presses) overtake what waits in their chat.
    """

    __tablename__ = "messages_in"
    __table_args__ = (
        sa.UniqueConstraint("channel", "platform_id"),
        sa.Index("ix_messages_in_person", "person_id", "seq"),
        sa.Index("ix_messages_in_waiting", "chat_id", "seq", sqlite_where=sa.text("state = 'received'"), postgresql_where=sa.text("state = 'received'")),
        {"sqlite_autoincrement": True},
    )

    seq: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(sa.String(36), unique=True)
    channel: Mapped[str] = mapped_column(sa.String(32))
    platform_id: Mapped[str] = mapped_column(sa.String(200))
    chat_id: Mapped[str] = reference("chats.id")
    person_id: Mapped[str] = reference("people.id")
    kind: Mapped[str] = mapped_column(sa.String(16))
    urgent: Mapped[bool] = mapped_column(default=False)
    text: Mapped[str] = mapped_column(sa.Text)
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    language: Mapped[str | None] = mapped_column(sa.String(8))
    state: Mapped[str] = mapped_column(sa.String(16), default="received")
    sent_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]


class OutgoingRow(Base):
    """One part of one message to deliver: queued, sending, sent, retry, ambiguous, failed or superseded."""

    __tablename__ = "outbox"
    __table_args__ = (
        sa.Index(
            "ix_outbox_waiting",
            "chat_id",
            "seq",
            sqlite_where=sa.text("state IN ('queued','sending','retry')"),
            postgresql_where=sa.text("state IN ('queued','sending','retry')"),
        ),
        {"sqlite_autoincrement": True},
    )

    seq: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(sa.String(36), unique=True)
    chat_id: Mapped[str] = reference("chats.id")
    person_id: Mapped[str] = reference("people.id")
    task_id: Mapped[str | None] = mapped_column(sa.String(36), index=True)
    message_id: Mapped[str | None] = mapped_column(sa.String(36), index=True)
    kind: Mapped[str] = mapped_column(sa.String(16), default="message")
    status_key: Mapped[str] = mapped_column(sa.String(80), default="")
    card: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(sa.String(16), default="queued")
    repeated: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]
    platform_id: Mapped[str | None] = mapped_column(sa.String(200))
    error: Mapped[str | None] = mapped_column(sa.Text)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class ButtonRow(Base):
    """What a button does. The channel carries only the token (128 random bits); `group_key` buttons are spent together."""

    __tablename__ = "buttons"

    token: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    outgoing_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    chat_id: Mapped[str] = reference("chats.id")
    person_id: Mapped[str] = reference("people.id")
    label: Mapped[str] = mapped_column(sa.String(200))
    action: Mapped[dict[str, Any]]
    spent_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class EventRow(Base):
    """Something a live view shows: a message, an edit, progress, a status, a result. Read by id, in order."""

    __tablename__ = "events"
    __table_args__ = (sa.Index("ix_events_chat", "chat_id", "id"), sa.Index("ix_events_person", "person_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True)
    person_id: Mapped[str] = reference("people.id")
    chat_id: Mapped[str | None] = mapped_column(sa.String(36))
    task_id: Mapped[str | None] = mapped_column(sa.String(36), index=True)
    kind: Mapped[str] = mapped_column(sa.String(16))
    key: Mapped[str | None] = mapped_column(sa.String(80), unique=True)
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
