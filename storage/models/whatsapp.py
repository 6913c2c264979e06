"""What WhatsApp tells us beside the messages: who is who, what became of what we sent, and media to fetch."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base


class WhatsAppContactRow(Base):
    """A person on WhatsApp. `chat` never changes; the user id is the platform's, the phone number may be missing or move to somebody else.

    `refused_at`: the platform said that the 24 hours are over, whatever our clock says. `told_at`: an owner knows that something waits.
    """

    __tablename__ = "whatsapp_contacts"

    chat: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    user_id: Mapped[str | None] = mapped_column(sa.String(200), unique=True)
    phone: Mapped[str | None] = mapped_column(sa.String(40), unique=True)
    last_at: Mapped[datetime | None]
    last_message_id: Mapped[str | None] = mapped_column(sa.String(200))
    refused_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    reaction_id: Mapped[str | None] = mapped_column(sa.String(200))
    reaction_task: Mapped[str | None] = mapped_column(sa.String(36))


class WhatsAppDeliveryRow(Base):
    """What became of one message of ours: accepted, sent, delivered, read or failed. `settled` once a failure was acted upon."""

    __tablename__ = "whatsapp_deliveries"

    platform_id: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    chat: Mapped[str] = mapped_column(sa.String(200), default="")
    outgoing_id: Mapped[str | None] = mapped_column(sa.String(36), index=True)
    part: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(sa.String(16))
    code: Mapped[int | None]
    detail: Mapped[str] = mapped_column(sa.Text, default="")
    settled: Mapped[bool] = mapped_column(default=True)
    at: Mapped[datetime] = mapped_column(index=True)


class WhatsAppMediaRow(Base):
    """A message whose file is not fetched yet; it goes to the inbox with it, or with the reason why not."""

    __tablename__ = "whatsapp_media"

    platform_id: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    message: Mapped[dict[str, Any]]
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
