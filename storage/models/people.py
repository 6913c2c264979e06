"""People, the names they go by on channels, and the chats they write in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, identifier, reference


class PersonRow(Base):
    """Owner, member or guest. `zone` is null until they have told us theirs; till then `assumed_zone` counts."""

    __tablename__ = "people"

    id: Mapped[str] = identifier()
    role: Mapped[str] = mapped_column(sa.String(16))
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    language: Mapped[str] = mapped_column(sa.String(8), default="en")
    zone: Mapped[str | None] = mapped_column(sa.String(64))
    assumed_zone: Mapped[str] = mapped_column(sa.String(64), default="UTC")
    task_count: Mapped[int] = mapped_column(default=0)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]


class IdentityRow(Base):
    """A person's numeric or opaque id on one channel."""

    __tablename__ = "identities"
    __table_args__ = (sa.UniqueConstraint("channel", "external_id"),)

    id: Mapped[str] = identifier()
    person_id: Mapped[str] = reference("people.id", index=True)
    channel: Mapped[str] = mapped_column(sa.String(32))
    external_id: Mapped[str] = mapped_column(sa.String(200))
    created_at: Mapped[datetime]


class PairingRow(Base):
    """A code that lets a stranger in. Only its hash is kept; it lives 10 minutes and 5 tries."""

    __tablename__ = "pairings"

    id: Mapped[str] = identifier()
    code_hash: Mapped[str] = mapped_column(sa.String(64), index=True)
    role: Mapped[str] = mapped_column(sa.String(16))
    channel: Mapped[str | None] = mapped_column(sa.String(32))
    external_id: Mapped[str | None] = mapped_column(sa.String(200))
    tries: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ChatRow(Base):
    """A conversation on a channel.

    `busy_until` holds later messages back while one of them waits for the language model.
    `handover` names the owner's chat while a human answers here instead of the bot.
    """

    __tablename__ = "chats"
    __table_args__ = (sa.UniqueConstraint("channel", "external_id"),)

    id: Mapped[str] = identifier()
    person_id: Mapped[str] = reference("people.id", index=True)
    channel: Mapped[str] = mapped_column(sa.String(32))
    external_id: Mapped[str] = mapped_column(sa.String(200))
    kind: Mapped[str] = mapped_column(sa.String(16), default="private")
    version: Mapped[int] = mapped_column(default=0)
    busy_until: Mapped[datetime | None]
    busy_message_id: Mapped[str | None] = mapped_column(sa.String(36))
    handover: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
