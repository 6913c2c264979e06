"""Events: rows that live views read by id, in order (progress, status, result, error, info, message)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from orchestrator.contracts import Json, Task
from storage.models import EventRow
from storage.signals import announce

TOPIC = "events"
PROGRESS, STATUS, RESULT, ERROR, INFO, MESSAGE, EDIT = "progress", "status", "result", "error", "info", "message", "edit"

_insert = sa.insert(EventRow)
_columns = (EventRow.id, EventRow.person_id, EventRow.chat_id, EventRow.task_id, EventRow.kind, EventRow.data, EventRow.created_at)


@dataclass(frozen=True, slots=True)
class Event:
    """One row, as readers get it."""

    id: int
    person_id: str
    chat_id: str | None
    task_id: str | None
    kind: str
    data: Mapping[str, Json]
    created_at: datetime


def record(connection: sa.Connection, task: Task, kind: str, data: Mapping[str, Json], now: datetime) -> None:
    """Something happened to a task that a live view may show."""
    record_all(connection, task, [(kind, data)], now)


def record_all(connection: sa.Connection, task: Task, happened: Sequence[tuple[str, Mapping[str, Json]]], now: datetime) -> None:
    """Several things at once, in this order."""
    shared = {"person_id": task.person_id, "chat_id": task.chat_id, "task_id": task.id, "created_at": now}
    connection.execute(_insert, [{**shared, "kind": kind, "data": dict(data)} for kind, data in happened])
    announce(connection, TOPIC, task.chat_id or "")


def highest(connection: sa.Connection) -> int:
    """The highest id there is, settled or not."""
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(EventRow.id), 0))).scalar_one())


def after(
    connection: sa.Connection,
    last: int,
    upto: int,
    *,
    person_id: str | None = None,
    task_id: str | None = None,
    chat_id: str | None = None,
    kinds: Sequence[str] = (),
    of_tasks: bool = False,
    limit: int = 500,
) -> list[Event]:
    """Events with an id above `last` and not above `upto` (see `storage.frontier`), oldest first. `of_tasks` leaves out what belongs to no task."""
    query = sa.select(*_columns).where(EventRow.id > last, EventRow.id <= upto)
    if person_id is not None:
        query = query.where(EventRow.person_id == person_id)
    if task_id is not None:
        query = query.where(EventRow.task_id == task_id)
    if chat_id is not None:
        query = query.where(EventRow.chat_id == chat_id)
    if of_tasks:
        query = query.where(EventRow.task_id.is_not(None))
    if kinds:
        query = query.where(EventRow.kind.in_(kinds))
    return [Event(*row) for row in connection.execute(query.order_by(EventRow.id).limit(limit))]
