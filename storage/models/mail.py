"""The log of mail that left the house: one row a letter, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, identifier, reference


class MailRow(Base):
    """A letter. States: queued, sent, delivered, bounced, failed, unknown. `effect_key` is the idempotency key of its effect."""

    __tablename__ = "mails"
    __table_args__ = (sa.Index("ix_mails_person", "person_id", "created_at"), sa.Index("ix_mails_message", "message_id"))

    id: Mapped[str] = identifier()
    person_id: Mapped[str] = reference("people.id")
    task_id: Mapped[str] = mapped_column(sa.String(36))
    effect_key: Mapped[str] = mapped_column(sa.String(64), unique=True)
    to: Mapped[list[Any]]
    cc: Mapped[list[Any]]
    bcc: Mapped[list[Any]]
    subject: Mapped[str] = mapped_column(sa.Text)
    body: Mapped[str] = mapped_column(sa.Text)
    attachments: Mapped[list[Any]]
    provider: Mapped[str] = mapped_column(sa.String(253))
    message_id: Mapped[str] = mapped_column(sa.String(320))
    status: Mapped[str] = mapped_column(sa.String(16), default="queued")
    answer: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
