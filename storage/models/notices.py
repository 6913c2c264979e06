"""How people want to be told: settings, choices by kind and channel, the places outside the chat, and what goes there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, identifier, reference


class NoticeSettingsRow(Base):
    """One person's quiet hours and digest, in minutes into their day; null where there are none. `chat_id` is the chat they chose."""

    __tablename__ = "notice_settings"

    person_id: Mapped[str] = mapped_column(sa.String(36), sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    quiet_start: Mapped[int | None]
    quiet_end: Mapped[int | None]
    digest_at: Mapped[int | None]
    chat_id: Mapped[str | None] = mapped_column(sa.String(36))
    changed_at: Mapped[datetime]


class NoticeChoiceRow(Base):
    """Whether a person wants a kind of notice on a channel (chat, discord, email, webhook). Without a row they do."""

    __tablename__ = "notice_choices"

    person_id: Mapped[str] = mapped_column(sa.String(36), sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(24), primary_key=True)
    channel: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    wanted: Mapped[bool]


class NoticePlaceRow(Base):
    """A person's own place outside the chat: a Discord webhook, an e-mail address, a webhook of theirs.

    The address stands in the vault under `credential_id`; `shown` is what may be seen of it. States: pending (an e-mail
    address not confirmed yet), active, broken (it refuses us for good), removed. `kinds` narrows it; empty means all.
    `told_at`: since when the person knows that it does not work. `secret_in`: the outgoing message that shows a secret once.
    """

    __tablename__ = "notice_places"
    __table_args__ = (sa.Index("ix_notice_places_person", "person_id", "channel"),)

    id: Mapped[str] = identifier()
    person_id: Mapped[str] = reference("people.id")
    channel: Mapped[str] = mapped_column(sa.String(16))
    state: Mapped[str] = mapped_column(sa.String(16))
    credential_id: Mapped[str | None] = mapped_column(sa.String(36))
    shown: Mapped[str] = mapped_column(sa.String(320))
    kinds: Mapped[list[Any]] = mapped_column(default=list)
    tries: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    secret_in: Mapped[str | None] = mapped_column(sa.String(36))
    created_at: Mapped[datetime]


class NoticeDeliveryRow(Base):
    """One message to one place. States: queued, sending, retry, sent, dead.

    `not_before` is when it may be tried, while it is being sent when it counts as given up by whoever sent it. `doubtful`: it
    may have arrived. The id goes along with every attempt.
    """

    __tablename__ = "notice_deliveries"
    __table_args__ = (
        sa.Index(
            "ix_notice_deliveries_waiting",
            "id",
            sqlite_where=sa.text("state IN ('queued','sending','retry')"),
            postgresql_where=sa.text("state IN ('queued','sending','retry')"),
        ),
        sa.Index("ix_notice_deliveries_place", "place_id", "state"),
    )

    id: Mapped[str] = identifier()
    person_id: Mapped[str] = reference("people.id")
    place_id: Mapped[str] = reference("notice_places.id")
    notification_id: Mapped[str | None] = mapped_column(sa.String(36), index=True)
    channel: Mapped[str] = mapped_column(sa.String(16))
    event: Mapped[str] = mapped_column(sa.String(24))
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(sa.String(16), default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    doubtful: Mapped[bool] = mapped_column(default=False)
    not_before: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
