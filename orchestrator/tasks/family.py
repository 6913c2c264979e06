"""Tasks that belong together: children of a task, and those that wait for it to end."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from orchestrator.contracts import LIVE, Task, TaskState
from orchestrator.tasks import journal
from orchestrator.tasks.journal import Step
from orchestrator.tasks.rows import COLUMNS, from_row
from storage.models import StepRow, TaskRow


def children(connection: sa.Connection, task: Task) -> list[Task]:
    return [from_row(row) for row in connection.execute(sa.select(*COLUMNS).where(TaskRow.parent_id == task.id))]


def followers(connection: sa.Connection, task: Task) -> list[Task]:
    """Pending tasks that wait for this one to end."""
    query = sa.select(*COLUMNS).where(TaskRow.after_id == task.id, TaskRow.state == TaskState.PENDING.value)
    return [from_row(row) for row in connection.execute(query)]


def child_keys(connection: sa.Connection, parent: Task) -> list[str]:
    """The step keys under which children of this task are at work; one that failed does not stand in the way of a retry."""
    at_work = TaskRow.state.in_([state.value for state in LIVE])
    query = sa.select(TaskRow.parent_key).where(TaskRow.parent_id == parent.id, TaskRow.parent_key.is_not(None), at_work)
    return [str(key) for key in connection.execute(query).scalars()]


def journal_result(connection: sa.Connection, parent: Task, child: Task, now: datetime) -> None:
    """The ended child becomes the finished step that `subtask` hands back: its result, or a ToolError."""
    key = connection.execute(sa.select(TaskRow.parent_key).where(TaskRow.id == child.id)).scalar_one()
    if key is None:
        return
    count = connection.execute(sa.select(sa.func.count()).select_from(StepRow).where(StepRow.task_id == parent.id, StepRow.voided == "")).scalar_one()
    failed = child.state is not TaskState.COMPLETED
    error = {"type": "ToolError", "message": f"task #{child.number} ended as {child.state}"} if failed else None
    journal.write(connection, parent, Step(key, "subtask", child.type, child.result, error, seq=count), now)
