"""What a task still wants of a person: answers, decisions, secrets. Decides where it waits, and closes all when it ends."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from orchestrator.contracts import TaskState
from storage.models import ApprovalRow, CredentialRequestRow, EffectRow, QuestionRow

_OPEN = (
    (TaskState.AWAITING_INPUT, QuestionRow, "open"),
    (TaskState.AWAITING_APPROVAL, ApprovalRow, "pending"),
    (TaskState.AWAITING_CREDENTIALS, CredentialRequestRow, "pending"),
)


def waiting_state(connection: sa.Connection, task_id: str) -> TaskState | None:
    """The state of a task that waits for its person; None when nothing is asked any more."""
    for state, row, open_state in _OPEN:
        query = sa.select(row.id).where(row.task_id == task_id, row.state == open_state).limit(1)
        if connection.execute(query).first() is not None:
            return state
    return None


def close(connection: sa.Connection, task_id: str, now: datetime) -> None:
    """The task ends or starts anew: nothing that was asked counts any more, and what was held back does not happen."""
    for row, open_state, closed in (
        (QuestionRow, "open", "answered_at"),
        (ApprovalRow, "pending", "decided_at"),
        (CredentialRequestRow, "pending", "decided_at"),
    ):
        query = sa.update(row).where(row.task_id == task_id, row.state == open_state)
        connection.execute(query.values({"state": "cancelled", closed: now}))
    held = sa.update(EffectRow).where(EffectRow.task_id == task_id, EffectRow.state == "held")
    connection.execute(held.values(state="dropped", finished_at=now))
