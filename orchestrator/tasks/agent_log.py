"""What agents did and how long it took: created, delegated, processed, completed, failed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from orchestrator.contracts import Json, Task
from storage.models import AgentLogRow, new_id

CREATED, DELEGATED, PROCESSED, COMPLETED, FAILED = "created", "delegated", "processed", "completed", "failed"

_insert = sa.insert(AgentLogRow)


def record(
    connection: sa.Connection, task: Task, action: str, now: datetime, *, details: Mapping[str, Json] | None = None, duration_ms: float | None = None
) -> None:
    connection.execute(
        _insert,
        {
            "id": new_id(), "task_id": task.id, "person_id": task.person_id, "agent": task.agent, "action": action,
            "details": dict(details or {}), "duration_ms": duration_ms, "created_at": now,
        },
    )  # fmt: skip
