"""Events: rows that live views read by id, in order (progress, status, result, error, info, message)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from orchestrator.contracts import Json, Task
from storage.models import EventRow
from storage.signals import announce

TOPIC = "events"
PROGRESS, STATUS, RESULT, ERROR, INFO, MESSAGE = "progress", "status", "result", "error", "info", "message"

_insert = sa.insert(EventRow)


def record(connection: sa.Connection, task: Task, kind: str, data: Mapping[str, Json], now: datetime) -> None:
    """Something happened to a task that a live view may show."""
    values = {"person_id": task.person_id, "chat_id": task.chat_id, "task_id": task.id, "kind": kind, "data": dict(data), "created_at": now}
    connection.execute(_insert, values)
    announce(connection, TOPIC, task.chat_id or "")
