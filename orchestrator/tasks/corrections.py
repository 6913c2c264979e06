"""Changing one's mind: which recent task is meant, and how a waiting one starts anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from orchestrator.contracts import Json, LostRace, Task
from orchestrator.tasks import asks, journal, manager
from orchestrator.tasks.rows import COLUMNS, from_row
from storage.models import TaskRow


def recent(connection: sa.Connection, chat_id: str, person_id: str, limit: int = 5) -> list[tuple[Task, datetime | None]]:
    """The latest tasks of a chat with when they finished, newest first, triage left out."""
    query = sa.select(*COLUMNS, TaskRow.finished_at).where(TaskRow.chat_id == chat_id, TaskRow.person_id == person_id, TaskRow.type != "triage")
    return [(from_row(row), row.finished_at) for row in connection.execute(query.order_by(TaskRow.id.desc()).limit(limit))]


def correct(connection: sa.Connection, task: Task, slots: Mapping[str, Json], now: datetime) -> Task:
    """Replace what a waiting task was told: its epoch rises, its questions close, its steps count no more (kept, marked)."""
    asks.close(connection, task.id, now)
    steps = journal.read(connection, task.id)
    if steps:
        journal.void_from(connection, task, next(iter(steps)))
    changed = sa.update(TaskRow).where(*manager.fence(task)).values(slots=dict(slots), epoch=task.epoch + 1)
    if connection.execute(changed).rowcount != 1:
        raise LostRace(f"task #{task.number} changed meanwhile")
    return replace(task, slots=dict(slots), epoch=task.epoch + 1)
