"""The steps of a task: written once under a key, handed back to every later run. The journal is the trace."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from orchestrator.contracts import Json, Task
from storage.models import StepRow, new_id

LIMIT = 64 * 1024
"""Bytes of one value; larger ones belong into a file."""

_insert = sa.insert(StepRow)


@dataclass(frozen=True, slots=True)
class Step:
    """A finished step: its result, or the error it ended in."""

    key: str
    kind: str
    name: str
    output: Json = None
    error: dict[str, Any] | None = None
    digest: str | None = None
    input: Json = None
    duration_ms: float = 0.0
    seq: int = 0
    created_at: datetime | None = None
    credits: float = 0.0
    tokens: int = 0
    reasoning: str | None = None


def digest(arguments: Json) -> str:
    """SHA-256 of the canonical JSON of a step's arguments."""
    return hashlib.sha256(json.dumps(arguments, sort_keys=True, default=str).encode()).hexdigest()


def read(connection: sa.Connection, task_id: str) -> dict[str, Step]:
    """Every step that counts, by key, in order."""
    query = (
        sa.select(
            StepRow.key, StepRow.kind, StepRow.name, StepRow.output, StepRow.error, StepRow.digest, StepRow.input,
            StepRow.duration_ms, StepRow.seq, StepRow.created_at, StepRow.credits, StepRow.tokens, StepRow.reasoning,
        )
        .where(StepRow.task_id == task_id, StepRow.voided == "")
        .order_by(StepRow.seq)
    )  # fmt: skip
    return {
        row.key: Step(
            row.key, row.kind, row.name, (row.output or {}).get("value"), row.error, row.digest, (row.input or {}).get("value"),
            row.duration_ms, row.seq, row.created_at, row.credits, row.tokens, row.reasoning,
        )
        for row in connection.execute(query)
    }  # fmt: skip


def write(connection: sa.Connection, task: Task, step: Step, now: datetime) -> None:
    """Journal a finished step. The unique key makes a second writer fail."""
    connection.execute(
        _insert,
        {
            "id": new_id(), "task_id": task.id, "seq": step.seq, "key": step.key, "kind": step.kind, "name": step.name,
            "input": {"value": step.input}, "digest": step.digest, "output": {"value": step.output}, "error": step.error,
            "segment": task.segment, "epoch": task.epoch, "duration_ms": step.duration_ms, "created_at": now,
            "credits": step.credits, "tokens": step.tokens, "reasoning": step.reasoning,
        },
    )  # fmt: skip


def void_from(connection: sa.Connection, task: Task, key: str) -> list[Step]:
    """A correction: the step and every later one count no more (they are kept, marked). Returns what was voided."""
    steps = read(connection, task.id)
    if key not in steps:
        return []
    first = steps[key].seq
    query = sa.update(StepRow).where(StepRow.task_id == task.id, StepRow.voided == "", StepRow.seq >= first)
    connection.execute(query.values(voided=new_id()))
    return [step for step in steps.values() if step.seq >= first]


def void_failed(connection: sa.Connection, task: Task) -> None:
    """A person wants it tried again: steps that ended in an error count no more (kept, marked)."""
    failed = [step.key for step in read(connection, task.id).values() if step.error is not None]
    if failed:
        query = sa.update(StepRow).where(StepRow.task_id == task.id, StepRow.voided == "", StepRow.key.in_(failed))
        connection.execute(query.values(voided=new_id()))
