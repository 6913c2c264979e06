"""Task rows as snapshots."""

from __future__ import annotations

from typing import Any

from orchestrator.contracts import Priority, Task, TaskState
from storage.models import TaskRow

COLUMNS = (
    TaskRow.id, TaskRow.number, TaskRow.type, TaskRow.agent, TaskRow.state, TaskRow.title, TaskRow.text, TaskRow.slots,
    TaskRow.person_id, TaskRow.chat_id, TaskRow.language, TaskRow.priority, TaskRow.segment, TaskRow.epoch, TaskRow.lease,
    TaskRow.attempts, TaskRow.parent_id,
    TaskRow.parent_key, TaskRow.result, TaskRow.created_at, TaskRow.started_at,
)  # fmt: skip


def from_row(row: Any) -> Task:
    return Task(
        id=row.id, number=row.number or 0, type=row.type, agent=row.agent, state=TaskState(row.state), title=row.title, text=row.text,
        slots=row.slots, person_id=row.person_id, chat_id=row.chat_id, language=row.language, priority=Priority(row.priority),
        segment=row.segment, epoch=row.epoch, lease=row.lease, attempts=row.attempts, parent_id=row.parent_id,
        parent_key=row.parent_key, result=row.result,
        created_at=row.created_at, started_at=row.started_at,
    )  # fmt: skip
