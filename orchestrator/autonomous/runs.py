"""Runs: every due instant ends as ran, late, missed or skipped; one run of a person is open at a time, and one process works at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from orchestrator.autonomous.modes import following
from orchestrator.contracts import LostRace
from orchestrator.tasks.schedules import LATE_AFTER
from storage.models import AutonomousMatterRow, AutonomousRow, AutonomousRunRow, new_id

BATCH = 50
LEASE = timedelta(minutes=2)
"""How long a run may be worked at before another process may take it over."""
ATTEMPTS = 3
KEPT = timedelta(days=90)
WAITING, RUNNING, ENDED = "waiting", "running", "ended"
STILL_RUNNING, GAVE_UP = "running", "gave_up"


class Outcome(StrEnum):
    """How a due instant ended."""

    RAN = "ran"
    LATE = "late"
    MISSED = "missed"
    SKIPPED = "skipped"


class Result(StrEnum):
    """What a run that ran came to."""

    IDLE = "idle"
    ACTED = "acted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Run:
    """One run as lists show it. `deeds` says what was done and what was not, in the person's language."""

    id: str
    person_id: str
    due_at: datetime
    asked: bool
    state: str
    outcome: str
    result: str
    reason: str
    attempt: int
    started_at: datetime | None
    ended_at: datetime | None
    found: int
    deeds: tuple[dict[str, Any], ...]
    notification_id: str | None


_take_place = (
    sa.update(AutonomousRow)
    .where(AutonomousRow.person_id == sa.bindparam("person"), AutonomousRow.open_run_id.is_(None))
    .values(open_run_id=sa.bindparam("run"))
)
_begin = (
    sa.update(AutonomousRunRow)
    .where(
        AutonomousRunRow.id == sa.bindparam("run"),
        sa.or_(AutonomousRunRow.state == WAITING, sa.and_(AutonomousRunRow.state == RUNNING, AutonomousRunRow.lease_until <= sa.bindparam("now"))),
    )
    .values(state=RUNNING, attempt=AutonomousRunRow.attempt + 1, started_at=sa.bindparam("now"), lease_until=sa.bindparam("until"))
)
_end = (
    sa.update(AutonomousRunRow)
    .where(AutonomousRunRow.id == sa.bindparam("run"), AutonomousRunRow.state == RUNNING, AutonomousRunRow.attempt == sa.bindparam("by"))
    .values(state=ENDED, ended_at=sa.bindparam("now"), lease_until=None)
)


def due(connection: sa.Connection, now: datetime) -> int:
    """Turn what has come due into runs. Of several missed instants the latest waits to be carried out; one beside an open run is skipped.

    Returns how many instants were dealt with.
    """
    query = sa.select(AutonomousRow.__table__).where(AutonomousRow.next_due <= now).order_by(AutonomousRow.next_due)
    return sum(_open(connection, mode, now) for mode in connection.execute(query.limit(BATCH).with_for_update(skip_locked=True)).all())


def next_due(connection: sa.Connection) -> datetime | None:
    """When the clockwork has to wake up."""
    found: datetime | None = connection.execute(sa.select(sa.func.min(AutonomousRow.next_due))).scalar()
    return found


def _open(connection: sa.Connection, mode: Any, now: datetime) -> int:
    instants = [mode.next_due]
    while (upcoming := following(mode.anchor_at, mode.minutes, mode.zone, instants[-1])) <= now:
        instants.append(upcoming)
    moved = sa.update(AutonomousRow).where(AutonomousRow.person_id == mode.person_id, AutonomousRow.next_due == mode.next_due)
    if connection.execute(moved.values(next_due=upcoming)).rowcount != 1:
        return 0
    *missed, latest = instants
    rows = [_row(mode.person_id, instant, ENDED, Outcome.MISSED, now) for instant in missed]
    run_id = new_id()
    free = connection.execute(_take_place, {"person": mode.person_id, "run": run_id}).rowcount == 1
    rows.append({**(_row(mode.person_id, latest, WAITING) if free else _row(mode.person_id, latest, ENDED, Outcome.SKIPPED, now, STILL_RUNNING)), "id": run_id})
    connection.execute(sa.insert(AutonomousRunRow), rows)
    return len(instants)


def _row(person_id: str, due_at: datetime, state: str, outcome: str = "", ended: datetime | None = None, reason: str = "") -> dict[str, Any]:
    return {"id": new_id(), "person_id": person_id, "due_at": due_at, "asked": False, "state": state, "outcome": outcome, "ended_at": ended, "reason": reason}


def open_runs(connection: sa.Connection, now: datetime) -> list[str]:
    """The runs that nobody works at: new ones, and those whose process is gone."""
    forsaken = sa.and_(AutonomousRunRow.state == RUNNING, AutonomousRunRow.lease_until <= now)
    query = sa.select(AutonomousRunRow.id).where(AutonomousRunRow.state != ENDED, sa.or_(AutonomousRunRow.state == WAITING, forsaken))
    return list(connection.execute(query.order_by(AutonomousRunRow.due_at).limit(BATCH)).scalars())


def begin(connection: sa.Connection, run_id: str, now: datetime) -> Run | None:
    """Work at a run from now on; None when somebody else does, or did."""
    if connection.execute(_begin, {"run": run_id, "now": now, "until": now + LEASE}).rowcount != 1:
        return None
    return _load(connection, run_id)


def end(connection: sa.Connection, run: Run, now: datetime) -> None:
    """The first write of the transaction in which a run acts: only who began it last may. Raises LostRace."""
    if connection.execute(_end, {"run": run.id, "by": run.attempt, "now": now}).rowcount != 1:
        raise LostRace(f"run {run.id} was taken over")
    freed = sa.update(AutonomousRow).where(AutonomousRow.person_id == run.person_id, AutonomousRow.open_run_id == run.id)
    connection.execute(freed.values(open_run_id=None, last_run_at=now))


def record(
    connection: sa.Connection, run: Run, result: Result, deeds: Sequence[dict[str, Any]], found: int, *, reason: str = "", notification_id: str | None = None
) -> None:
    """What the run came to."""
    begun = run.started_at or run.due_at
    outcome = Outcome.LATE if begun - run.due_at > LATE_AFTER else Outcome.RAN
    values = {"outcome": outcome.value, "result": result.value, "deeds": list(deeds), "found": found, "reason": reason, "notification_id": notification_id}
    connection.execute(sa.update(AutonomousRunRow).where(AutonomousRunRow.id == run.id).values(**values))


def history(connection: sa.Connection, person_id: str, limit: int = 10, *, before: datetime | None = None) -> list[Run]:
    """A person's runs, the latest first."""
    query = sa.select(AutonomousRunRow.__table__).where(AutonomousRunRow.person_id == person_id)
    if before is not None:
        query = query.where(AutonomousRunRow.due_at < before)
    return [_from_row(row) for row in connection.execute(query.order_by(AutonomousRunRow.due_at.desc()).limit(limit))]


def forget(connection: sa.Connection, now: datetime) -> int:
    """Drop the accounts of runs that ended long ago. What they dealt with stays dealt with."""
    old = sa.delete(AutonomousRunRow).where(AutonomousRunRow.state == ENDED, AutonomousRunRow.due_at < now - KEPT)
    return int(connection.execute(old).rowcount)


def dealt_with(connection: sa.Connection, person_id: str, keys: Sequence[str]) -> frozenset[str]:
    """Which of these matters a run has seen to."""
    query = sa.select(AutonomousMatterRow.key).where(AutonomousMatterRow.person_id == person_id, AutonomousMatterRow.key.in_(keys))
    return frozenset(connection.execute(query).scalars())


def deal_with(connection: sa.Connection, run: Run, key: str, now: datetime) -> None:
    connection.execute(sa.insert(AutonomousMatterRow), {"person_id": run.person_id, "key": key, "run_id": run.id, "at": now})


def _load(connection: sa.Connection, run_id: str) -> Run:
    return _from_row(connection.execute(sa.select(AutonomousRunRow.__table__).where(AutonomousRunRow.id == run_id)).one())


def _from_row(row: Any) -> Run:
    return Run(
        row.id, row.person_id, row.due_at, row.asked, row.state, row.outcome, row.result, row.reason, row.attempt, row.started_at, row.ended_at, row.found,
        tuple(row.deeds), row.notification_id,
    )  # fmt: skip
