"""A task's journal as a record for people: every step in order, those that count no more marked, and what it did to the world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from orchestrator.contracts import Json
from storage.models import EffectRow, StepRow


@dataclass(frozen=True, slots=True)
class Execution:
    """One step. `voided`: a correction or a retry took its place."""

    id: str
    seq: int
    key: str
    kind: str
    name: str
    reasoning: str | None
    input: Json
    output: Json
    error: dict[str, Any] | None
    tokens: int
    credits: float
    duration_ms: float
    segment: int
    epoch: int
    voided: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing done, or to be done, to the world."""

    id: str
    tool: str
    state: str
    summary: str
    approval_id: str | None
    created_at: datetime
    finished_at: datetime | None


def executions(connection: sa.Connection, task_id: str, limit: int, *, after: tuple[int, str] = (-1, "")) -> list[Execution]:
    """The next `limit` steps, oldest first; `after` is (seq, id) of the last one seen. The task must be the asker's."""
    later = sa.or_(StepRow.seq > after[0], sa.and_(StepRow.seq == after[0], StepRow.id > after[1]))
    query = sa.select(StepRow.__table__).where(StepRow.task_id == task_id, later).order_by(StepRow.seq, StepRow.id).limit(limit)
    return [_execution(row) for row in connection.execute(query)]


def deeds(connection: sa.Connection, task_id: str) -> list[Deed]:
    """What the task did to the world, oldest first."""
    query = sa.select(
        EffectRow.id, EffectRow.tool, EffectRow.state, EffectRow.summary, EffectRow.approval_id, EffectRow.created_at, EffectRow.finished_at
    ).where(EffectRow.task_id == task_id)
    return [Deed(*row) for row in connection.execute(query.order_by(EffectRow.id))]


def _execution(row: Any) -> Execution:
    return Execution(
        row.id, row.seq, row.key, row.kind, row.name, row.reasoning, (row.input or {}).get("value"), (row.output or {}).get("value"), row.error, row.tokens,
        row.credits, row.duration_ms, row.segment, row.epoch, row.voided != "", row.created_at,
    )  # fmt: skip
