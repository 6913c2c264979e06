"""A person's tasks as lists: filtered, newest first, in pages that stay as they are while new tasks come."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from orchestrator.contracts import Json, Priority, Task, TaskState
from orchestrator.tasks.manager import TRIAGE
from orchestrator.tasks.rows import COLUMNS, from_row
from storage.models import ScheduleRow, TaskRow

NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that is written on a task."""

    id: str
    number: int | None
    parent_id: str | None
    type: str
    agent: str
    title: str
    description: str
    text: str
    language: str
    project: str | None
    tags: Sequence[Json]
    settings: dict[str, Any]
    due_at: datetime | None
    state: TaskState
    priority: Priority
    progress: int
    slots: dict[str, Any]
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    attempts: int
    work_ms: int
    tokens: int
    credits: float
    not_before: datetime | None
    dead_letter_at: datetime | None
    archived_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    last_run_at: datetime | None
    finished_at: datetime | None


_SHOWN = (
    TaskRow.id, TaskRow.number, TaskRow.parent_id, TaskRow.type, TaskRow.agent, TaskRow.title, TaskRow.description, TaskRow.text, TaskRow.language,
    TaskRow.project, TaskRow.tags, TaskRow.settings, TaskRow.due_at, TaskRow.state, TaskRow.priority, TaskRow.progress, TaskRow.slots, TaskRow.result,
    TaskRow.error, TaskRow.attempts, TaskRow.work_ms, TaskRow.tokens, TaskRow.credits, TaskRow.not_before, TaskRow.dead_letter_at, TaskRow.archived_at,
    TaskRow.created_at, TaskRow.started_at, TaskRow.last_run_at, TaskRow.finished_at,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Only tasks for which all of this holds; what is None or empty does not count. Without `types` triage tasks are left out."""

    states: frozenset[TaskState] | None = None
    types: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    priorities: tuple[Priority, ...] = ()
    project: str | None = None
    tag: str | None = None
    text: str | None = None
    parent_id: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    due_after: datetime | None = None
    due_before: datetime | None = None
    archived: bool = False


def mine(person_id: str) -> sa.ColumnElement[bool]:
    """The one condition that keeps people's tasks apart."""
    return TaskRow.person_id == person_id


def find(connection: sa.Connection, person_id: str, reference: str, *, lock: bool = False) -> Task | None:
    """A person's task by its id or by the short number they see; `lock` holds it to the end of the transaction."""
    which = TaskRow.number == int(reference) if NUMBER.fullmatch(reference) else TaskRow.id == reference
    query = sa.select(*COLUMNS).where(which, mine(person_id))
    row = connection.execute(query.with_for_update() if lock else query).first()
    return from_row(row) if row else None


def sheet(connection: sa.Connection, person_id: str, task_id: str) -> Sheet:
    """Everything on one task of this person."""
    return _sheet(connection.execute(sa.select(*_SHOWN).where(TaskRow.id == task_id, mine(person_id))).one())


def page(connection: sa.Connection, person_id: str, wanted: TaskFilter, limit: int, *, before: str = "") -> list[Sheet]:
    """The next `limit` tasks, newest first; `before` is the id of the last one seen. Ids grow with time, so later ones never push in."""
    query = sa.select(*_SHOWN).where(mine(person_id), *_conditions(connection, wanted))
    if before:
        query = query.where(TaskRow.id < before)
    return [_sheet(row) for row in connection.execute(query.order_by(TaskRow.id.desc()).limit(limit))]


def schedules_of(connection: sa.Connection, person_id: str, task_id: str) -> list[str]:
    """Ids of the schedules that a task has made."""
    query = sa.select(ScheduleRow.id).where(ScheduleRow.task_id == task_id, ScheduleRow.person_id == person_id)
    return list(connection.execute(query.order_by(ScheduleRow.id)).scalars())


def _conditions(connection: sa.Connection, wanted: TaskFilter) -> Iterator[sa.ColumnElement[bool]]:
    if not wanted.types and wanted.parent_id is None:
        yield TaskRow.type != TRIAGE
    if not wanted.archived:
        yield TaskRow.archived_at.is_(None)
    chosen: tuple[tuple[Any, Sequence[Any]], ...] = (
        (TaskRow.type, wanted.types), (TaskRow.agent, wanted.agents),
        (TaskRow.priority, [int(priority) for priority in wanted.priorities]),
    )  # fmt: skip
    yield from (column.in_(values) for column, values in chosen if values)
    if wanted.states is not None:
        yield TaskRow.state.in_(sorted(state.value for state in wanted.states))
    if wanted.project is not None:
        yield TaskRow.project == wanted.project
    if wanted.parent_id is not None:
        yield TaskRow.parent_id == wanted.parent_id
    if wanted.tag is not None:
        yield _tagged(connection, wanted.tag)
    if wanted.text:
        yield sa.or_(*(column.icontains(wanted.text, autoescape=True) for column in (TaskRow.title, TaskRow.description, TaskRow.text)))
    yield from _between(TaskRow.created_at, wanted.created_after, wanted.created_before)
    yield from _between(TaskRow.due_at, wanted.due_after, wanted.due_before)


def _between(column: Any, after: datetime | None, before: datetime | None) -> Iterator[sa.ColumnElement[bool]]:
    """From `after` on, until just before `before`."""
    if after is not None:
        yield column >= after
    if before is not None:
        yield column < before


def _tagged(connection: sa.Connection, tag: str) -> sa.ColumnElement[bool]:
    each = sa.func.json_each(TaskRow.tags) if connection.dialect.name == "sqlite" else sa.func.json_array_elements_text(TaskRow.tags)
    entries = each.table_valued("value").alias("entries")
    return sa.exists(sa.select(sa.literal(1)).select_from(entries).where(entries.c.value == tag))


def _sheet(row: Any) -> Sheet:
    values = dict(row._mapping)
    return Sheet(**values | {"state": TaskState(row.state), "priority": Priority(row.priority)})
