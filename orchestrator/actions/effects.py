"""The ledger of what was done to the world: each effect once, or said to be unknown.

planned effects begin as `claimed` (or `held`, while an Undo button can still stop them); `in_doubt` is committed just
before the irreversible moment. After a crash what was only claimed is tried again, what was in doubt never is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from orchestrator.actions.calls import Call
from orchestrator.contracts import ENDED, Json, LostRace, Task
from orchestrator.outside import Result, Undo
from storage.models import ApprovalRow, EffectRow, TaskRow, new_id

HELD, CLAIMED, IN_DOUBT, DONE, FAILED, UNKNOWN, DROPPED, UNDOING, UNDONE = (
    "held",
    "claimed",
    "in_doubt",
    "done",
    "failed",
    "unknown",
    "dropped",
    "undoing",
    "undone",
)
OPEN = (HELD, CLAIMED)
UNDOING_KEY = "undo"
"""The step key under which the undo agent takes something back, and the type of its tasks."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the ledger."""

    id: str
    task_id: str
    person_id: str
    key: str
    epoch: int
    tool: str
    arguments: Mapping[str, Json]
    state: str
    summary: str
    result: Json
    undo: Undo | None
    not_before: datetime | None
    outgoing_id: str | None
    approval_id: str | None
    created_at: datetime
    digest: str

    @property
    def covered(self) -> bool:
        """Whether it was let through without an approval of its own."""
        return self.approval_id is None


def of_call(connection: sa.Connection, call: Call) -> Entry | None:
    """What the ledger knows of this step in this epoch."""
    mine = (EffectRow.task_id == call.task.id, EffectRow.key == call.key, EffectRow.epoch == call.task.epoch)
    row = connection.execute(sa.select(EffectRow.__table__).where(*mine)).first()
    return _from_row(row) if row else None


def open_before(connection: sa.Connection, call: Call) -> Entry | None:
    """What an earlier epoch left open of this very step: it got to the irreversible moment, and nobody knows more. None where the step is another one by now."""
    mine = (EffectRow.task_id == call.task.id, EffectRow.key == call.key, EffectRow.epoch < call.task.epoch, EffectRow.tool == call.tool.name)
    query = sa.select(EffectRow.__table__).where(*mine, EffectRow.state.in_((IN_DOUBT, UNKNOWN))).order_by(EffectRow.epoch.desc())
    given = call.plain_arguments()
    return next((entry for entry in map(_from_row, connection.execute(query)) if given in _asked_for(connection, entry)), None)


def _asked_for(connection: sa.Connection, entry: Entry) -> list[Any]:
    """What an entry runs, and what was asked for before a person edited it."""
    mine = (ApprovalRow.task_id == entry.task_id, ApprovalRow.key == entry.key, ApprovalRow.epoch == entry.epoch, ApprovalRow.tool == entry.tool)
    return [entry.arguments, *connection.execute(sa.select(ApprovalRow.arguments).where(*mine)).scalars()]


def replan(connection: sa.Connection, entry: Entry, call: Call, summary: str) -> None:
    """What will happen has changed before it happened: the entry says what it is now."""
    values = {"arguments": call.plain_arguments(), "digest": call.digest(), "approval_id": call.approval_id, "version": call.tool.version, "summary": summary}
    connection.execute(sa.update(EffectRow).where(EffectRow.id == entry.id, EffectRow.state.in_(OPEN)).values(**values))


def plan(connection: sa.Connection, call: Call, summary: str, *, hold_until: datetime | None, state: str = "") -> Entry:
    """Enter an effect that may now happen. The unique (task, key, epoch) makes a second entry fail."""
    effect_id = new_id()
    connection.execute(
        sa.insert(EffectRow),
        {
            "id": effect_id, "task_id": call.task.id, "person_id": call.person.id, "key": call.key, "epoch": call.task.epoch,
            "tool": call.tool.name, "version": call.tool.version, "arguments": call.plain_arguments(), "digest": call.digest(),
            "approval_id": call.approval_id, "state": state or (HELD if hold_until else CLAIMED), "summary": summary,
            "not_before": hold_until, "attempts": 1, "created_at": call.now,
        },
    )  # fmt: skip
    return get(connection, effect_id)


def get(connection: sa.Connection, effect_id: str) -> Entry:
    return _from_row(connection.execute(sa.select(EffectRow.__table__).where(EffectRow.id == effect_id)).one())


def find(connection: sa.Connection, effect_id: str, person_id: str) -> Entry | None:
    row = connection.execute(sa.select(EffectRow.__table__).where(EffectRow.id == effect_id, EffectRow.person_id == person_id)).first()
    return _from_row(row) if row else None


def move(connection: sa.Connection, effect_id: str, states: tuple[str, ...], to: str, **values: Any) -> bool:
    """One compare-and-set of an entry's state; False when it was in none of `states`."""
    query = sa.update(EffectRow).where(EffectRow.id == effect_id, EffectRow.state.in_(states))
    return connection.execute(query.values(state=to, **values)).rowcount == 1


def claim(connection: sa.Connection, effect_id: str, states: tuple[str, ...] = OPEN) -> None:
    """Begin, or begin again, what has not come to its irreversible moment. Raises LostRace when somebody took it back."""
    if not move(connection, effect_id, states, CLAIMED, attempts=EffectRow.attempts + 1):
        raise LostRace("the effect was taken back or settled meanwhile")


def into_doubt(connection: sa.Connection, effect_id: str, now: datetime) -> None:
    """The irreversible moment comes now. Raises LostRace when the effect may not happen any more."""
    if not move(connection, effect_id, (CLAIMED,), IN_DOUBT, in_doubt_at=now):
        raise LostRace("the effect was taken back or settled meanwhile")


def settle(connection: sa.Connection, effect_id: str, result: Result, value: Json, now: datetime) -> None:
    """It happened. Recorded whatever became of the task meanwhile: the world does not roll back."""
    undo = {"tool": result.undo.tool, "arguments": dict(result.undo.arguments), "label": result.undo.label} if result.undo else None
    move(connection, effect_id, (CLAIMED, IN_DOUBT, UNKNOWN), DONE, result={"value": value}, undo=undo, finished_at=now)


def fail(connection: sa.Connection, effect_id: str, now: datetime) -> None:
    """It certainly did not happen and will not be tried again under this step. What nobody knows stays unknown."""
    move(connection, effect_id, (HELD, CLAIMED, IN_DOUBT), FAILED, finished_at=now)


def is_in_doubt(connection: sa.Connection, effect_id: str) -> bool:
    return connection.execute(sa.select(EffectRow.state).where(EffectRow.id == effect_id)).scalar() == IN_DOUBT


def undoable(connection: sa.Connection, person_id: str, limit: int = 5, *, task_id: str = "") -> list[Entry]:
    """A person's latest effects (of one task) that can be taken back, newest first: held ones, and done ones that say how; no undoing itself."""
    can = sa.or_(EffectRow.state == HELD, sa.and_(EffectRow.state == DONE, EffectRow.undo.is_not(None), EffectRow.undo != sa.JSON.NULL))
    query = sa.select(EffectRow.__table__).where(EffectRow.person_id == person_id, EffectRow.key != UNDOING_KEY, can)
    if task_id:
        query = query.where(EffectRow.task_id == task_id)
    query = query.order_by(EffectRow.id.desc()).limit(limit)
    return [_from_row(row) for row in connection.execute(query)]


def is_undo_of(connection: sa.Connection, call: Call) -> bool:
    """Whether a call is exactly the one that an effect, being taken back now, named when it happened."""
    entry = find(connection, str(call.task.slots.get("effect", "")), call.person.id)
    if entry is None or entry.undo is None or entry.state != UNDOING or entry.undo.tool != call.tool.name:
        return False
    return bool(call.tool.arguments.model_validate(dict(entry.undo.arguments)) == call.arguments)


def done_in(connection: sa.Connection, task_id: str) -> list[Entry]:
    """What a task has done to the world so far, oldest first."""
    query = sa.select(EffectRow.__table__).where(EffectRow.task_id == task_id, EffectRow.state == DONE).order_by(EffectRow.id)
    return [_from_row(row) for row in connection.execute(query)]


def unclear_in(connection: sa.Connection, task_id: str, states: tuple[str, ...] = (IN_DOUBT, UNKNOWN)) -> list[Entry]:
    """What a task may have done to the world, oldest first."""
    query = sa.select(EffectRow.__table__).where(EffectRow.task_id == task_id, EffectRow.state.in_(states)).order_by(EffectRow.id)
    return [_from_row(row) for row in connection.execute(query)]


def left_in_doubt(connection: sa.Connection, before: datetime, limit: int = 100) -> list[Entry]:
    """What got into doubt before an instant and belongs to a task that has ended, or begun anew, since: no run will settle it."""
    left = sa.or_(TaskRow.state.in_([state.value for state in ENDED]), TaskRow.epoch > EffectRow.epoch)
    query = sa.select(EffectRow.__table__).join(TaskRow, TaskRow.id == EffectRow.task_id)
    query = query.where(EffectRow.state == IN_DOUBT, EffectRow.in_doubt_at < before, left).order_by(EffectRow.id).limit(limit)
    return [_from_row(row) for row in connection.execute(query)]


def not_taken_back(connection: sa.Connection, undoing: Task) -> None:
    """The task that was to take an effect back has failed: the effect counts as done, and can be taken back again."""
    entry = find(connection, str(undoing.slots.get("effect", "")), undoing.person_id) if undoing.type == UNDOING_KEY else None
    if entry is not None:
        move(connection, entry.id, (UNDOING,), DONE)


def _from_row(row: Any) -> Entry:
    undo = Undo(row.undo["tool"], row.undo["arguments"], row.undo["label"]) if row.undo else None
    value = (row.result or {}).get("value")
    return Entry(
        row.id, row.task_id, row.person_id, row.key, row.epoch, row.tool, row.arguments, row.state, row.summary, value, undo,
        row.not_before, row.outgoing_id, row.approval_id, row.created_at, row.digest,
    )  # fmt: skip
