"""Counts over a person's tasks: totals by state and type, success, durations, what waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from orchestrator.contracts import ENDED, Person, TaskState, Words
from storage.models import AgentLogRow, TaskRow


@dataclass(frozen=True, slots=True)
class Statistics:
    """`success_rate` is in percent of ended tasks; durations in milliseconds by agent."""

    total: int
    by_state: dict[str, int]
    by_type: dict[str, int]
    success_rate: float
    today: int
    waiting: int
    duration_by_agent: dict[str, float]
    tokens: int


def gather(connection: sa.Connection, person_id: str, now: datetime) -> Statistics:
    mine = (TaskRow.person_id == person_id, TaskRow.type != "triage")
    by_state = {row[0]: row[1] for row in connection.execute(sa.select(TaskRow.state, sa.func.count()).where(*mine).group_by(TaskRow.state))}
    by_type = {row[0]: row[1] for row in connection.execute(sa.select(TaskRow.type, sa.func.count()).where(*mine).group_by(TaskRow.type))}
    ended = sum(by_state.get(state.value, 0) for state in ENDED)
    today = connection.execute(sa.select(sa.func.count()).select_from(TaskRow).where(*mine, TaskRow.created_at >= now - timedelta(days=1))).scalar_one()
    tokens = connection.execute(sa.select(sa.func.coalesce(sa.func.sum(TaskRow.tokens), 0)).where(TaskRow.person_id == person_id)).scalar_one()
    durations = connection.execute(
        sa.select(AgentLogRow.agent, sa.func.avg(AgentLogRow.duration_ms))
        .where(AgentLogRow.person_id == person_id, AgentLogRow.action == "processed")
        .group_by(AgentLogRow.agent)
    )
    return Statistics(
        total=sum(by_state.values()),
        by_state=by_state,
        by_type=by_type,
        success_rate=round(100 * by_state.get(TaskState.COMPLETED.value, 0) / ended, 1) if ended else 0.0,
        today=today,
        waiting=sum(count for state, count in by_state.items() if TaskState(state) not in ENDED),
        duration_by_agent={row[0]: round(float(row[1] or 0), 1) for row in durations},
        tokens=int(tokens),
    )


def describe(connection: sa.Connection, person: Person, words: Words, now: datetime) -> str:
    """The statistics as a message."""
    found = gather(connection, person.id, now)
    lines = [
        words(
            person.language,
            "stats",
            {"total": found.total, "today": found.today, "waiting": found.waiting, "success": found.success_rate, "tokens": found.tokens},
        )
    ]
    states = ", ".join(f"{words(person.language, 'state-' + name.replace('_', '-'), {})} {count}" for name, count in sorted(found.by_state.items()))
    if states:
        lines.append(states)
    lines += [f"- {agent}: {duration:g} ms" for agent, duration in sorted(found.duration_by_agent.items())]
    return "\n".join(lines)
