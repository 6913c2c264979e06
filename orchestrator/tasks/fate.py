"""What became of a request: received → routed → running → waiting for whom → delivered (/where)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from orchestrator.contracts import WAITING, Person, Task, Words
from orchestrator.tasks import routes
from storage.models import MessageRow, OutgoingRow, QuestionRow, TaskRow


def lines(connection: sa.Connection, words: Words, person: Person, task: Task) -> list[str]:
    """The stations of a task, in order, in the person's words and zone."""
    row = connection.execute(
        sa.select(TaskRow.message_id, TaskRow.progress, TaskRow.started_at, TaskRow.finished_at, TaskRow.error).where(
            TaskRow.id == task.id, TaskRow.person_id == person.id
        )
    ).one()
    told: list[str] = []

    def station(key: str, at: datetime | None = None, **arguments: object) -> None:
        moment = at.astimezone(ZoneInfo(person.effective_zone)).strftime("%H:%M:%S") if at else ""
        told.append(f"{moment} {words(person.language, key, arguments)}".strip())

    if row.message_id:
        message = connection.execute(sa.select(MessageRow.received_at).where(MessageRow.id == row.message_id)).first()
        if message:
            station("where-received", message.received_at)
    route = routes.of_task(connection, person.id, task.id)
    if route is not None:
        station("where-routed", task.created_at, agent=route.agent, percent=round(route.confidence * 100))
    if row.started_at:
        station("where-started", row.started_at, percent=row.progress)
    if task.state in WAITING:
        asked = connection.execute(sa.select(QuestionRow.prompt).where(QuestionRow.task_id == task.id, QuestionRow.state == "open")).scalars()
        for prompt in asked:
            station("where-waiting", None, question=prompt[:200])
    if row.error:
        station("where-error", None, reason=str(row.error.get("message", "")))
    if row.finished_at:
        station("where-ended", row.finished_at, state=words(person.language, "state-" + task.state.value.replace("_", "-"), {}))
    told += _deliveries(connection, words, person, task)
    return told


def _deliveries(connection: sa.Connection, words: Words, person: Person, task: Task) -> list[str]:
    query = sa.select(OutgoingRow.state, OutgoingRow.sent_at).where(OutgoingRow.task_id == task.id, OutgoingRow.person_id == person.id)
    zone = ZoneInfo(person.effective_zone)
    told = []
    for row in connection.execute(query.order_by(OutgoingRow.seq.desc()).limit(3)):
        at = row.sent_at.astimezone(zone).strftime("%H:%M:%S") if row.sent_at else ""
        key = row.state if row.state in {"sent", "failed"} else "queued"
        told.append(f"{at} {words(person.language, 'where-delivery-' + key, {})}".strip())
    return told[::-1]
