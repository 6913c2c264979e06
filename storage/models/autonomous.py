"""Autonomous mode: how often it looks after somebody's affairs, every run of it, and what was dealt with already."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, identifier, reference


class AutonomousRow(Base):
    """One person's autonomous mode. `next_due` is null while it is off.

    `open_run_id` names the run that is requested or under way: it is set by compare-and-set, so there is one at most.
    """

    __tablename__ = "autonomous_modes"
    __table_args__ = (
        sa.Index("ix_autonomous_modes_due", "next_due", sqlite_where=sa.text("next_due IS NOT NULL"), postgresql_where=sa.text("next_due IS NOT NULL")),
    )

    person_id: Mapped[str] = mapped_column(sa.String(36), sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    chat_id: Mapped[str] = reference("chats.id")
    enabled: Mapped[bool] = mapped_column(default=False)
    minutes: Mapped[int]
    zone: Mapped[str] = mapped_column(sa.String(64))
    anchor_at: Mapped[datetime]
    next_due: Mapped[datetime | None]
    open_run_id: Mapped[str | None] = mapped_column(sa.String(36))
    last_run_at: Mapped[datetime | None]
    requested_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class AutonomousRunRow(Base):
    """A due instant or a request, and how it ended. `outcome`: ran, late, missed, skipped; empty until it has ended.

    `state`: waiting, running, ended. `result` of one that ran: idle, acted, failed. `attempt` fences a run that was taken over.
    """

    __tablename__ = "autonomous_runs"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "due_at", "asked"),
        sa.Index("ix_autonomous_runs_open", "state", sqlite_where=sa.text("state <> 'ended'"), postgresql_where=sa.text("state <> 'ended'")),
    )

    id: Mapped[str] = identifier()
    person_id: Mapped[str] = reference("people.id")
    due_at: Mapped[datetime]
    asked: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(sa.String(16), default="waiting")
    outcome: Mapped[str] = mapped_column(sa.String(16), default="")
    result: Mapped[str] = mapped_column(sa.String(16), default="")
    reason: Mapped[str] = mapped_column(sa.String(64), default="")
    attempt: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    found: Mapped[int] = mapped_column(default=0)
    deeds: Mapped[list[Any]] = mapped_column(default=list)
    notification_id: Mapped[str | None] = mapped_column(sa.String(36))


class AutonomousMatterRow(Base):
    """Something a run dealt with, so that no later one does it again. The pair of person and key is unique."""

    __tablename__ = "autonomous_matters"

    person_id: Mapped[str] = mapped_column(sa.String(36), sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(300), primary_key=True)
    run_id: Mapped[str] = mapped_column(sa.String(36))
    at: Mapped[datetime]
