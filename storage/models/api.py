"""Programs that act for a person: their keys, and what they were answered to requests that may be sent again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, identifier, reference


class ApiKeyRow(Base):
    """A key of the HTTP API. Only its SHA-256 is kept; `prefix` is what people tell their keys apart by."""

    __tablename__ = "api_keys"

    id: Mapped[str] = identifier()
    person_id: Mapped[str] = reference("people.id", index=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    prefix: Mapped[str] = mapped_column(sa.String(16))
    key_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    scopes: Mapped[list[Any]]
    shown_in: Mapped[str | None] = mapped_column(sa.String(36))
    """The message in which a chat shows it, until it is taken out of there."""
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class IdempotencyRow(Base):
    """The answer to a request that came with an Idempotency-Key, kept for a day. `status` is 0 while it is being worked on."""

    __tablename__ = "idempotency"
    __table_args__ = (sa.UniqueConstraint("person_id", "key"), sa.Index("ix_idempotency_created", "created_at"))

    id: Mapped[str] = identifier()
    person_id: Mapped[str] = reference("people.id")
    key: Mapped[str] = mapped_column(sa.String(200))
    digest: Mapped[str] = mapped_column(sa.String(64))
    status: Mapped[int] = mapped_column(default=0)
    location: Mapped[str] = mapped_column(sa.String(200), default="")
    body: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
