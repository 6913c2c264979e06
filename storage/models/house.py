"""The house itself: settings changed by message, labelled examples, leases of single duties, workers alive."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, identifier


class SettingRow(Base):
    """A fact changed by message (business name, hours, profile); it wins over majordomo.yaml."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    value: Mapped[dict[str, Any]]
    changed_by: Mapped[str | None] = mapped_column(sa.String(36))
    changed_at: Mapped[datetime]


class ExampleRow(Base):
    """A sentence whose right intent a person has told us; joins the training sentences."""

    __tablename__ = "examples"

    id: Mapped[str] = identifier()
    person_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    text: Mapped[str] = mapped_column(sa.Text)
    intent: Mapped[str] = mapped_column(sa.String(64))
    language: Mapped[str] = mapped_column(sa.String(8))
    created_at: Mapped[datetime]


class LeaseRow(Base):
    """A duty that one process holds at a time (poller, sender, sweeper) until it expires or is renewed."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(sa.String(64))
    term: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime]


class WorkerRow(Base):
    """A process that runs tasks, by its engine executor id, with its last heartbeat."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    host: Mapped[str] = mapped_column(sa.String(200))
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime]
