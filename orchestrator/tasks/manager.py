"""The life of tasks: the only writer of their state. Every change is one compare-and-set on (state, segment, epoch, lease)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from orchestrator.contracts import (
    ENDED,
    LIVE,
    TRANSITIONS,
    WAITING,
    IllegalTransition,
    Json,
    LostRace,
    Priority,
    Task,
    TaskState,
)
from orchestrator.tasks import agent_log, asks, events, family, journal
from orchestrator.tasks.particulars import Particulars
from orchestrator.tasks.rows import COLUMNS, from_row
from storage.models import PersonRow, QuestionRow, TaskRow, new_id

TRIAGE = "triage"
_insert = sa.insert(TaskRow)
_load = sa.select(*COLUMNS).where(TaskRow.id == sa.bindparam("task"))
_open = sa.select(QuestionRow.id).where(QuestionRow.task_id == sa.bindparam("task"), QuestionRow.state == "open")
_move = sa.update(TaskRow).where(
    TaskRow.id == sa.bindparam("of_task"),
    TaskRow.state == sa.bindparam("from_state"),
    TaskRow.segment == sa.bindparam("from_segment"),
    TaskRow.epoch == sa.bindparam("from_epoch"),
    TaskRow.lease == sa.bindparam("from_lease"),
)
"""Sets the columns it is given, if nobody was faster. On the message path statements are made once: making one costs as much as running it."""
_count = sa.update(PersonRow).where(PersonRow.id == sa.bindparam("person")).values(task_count=PersonRow.task_count + 1).returning(PersonRow.task_count)


@dataclass(frozen=True, slots=True)
class NewTask:
    """What a task needs to come into being."""

    type: str
    agent: str
    person_id: str
    chat_id: str | None
    language: str
    title: str = ""
    text: str = ""
    slots: Mapping[str, Json] = field(default_factory=dict)
    priority: Priority = Priority.NORMAL
    message_id: str | None = None
    parent_id: str | None = None
    parent_key: str | None = None
    after_id: str | None = None
    particulars: Particulars = field(default_factory=Particulars)


def create(connection: sa.Connection, new: NewTask, now: datetime, *, state: TaskState = TaskState.PENDING) -> Task:
    """Insert a task. Triage tasks are born completed, instant ones in progress, all others pending."""
    number = None if new.type == TRIAGE else connection.execute(_count, {"person": new.person_id}).scalar_one()
    started = now if state is not TaskState.PENDING else None
    said = new.particulars.columns()
    task = Task(
        id=new_id(), number=number or 0, type=new.type, agent=new.agent, state=state, title=(new.particulars.title or new.title)[:300], text=new.text,
        slots=dict(new.slots), person_id=new.person_id, chat_id=new.chat_id, language=new.language, priority=new.particulars.priority or new.priority,
        parent_id=new.parent_id, parent_key=new.parent_key, created_at=now, started_at=started,
    )  # fmt: skip
    connection.execute(
        _insert,
        {
            "id": task.id, "number": number, "person_id": new.person_id, "chat_id": new.chat_id, "message_id": new.message_id,
            "parent_id": new.parent_id, "parent_key": new.parent_key, "after_id": new.after_id, "type": new.type, "agent": new.agent,
            **said, "title": task.title, "text": new.text, "language": new.language, "state": state.value, "priority": int(task.priority),
            "slots": dict(new.slots), "created_at": now, "started_at": started, "last_run_at": started,
            "finished_at": now if state in ENDED else None, "progress": 100 if state is TaskState.COMPLETED else 0,
        },
    )  # fmt: skip
    if state is TaskState.PENDING:
        events.record(connection, task, events.STATUS, {"state": state.value, "was": None, "number": task.number}, now)
    return task


def transition(connection: sa.Connection, task: Task, to: TaskState, now: datetime, **changes: Any) -> Task:
    """Move a task on. Raises IllegalTransition for a step the table does not know, LostRace when somebody was faster."""
    if to not in TRANSITIONS[task.state]:
        raise IllegalTransition(f"task #{task.number} cannot go from {task.state} to {to}")
    if to in ENDED:
        changes["finished_at"] = now
    if connection.execute(_move, {**_snapshot(task), "state": to.value, **changes}).rowcount != 1:
        raise LostRace(f"task #{task.number} changed meanwhile")
    if to in ENDED and (to is not TaskState.COMPLETED or task.segment):
        asks.close(connection, task.id, now)
    events.record_all(connection, task, [*_told(changes), (events.STATUS, {"state": to.value, "was": task.state.value, "number": task.number})], now)
    known = {name: changes[name] for name in ("segment", "epoch", "lease", "attempts", "result") if name in changes}
    return replace(task, state=to, **known)


def _told(changes: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Json]]]:
    """What a change of state brings for live views, before the state itself: a stream that ends with the state has had it."""
    told: list[tuple[str, Mapping[str, Json]]] = []
    if changes.get("result") is not None:
        told.append((events.RESULT, {"result": changes["result"]}))
    if changes.get("error") is not None:
        told.append((events.ERROR, {"error": changes["error"], "attempts": changes.get("attempts")}))
    return told


def fence(task: Task) -> tuple[sa.ColumnElement[bool], ...]:
    """What must still be true for a write on behalf of this snapshot to count."""
    return (
        TaskRow.id == task.id,
        TaskRow.state == task.state.value,
        TaskRow.segment == task.segment,
        TaskRow.epoch == task.epoch,
        TaskRow.lease == task.lease,
    )


def _snapshot(task: Task) -> dict[str, Json]:
    """What `_move` compares."""
    return {"of_task": task.id, "from_state": task.state.value, "from_segment": task.segment, "from_epoch": task.epoch, "from_lease": task.lease}


def guard(connection: sa.Connection, task: Task, now: datetime) -> None:
    """Raise LostRace unless this snapshot still may write; marks the task as alive."""
    if connection.execute(_move, {**_snapshot(task), "last_run_at": now}).rowcount != 1:
        raise LostRace(f"task #{task.number} was stopped, corrected, paused or taken over")


def complete(connection: sa.Connection, task: Task, data: Json, now: datetime) -> Task:
    agent_log.record(connection, task, agent_log.COMPLETED, now, duration_ms=_duration(task, now))
    result = data if isinstance(data, dict) or data is None else {"value": data}
    return transition(connection, task, TaskState.COMPLETED, now, result=result, progress=100)


def fail(connection: sa.Connection, task: Task, error: Mapping[str, Json], now: datetime, *, dead_letter: bool = False) -> Task:
    """End a task as failed; `dead_letter` keeps it on the list of what can be retried by hand."""
    agent_log.record(connection, task, agent_log.FAILED, now, details=dict(error), duration_ms=_duration(task, now))
    return transition(connection, task, TaskState.FAILED, now, error=dict(error), dead_letter_at=now if dead_letter else None)


def cancel(connection: sa.Connection, task: Task, now: datetime) -> Task:
    """The person decided: raises the epoch, so that whatever still runs loses its next write. Children follow."""
    cancelled = transition(connection, task, TaskState.CANCELLED, now, epoch=task.epoch + 1)
    for child in family.children(connection, task):
        if child.state in LIVE:
            cancel(connection, child, now)
    return cancelled


def pause(connection: sa.Connection, task: Task, now: datetime) -> Task:
    """Hold a task; it remembers the state it left. Raises the lease: who runs it now may not write on."""
    return transition(connection, task, TaskState.PAUSED, now, paused_from=task.state.value, lease=task.lease + 1)


def resume(connection: sa.Connection, task: Task, now: datetime) -> Task:
    """Go on where the task was held: waiting for the person again, unless the answer came meanwhile, else a new segment."""
    load(connection, task.id, lock=True)  # who answers at this moment is either seen here or finds the task waiting
    left = connection.execute(sa.select(TaskRow.paused_from).where(TaskRow.id == task.id)).scalar_one()
    waits = asks.waiting_state(connection, task.id) if left in {state.value for state in WAITING} else None
    if waits is not None:
        return transition(connection, task, waits, now, paused_from=None)
    return transition(connection, task, TaskState.PENDING, now, paused_from=None, segment=task.segment + 1)


def retry(connection: sa.Connection, task: Task, now: datetime) -> Task:
    """Start a failed task again from its journal: what is done stays done, what failed is tried and, where needed, asked about anew."""
    journal.void_failed(connection, task)
    changes = {"segment": task.segment + 1, "epoch": task.epoch + 1, "attempts": 0, "error": None, "dead_letter_at": None}
    return transition(connection, task, TaskState.PENDING, now, **changes)


def load(connection: sa.Connection, task_id: str, *, lock: bool = False) -> Task | None:
    """The task by id, for the engine. Whatever shows tasks to people uses `find`, which asks for the person."""
    row = connection.execute(_load.with_for_update() if lock else _load, {"task": task_id}).first()
    return from_row(row) if row else None


def find(connection: sa.Connection, person_id: str, number: int) -> Task | None:
    """A person's task by the short number they see."""
    row = connection.execute(sa.select(*COLUMNS).where(TaskRow.person_id == person_id, TaskRow.number == number)).first()
    return from_row(row) if row else None


def recent(connection: sa.Connection, person_id: str, *, live_only: bool = False, limit: int = 10) -> list[Task]:
    """A person's latest tasks, newest first, without the triage tasks behind them."""
    query = sa.select(*COLUMNS).where(TaskRow.person_id == person_id, TaskRow.type != TRIAGE, TaskRow.archived_at.is_(None))
    if live_only:
        query = query.where(TaskRow.state.in_([state.value for state in LIVE]))
    return [from_row(row) for row in connection.execute(query.order_by(TaskRow.number.desc()).limit(limit))]


def open_questions(connection: sa.Connection, task_id: str) -> list[str]:
    return list(connection.execute(_open, {"task": task_id}).scalars())


def _duration(task: Task, now: datetime) -> float | None:
    begun = task.started_at or task.created_at
    return (now - begun).total_seconds() * 1000 if begun else None


def is_put_off(connection: sa.Connection, task: Task, now: datetime) -> bool:
    """Whether a pending task waits for an instant that has not come."""
    until: datetime | None = connection.execute(sa.select(TaskRow.not_before).where(TaskRow.id == task.id)).scalar_one()
    return until is not None and until > now


def advance(connection: sa.Connection, task: Task, now: datetime) -> Task:
    """The next segment of a pending task."""
    if connection.execute(sa.update(TaskRow).where(*fence(task)).values(segment=task.segment + 1)).rowcount != 1:
        raise LostRace(f"task #{task.number} changed meanwhile")
    return replace(task, segment=task.segment + 1)


def release(connection: sa.Connection, task: Task, slots: Mapping[str, Json]) -> Task:
    """The task it waited for has ended: it may start, with what that one handed down."""
    changed = sa.update(TaskRow).where(*fence(task)).values(slots=dict(slots), after_id=None)
    if connection.execute(changed).rowcount != 1:
        raise LostRace(f"task #{task.number} changed meanwhile")
    return replace(task, slots=dict(slots))


def take(connection: sa.Connection, task_id: str, segment: int, now: datetime) -> Task | None:
    """A worker begins a queued segment: None when it is not the task's present one or not to be run."""
    task = load(connection, task_id)
    if task is None or task.segment != segment:
        return None
    if task.state is TaskState.IN_PROGRESS:
        return retake(connection, task, now)
    if task.state is not TaskState.PENDING:
        return None
    started = {} if task.started_at else {"started_at": now}
    return transition(connection, task, TaskState.IN_PROGRESS, now, last_run_at=now, lease=task.lease + 1, **started)


def retake(connection: sa.Connection, task: Task, now: datetime) -> Task:
    """Take a running segment over from a worker that died: whoever held it loses its next write."""
    if connection.execute(sa.update(TaskRow).where(*fence(task)).values(lease=task.lease + 1, last_run_at=now)).rowcount != 1:
        raise LostRace(f"task #{task.number} changed meanwhile")
    return replace(task, lease=task.lease + 1)
