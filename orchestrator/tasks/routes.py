"""Routing decisions, kept so that /why can explain them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from orchestrator.contracts import Method, Route, Task
from storage.models import ExampleRow, RouteRow, new_id
from storage.signals import announce

EXAMPLES = "examples"
_insert = sa.insert(RouteRow)


def record(connection: sa.Connection, person_id: str, message_id: str | None, triage: Task, task: Task, route: Route, now: datetime) -> None:
    connection.execute(
        _insert,
        {
            "id": new_id(), "person_id": person_id, "message_id": message_id, "task_id": task.id, "triage_id": triage.id, "text": route.text,
            "intent": route.intent, "task_type": route.task_type, "agent": route.agent, "confidence": route.confidence, "method": route.method.value,
            "accepted": route.accepted, "language": route.language, "runner_up": route.runner_up,
            "runner_up_confidence": route.runner_up_confidence, "slots": dict(route.slots), "created_at": now,
        },
    )  # fmt: skip


def of_task(connection: sa.Connection, person_id: str, task_id: str) -> Route | None:
    """The decision that made a task."""
    row = connection.execute(sa.select(RouteRow.__table__).where(RouteRow.person_id == person_id, RouteRow.task_id == task_id)).first()
    if row is None:
        return None
    return Route(
        row.text, row.intent, row.task_type, row.agent, row.confidence, Method(row.method), row.accepted, row.language, row.runner_up,
        row.runner_up_confidence, row.slots,
    )  # fmt: skip


def keep_example(connection: sa.Connection, person_id: str, text: str, intent: str, language: str, now: datetime) -> None:
    """A sentence whose right intent a person has told us joins the training sentences."""
    connection.execute(sa.insert(ExampleRow).values(id=new_id(), person_id=person_id, text=text, intent=intent, language=language, created_at=now))
    announce(connection, EXAMPLES)
