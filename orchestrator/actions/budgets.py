"""Budgets: what a call may cost is reserved before it and settled after it, so that nothing overruns in between.

A reservation is one conditional update of each counter that limits it; two calls at once cannot both take the last credit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.actions.policy import Budgets
from orchestrator.contracts import ENDED, Person, Task
from storage.models import CounterRow, SpendRow, TaskRow, new_id

RESERVED, SETTLED, RELEASED = "reserved", "settled", "released"
TASK, DAY, MONTH, SCHEDULE = "task", "day", "month", "schedule"

# Built once: two of these run before and after every call of a tool, and building them costs more than running them.
_COUNTER, _SPEND = cast(sa.Table, CounterRow.__table__), cast(sa.Table, SpendRow.__table__)
_SAME = (_COUNTER.c.person_id == sa.bindparam("person"), _COUNTER.c.scope == sa.bindparam("of"), _COUNTER.c.subject == sa.bindparam("which"))
_TAKE = (
    sa.update(_COUNTER)
    .where(*_SAME, _COUNTER.c.spent + _COUNTER.c.reserved + sa.bindparam("needed") <= sa.bindparam("limit") + _COUNTER.c.added)
    .values(reserved=_COUNTER.c.reserved + sa.bindparam("needed"))
)
_MOVE = sa.update(_COUNTER).where(*_SAME).values(reserved=_COUNTER.c.reserved - sa.bindparam("freed"), spent=_COUNTER.c.spent + sa.bindparam("used"))
_RESERVATION = sa.select(_SPEND.c.id, _SPEND.c.person_id, _SPEND.c.reserved, _SPEND.c.counters).where(
    _SPEND.c.task_id == sa.bindparam("task"), _SPEND.c.key == sa.bindparam("step"), _SPEND.c.state == RESERVED
)
_RESERVE = sa.insert(_SPEND)
_CLOSE = (
    sa.update(_SPEND)
    .where(_SPEND.c.id == sa.bindparam("spend"), _SPEND.c.state == RESERVED)
    .values(state=sa.bindparam("to"), credits=sa.bindparam("used"), tokens=sa.bindparam("counted"), settled_at=sa.bindparam("at"))
)
_ADD = (
    sa.update(TaskRow)
    .where(TaskRow.id == sa.bindparam("of_task"))
    .values(tokens=TaskRow.tokens + sa.bindparam("more_tokens"), credits=TaskRow.credits + sa.bindparam("more_credits"))
)
"""What a task took stands with it, too: for lists and the figures of its agent."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit that a call falls under, in credits."""

    scope: str
    subject: str
    credits: float


@dataclass(frozen=True, slots=True)
class Shortage:
    """What does not fit: the limit, what is taken of it, and what the call would need."""

    limit: Limit
    taken: float
    added: float
    needed: float


def limits_for(budgets: Budgets, person: Person, task: Task, now: datetime) -> tuple[Limit, ...]:
    """The limits over one call; days and months are the person's own."""
    here = now.astimezone(ZoneInfo(person.effective_zone))
    found = [Limit(TASK, task.id, budgets.task), Limit(DAY, here.date().isoformat(), budgets.day), Limit(MONTH, here.strftime("%Y-%m"), budgets.month)]
    schedule = task.slots.get("schedule_run")
    return (*found, Limit(SCHEDULE, str(schedule), budgets.schedule)) if schedule else tuple(found)


def reserve(
    connection: sa.Connection, person: Person, task: Task, key: str, name: str, credits: float, limits: tuple[Limit, ...], now: datetime
) -> Shortage | None:
    """Set credits aside for a step, once; a step that has its reservation already keeps it. Returns what stands in the way."""
    if credits <= 0 or _reservation(connection, task.id, key) is not None:
        return None
    for number, limit in enumerate(limits):
        if not _take(connection, person.id, limit, credits):
            _give_back(connection, person.id, limits[:number], credits)
            counter = connection.execute(sa.select(_COUNTER).where(*_same(person.id, limit))).one()
            return Shortage(limit, counter.spent + counter.reserved, counter.added, credits)
    connection.execute(
        _RESERVE,
        {
            "id": new_id(), "person_id": person.id, "task_id": task.id, "key": key, "name": name, "reserved": credits, "state": RESERVED,
            "counters": [[limit.scope, limit.subject] for limit in limits], "created_at": now,
        },
    )  # fmt: skip
    return None


def reserved(connection: sa.Connection, task: Task, key: str) -> float:
    """What an attempt at a step set aside and has not settled, in credits; 0 where there is none."""
    row = _reservation(connection, task.id, key)
    return float(row.reserved) if row is not None else 0.0


def settle(connection: sa.Connection, task: Task, key: str, credits: float, now: datetime, *, tokens: int = 0) -> None:
    """What the call really cost; never more than was reserved is counted against a limit without being said so in the row."""
    _close(connection, task.id, key, credits, tokens, SETTLED, now)


def release(connection: sa.Connection, task: Task, key: str, now: datetime) -> None:
    """The call did not happen: its credits are free again."""
    _close(connection, task.id, key, 0.0, 0, RELEASED, now)


def release_ended(connection: sa.Connection, now: datetime, limit: int = 100) -> None:
    """Free what tasks had set aside that have ended without settling it."""
    ended = [state.value for state in ENDED]
    query = sa.select(TaskRow.id, SpendRow.key).join(TaskRow, TaskRow.id == SpendRow.task_id)
    for row in connection.execute(query.where(SpendRow.state == RESERVED, TaskRow.state.in_(ended)).limit(limit)).all():
        _close(connection, row.id, row.key, 0.0, 0, RELEASED, now)


def top_up(connection: sa.Connection, person_id: str, limit: Limit, credits: float) -> None:
    """A person allows more within one limit."""
    _ensure(connection, person_id, limit)
    connection.execute(sa.update(CounterRow).where(*_same(person_id, limit)).values(added=CounterRow.added + credits))


def standing(connection: sa.Connection, person: Person, budgets: Budgets, now: datetime) -> list[tuple[Limit, float, float]]:
    """Day and month as (limit, taken, added), for /budget."""
    here = now.astimezone(ZoneInfo(person.effective_zone))
    found = []
    for limit in (Limit(DAY, here.date().isoformat(), budgets.day), Limit(MONTH, here.strftime("%Y-%m"), budgets.month)):
        row = connection.execute(sa.select(CounterRow.__table__).where(*_same(person.id, limit))).first()
        found.append((limit, row.spent + row.reserved if row else 0.0, row.added if row else 0.0))
    return found


def spent_by_task(connection: sa.Connection, task_id: str) -> float:
    query = sa.select(sa.func.coalesce(sa.func.sum(SpendRow.credits), 0.0)).where(SpendRow.task_id == task_id, SpendRow.state == SETTLED)
    return float(connection.execute(query).scalar_one())


def _reservation(connection: sa.Connection, task_id: str, key: str) -> Any:
    return connection.execute(_RESERVATION, {"task": task_id, "step": key}).first()


def _take(connection: sa.Connection, person_id: str, limit: Limit, credits: float) -> bool:
    """One conditional update; a counter that nothing was taken from before is made first."""
    taking = {**_which(person_id, limit.scope, limit.subject), "needed": credits, "limit": limit.credits}
    if connection.execute(_TAKE, taking).rowcount == 1:
        return True
    _ensure(connection, person_id, limit)
    return connection.execute(_TAKE, taking).rowcount == 1


def _give_back(connection: sa.Connection, person_id: str, limits: tuple[Limit, ...], credits: float) -> None:
    if limits:
        connection.execute(_MOVE, [{**_which(person_id, limit.scope, limit.subject), "freed": credits, "used": 0.0} for limit in limits])


def _close(connection: sa.Connection, task_id: str, key: str, credits: float, tokens: int, state: str, now: datetime) -> None:
    row = _reservation(connection, task_id, key)
    if row is None:
        return
    if connection.execute(_CLOSE, {"spend": row.id, "to": state, "used": credits, "counted": tokens, "at": now}).rowcount != 1:
        return
    if tokens or credits:
        connection.execute(_ADD, {"of_task": task_id, "more_tokens": tokens, "more_credits": credits})
    if row.counters:
        connection.execute(_MOVE, [{**_which(row.person_id, scope, subject), "freed": row.reserved, "used": credits} for scope, subject in row.counters])


def _which(person_id: str, scope: str, subject: str) -> dict[str, Any]:
    return {"person": person_id, "of": scope, "which": subject}


def _ensure(connection: sa.Connection, person_id: str, limit: Limit) -> None:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = insert(CounterRow).values(person_id=person_id, scope=limit.scope, subject=limit.subject, spent=0.0, reserved=0.0, added=0.0)
    connection.execute(new.on_conflict_do_nothing())


def _same(person_id: str, limit: Limit) -> tuple[sa.ColumnElement[bool], ...]:
    return (CounterRow.person_id == person_id, CounterRow.scope == limit.scope, CounterRow.subject == limit.subject)
