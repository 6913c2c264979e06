"""Tasks and everything that tells their story: steps, routes, questions, agent logs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, identifier, reference


class TaskRow(Base):
    """A unit of work.

    `segment`, `epoch` and `lease` fence its writers: which run, what the person decided last, and who may run it.
    `number` is what people see, counted for each person; triage tasks, which nobody asks for, have none.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "number"),
        sa.Index("ix_tasks_chat", "chat_id", "id"),
        sa.Index("ix_tasks_person_state", "person_id", "state", "type", "agent"),
        sa.Index("ix_tasks_counted", "person_id", "type", "agent", "state", "started_at", "finished_at"),
        sa.Index("ix_tasks_created", "person_id", "created_at", "type", "tokens"),
        sa.Index(
            "ix_tasks_finished",
            "person_id",
            "finished_at",
            "type",
            "agent",
            "state",
            "started_at",
            "tokens",
            "credits",
            sqlite_where=sa.text("finished_at IS NOT NULL"),
            postgresql_where=sa.text("finished_at IS NOT NULL"),
        ),
        sa.Index(
            "ix_tasks_live",
            "state",
            "last_run_at",
            sqlite_where=sa.text("state NOT IN ('completed','failed','cancelled')"),
            postgresql_where=sa.text("state NOT IN ('completed','failed','cancelled')"),
        ),
    )

    id: Mapped[str] = identifier()
    number: Mapped[int | None]
    person_id: Mapped[str] = reference("people.id")
    chat_id: Mapped[str | None] = reference("chats.id", nullable=True)
    message_id: Mapped[str | None] = mapped_column(sa.String(36), index=True)
    parent_id: Mapped[str | None] = mapped_column(sa.String(36), index=True)
    parent_key: Mapped[str | None] = mapped_column(sa.String(200))
    after_id: Mapped[str | None] = mapped_column(sa.String(36), index=True)
    type: Mapped[str] = mapped_column(sa.String(64))
    agent: Mapped[str] = mapped_column(sa.String(64))
    title: Mapped[str] = mapped_column(sa.String(300), default="")
    description: Mapped[str] = mapped_column(sa.Text, default="")
    text: Mapped[str] = mapped_column(sa.Text, default="")
    language: Mapped[str] = mapped_column(sa.String(8), default="en")
    project: Mapped[str | None] = mapped_column(sa.String(200))
    tags: Mapped[list[Any]] = mapped_column(default=list)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    due_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(sa.String(24))
    paused_from: Mapped[str | None] = mapped_column(sa.String(24))
    priority: Mapped[int] = mapped_column(default=5)
    progress: Mapped[int] = mapped_column(default=0)
    slots: Mapped[dict[str, Any]] = mapped_column(default=dict)
    result: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    attempts: Mapped[int] = mapped_column(default=0)
    segment: Mapped[int] = mapped_column(default=0)
    epoch: Mapped[int] = mapped_column(default=0)
    lease: Mapped[int] = mapped_column(default=0)
    work_ms: Mapped[int] = mapped_column(default=0)
    tokens: Mapped[int] = mapped_column(default=0)
    credits: Mapped[float] = mapped_column(default=0.0)
    sources: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """Where outsiders' content in this task came from; not empty: tainted, for good."""
    private: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Whether something was read from the person's mail, files, calendar, memory or vault."""
    hosts: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """Hosts that an approved plan names."""
    not_before: Mapped[datetime | None]
    dead_letter_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    last_run_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class StepRow(Base):
    """One journaled action of a task. `voided` is empty while the step counts, else the id of the correction's step."""

    __tablename__ = "steps"
    __table_args__ = (sa.UniqueConstraint("task_id", "key", "voided"),)

    id: Mapped[str] = identifier()
    task_id: Mapped[str] = reference("tasks.id")
    seq: Mapped[int]
    key: Mapped[str] = mapped_column(sa.String(200))
    voided: Mapped[str] = mapped_column(sa.String(36), default="")
    kind: Mapped[str] = mapped_column(sa.String(16))
    name: Mapped[str] = mapped_column(sa.String(100), default="")
    reasoning: Mapped[str | None] = mapped_column(sa.Text)
    input: Mapped[dict[str, Any] | None]
    digest: Mapped[str | None] = mapped_column(sa.String(64))
    output: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    segment: Mapped[int] = mapped_column(default=0)
    epoch: Mapped[int] = mapped_column(default=0)
    tokens: Mapped[int] = mapped_column(default=0)
    credits: Mapped[float] = mapped_column(default=0.0)
    duration_ms: Mapped[float] = mapped_column(default=0.0)
    created_at: Mapped[datetime]


class RouteRow(Base):
    """A stored routing decision: why a request went where it went."""

    __tablename__ = "routes"

    id: Mapped[str] = identifier()
    person_id: Mapped[str] = reference("people.id", index=True)
    message_id: Mapped[str | None] = mapped_column(sa.String(36), index=True)
    task_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    triage_id: Mapped[str | None] = mapped_column(sa.String(36))
    text: Mapped[str] = mapped_column(sa.Text)
    intent: Mapped[str] = mapped_column(sa.String(64))
    task_type: Mapped[str] = mapped_column(sa.String(64))
    agent: Mapped[str] = mapped_column(sa.String(64))
    confidence: Mapped[float]
    method: Mapped[str] = mapped_column(sa.String(16))
    accepted: Mapped[bool]
    language: Mapped[str] = mapped_column(sa.String(8))
    runner_up: Mapped[str | None] = mapped_column(sa.String(64))
    runner_up_confidence: Mapped[float] = mapped_column(default=0.0)
    slots: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]


class QuestionRow(Base):
    """An open ask to a person. States: open, answered, expired, cancelled. `task_id` is null for the desk's own questions."""

    __tablename__ = "questions"
    __table_args__ = (
        sa.Index("ix_questions_open", "chat_id", "state"),
        sa.Index("ix_questions_person", "person_id", sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'")),
    )

    id: Mapped[str] = identifier()
    task_id: Mapped[str | None] = mapped_column(sa.String(36), index=True)
    person_id: Mapped[str] = reference("people.id")
    chat_id: Mapped[str] = reference("chats.id")
    key: Mapped[str] = mapped_column(sa.String(200))
    kind: Mapped[str] = mapped_column(sa.String(16))
    prompt: Mapped[str] = mapped_column(sa.Text)
    options: Mapped[list[Any]] = mapped_column(default=list)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    outgoing_id: Mapped[str | None] = mapped_column(sa.String(36))
    state: Mapped[str] = mapped_column(sa.String(16), default="open")
    epoch: Mapped[int] = mapped_column(default=0)
    answer: Mapped[dict[str, Any] | None]
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]


class AgentLogRow(Base):
    """What agents did: created, delegated, processed, completed, failed; with the duration in milliseconds."""

    __tablename__ = "agent_logs"
    __table_args__ = (sa.Index("ix_agent_logs_agent", "agent", "created_at"),)

    id: Mapped[str] = identifier()
    task_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    person_id: Mapped[str] = reference("people.id")
    agent: Mapped[str] = mapped_column(sa.String(64))
    action: Mapped[str] = mapped_column(sa.String(16))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    duration_ms: Mapped[float | None]
    created_at: Mapped[datetime]
