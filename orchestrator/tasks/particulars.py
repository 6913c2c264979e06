"""What a person wants written on a task, beside what is to be done: title, project, tags, due date, priority, settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from orchestrator.contracts import Json, Priority
from storage.models import ScheduleRow, TaskRow


@dataclass(frozen=True, slots=True)
class Particulars:
    """None and empty: not said."""

    title: str = ""
    description: str = ""
    project: str | None = None
    tags: tuple[str, ...] = ()
    due_at: datetime | None = None
    priority: Priority | None = None
    settings: Mapping[str, Json] = field(default_factory=dict)

    def columns(self) -> dict[str, Any]:
        """What of it is said, as columns of a task."""
        said = {entry.name: getattr(self, entry.name) for entry in fields(self) if getattr(self, entry.name)}
        return as_columns(said)


def as_columns(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Particulars by name as columns hold them."""
    columns = dict(changes)
    if "priority" in columns:
        columns["priority"] = int(columns["priority"])
    if "tags" in columns:
        columns["tags"] = list(dict.fromkeys(columns["tags"]))
    if "settings" in columns:
        columns["settings"] = dict(columns["settings"])
    return columns


def kept(connection: sa.Connection, task_id: str) -> Particulars:
    """Those of a task, for one that is made in its place."""
    names = (TaskRow.title, TaskRow.description, TaskRow.project, TaskRow.tags, TaskRow.due_at, TaskRow.priority, TaskRow.settings)
    row = connection.execute(sa.select(*names).where(TaskRow.id == task_id)).one()
    return Particulars(row.title, row.description, row.project, tuple(row.tags), row.due_at, Priority(row.priority), row.settings)


def change(connection: sa.Connection, task_id: str, changes: Mapping[str, Any]) -> None:
    """Write some of them anew. Neither the state nor the work of the task is touched; a priority counts from the next segment on."""
    if changes:
        connection.execute(sa.update(TaskRow).where(TaskRow.id == task_id).values(**as_columns(changes)))


def has_schedule(connection: sa.Connection, person_id: str, schedule_id: str) -> bool:
    """Whether a schedule that a task is to refer to is this person's."""
    query = sa.select(ScheduleRow.id).where(ScheduleRow.id == schedule_id, ScheduleRow.person_id == person_id)
    return connection.execute(query).first() is not None
