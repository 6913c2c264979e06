"""What was asked of a person, done to the world and spent: approvals, effects, reservations, counters, permissions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, identifier, reference


class ApprovalRow(Base):
    """An ask that only a person may decide: an effect, a plan, a budget, an effect of unknown outcome.

    What runs is what stands here. `digest` binds tool, version, arguments, files, credential, target, person, task and epoch.
    States: pending, decided, expired, superseded (edited), cancelled. `decision` is the choice, such as approve or decline.
    """

    __tablename__ = "approvals"
    __table_args__ = (
        sa.Index("ix_approvals_pending", "person_id", sqlite_where=sa.text("state = 'pending'"), postgresql_where=sa.text("state = 'pending'")),
        sa.Index("ix_approvals_task", "task_id", "key"),
    )

    id: Mapped[str] = identifier()
    kind: Mapped[str] = mapped_column(sa.String(16))
    task_id: Mapped[str] = reference("tasks.id")
    person_id: Mapped[str] = reference("people.id")
    approver_id: Mapped[str] = reference("people.id")
    second_id: Mapped[str | None] = mapped_column(sa.String(36))
    second_at: Mapped[datetime | None]
    chat_id: Mapped[str] = reference("chats.id")
    outgoing_id: Mapped[str | None] = mapped_column(sa.String(36))
    key: Mapped[str] = mapped_column(sa.String(200))
    epoch: Mapped[int]
    tool: Mapped[str] = mapped_column(sa.String(100), default="")
    version: Mapped[int] = mapped_column(default=0)
    arguments: Mapped[dict[str, Any]] = mapped_column(default=dict)
    files: Mapped[dict[str, Any]] = mapped_column(default=dict)
    digest: Mapped[str] = mapped_column(sa.String(64))
    shown: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(sa.String(16), default="pending")
    decision: Mapped[str] = mapped_column(sa.String(16), default="")
    tainted: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Whether texts of outsiders had been read in the task when it was asked."""
    covers: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """Of a plan: the effects that were shown on its card with their final arguments, step key to digest."""
    decided_by: Mapped[str | None] = mapped_column(sa.String(36))
    remind_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class EffectRow(Base):
    """One thing done to the world, at most once for a step of an epoch.

    held, claimed, in_doubt, then done, failed, unknown or dropped; undoing and undone when it is taken back.
    """

    __tablename__ = "effects"
    __table_args__ = (sa.UniqueConstraint("task_id", "key", "epoch"), sa.Index("ix_effects_person", "person_id", "created_at"))

    id: Mapped[str] = identifier()
    task_id: Mapped[str] = reference("tasks.id")
    person_id: Mapped[str] = reference("people.id")
    key: Mapped[str] = mapped_column(sa.String(200))
    epoch: Mapped[int]
    tool: Mapped[str] = mapped_column(sa.String(100))
    version: Mapped[int]
    arguments: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(sa.String(64))
    approval_id: Mapped[str | None] = mapped_column(sa.String(36))
    state: Mapped[str] = mapped_column(sa.String(16))
    summary: Mapped[str] = mapped_column(sa.Text, default="")
    result: Mapped[dict[str, Any] | None]
    undo: Mapped[dict[str, Any] | None]
    not_before: Mapped[datetime | None]
    outgoing_id: Mapped[str | None] = mapped_column(sa.String(36))
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    in_doubt_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class SpendRow(Base):
    """A reservation of credits before a call and what it came to. States: reserved, settled, released."""

    __tablename__ = "spending"
    __table_args__ = (sa.Index("ix_spending_person", "person_id", "created_at"), sa.Index("ix_spending_task", "task_id"))

    id: Mapped[str] = identifier()
    person_id: Mapped[str] = reference("people.id")
    task_id: Mapped[str] = reference("tasks.id")
    key: Mapped[str] = mapped_column(sa.String(200))
    name: Mapped[str] = mapped_column(sa.String(100))
    reserved: Mapped[float]
    credits: Mapped[float] = mapped_column(default=0.0)
    tokens: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(sa.String(16))
    counters: Mapped[list[Any]]
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class CounterRow(Base):
    """What a person has spent and reserved within one limit (a task, a day, a month, a schedule), and what they added to it."""

    __tablename__ = "budget_counters"

    person_id: Mapped[str] = mapped_column(sa.String(36), sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    scope: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    spent: Mapped[float] = mapped_column(default=0.0)
    reserved: Mapped[float] = mapped_column(default=0.0)
    added: Mapped[float] = mapped_column(default=0.0)


class PermissionRow(Base):
    """A standing permission: this tool, these recipients or hosts, at most so often a day, until a date.

    It is proposed first, with everything it allows, and counts once the person gave it (`given_at`, and then `number`).
    It holds for tasks of one schedule, or of one agent and task type.
    """

    __tablename__ = "permissions"

    id: Mapped[str] = identifier()
    person_id: Mapped[str] = reference("people.id", index=True)
    schedule_id: Mapped[str | None] = mapped_column(sa.String(36))
    tool: Mapped[str] = mapped_column(sa.String(100))
    targets: Mapped[list[Any]]
    at_most: Mapped[int]
    used: Mapped[int] = mapped_column(default=0)
    until: Mapped[datetime]
    number: Mapped[int | None]
    agent: Mapped[str | None] = mapped_column(sa.String(100))
    task_type: Mapped[str | None] = mapped_column(sa.String(100))
    approval_id: Mapped[str | None] = mapped_column(sa.String(36))
    created_at: Mapped[datetime]
    given_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class PermissionUseRow(Base):
    """One effect done under a standing permission; `day` is the person's own. A step of an epoch uses one at most once."""

    __tablename__ = "permission_uses"
    __table_args__ = (sa.Index("ix_permission_uses_day", "permission_id", "day"),)

    task_id: Mapped[str] = mapped_column(sa.String(36), sa.ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True)
    permission_id: Mapped[str] = reference("permissions.id")
    day: Mapped[str] = mapped_column(sa.String(10))
    created_at: Mapped[datetime]


class CredentialRequestRow(Base):
    """A task needs a secret. States: pending, provided, declined, expired, cancelled. The form's token is kept as a hash."""

    __tablename__ = "credential_requests"
    __table_args__ = (
        sa.Index("ix_credential_requests_pending", "chat_id", sqlite_where=sa.text("state = 'pending'"), postgresql_where=sa.text("state = 'pending'")),
        sa.Index("ix_credential_requests_task", "task_id", "key"),
    )

    id: Mapped[str] = identifier()
    task_id: Mapped[str] = reference("tasks.id")
    person_id: Mapped[str] = reference("people.id")
    chat_id: Mapped[str] = reference("chats.id")
    outgoing_id: Mapped[str | None] = mapped_column(sa.String(36))
    key: Mapped[str] = mapped_column(sa.String(200))
    epoch: Mapped[int]
    service: Mapped[str] = mapped_column(sa.String(100))
    kind: Mapped[str] = mapped_column(sa.String(24))
    url: Mapped[str] = mapped_column(sa.String(500))
    fields: Mapped[list[Any]]
    reason: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.String(16), default="pending")
    awaiting_text: Mapped[bool] = mapped_column(default=False)
    token_hash: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    token_expires_at: Mapped[datetime | None]
    credential_id: Mapped[str | None] = mapped_column(sa.String(36))
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
