"""Asks that only a person may decide: stored, bound by a digest, decided once by one compare-and-set.

What runs later is the plan that stands in the row; what was shown was rendered from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from orchestrator.contracts import LIVE, Json, Task
from storage.models import ApprovalRow, TaskRow, new_id

PENDING, DECIDED, EXPIRED, SUPERSEDED, CANCELLED = "pending", "decided", "expired", "superseded", "cancelled"


class Kind(StrEnum):
    """What is being asked."""

    EFFECT = "effect"
    """May this be done?"""
    PLAN = "plan"
    """May these steps be begun?"""
    BUDGET = "budget"
    """May more be spent?"""
    UNKNOWN = "unknown"
    """Something was interrupted at the irreversible moment: was it done?"""


APPROVE, DECLINE = "approve", "decline"
SENT, RESEND, DROP = "sent", "resend", "drop"
STOP = "stop"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the person was shown, kept so that it can be shown again: rendered from the plan, never from a model's words."""

    summary: str
    details: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Json]:
        return {"summary": self.summary, "details": [list(detail) for detail in self.details], "notes": list(self.notes)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Shown:
        return cls(data["summary"], tuple((name, value) for name, value in data["details"]), tuple(data["notes"]))


@dataclass(frozen=True, slots=True)
class Ask:
    """A new ask: what is bound, who decides, until when."""

    kind: Kind
    task: Task
    key: str
    digest: str
    shown: Shown
    approver_id: str
    chat_id: str
    now: datetime
    lasts: timedelta
    tool: str = ""
    version: int = 0
    arguments: Mapping[str, Json] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    second_id: str | None = None
    second_after: timedelta | None = None
    tainted: bool = False
    """Whether texts of outsiders have been read in the task."""
    covers: Mapping[str, str] = field(default_factory=dict)
    """Of a plan: the effects shown with their final arguments, step key to digest."""


@dataclass(frozen=True, slots=True)
class Approval:
    """An ask as it stands."""

    id: str
    kind: Kind
    task_id: str
    person_id: str
    approver_id: str
    second_id: str | None
    second_at: datetime | None
    chat_id: str
    outgoing_id: str | None
    key: str
    epoch: int
    tool: str
    version: int
    arguments: Mapping[str, Json]
    files: Mapping[str, str]
    digest: str
    shown: Shown
    state: str
    decision: str
    expires_at: datetime
    created_at: datetime
    tainted: bool
    covers: Mapping[str, str]
    decided_by: str | None


def ask(connection: sa.Connection, new: Ask) -> Approval:
    """Store an ask; an older one for the same step is superseded, and its buttons act no more."""
    supersede(connection, new.task, new.key, new.kind, new.now)
    approval_id = new_id()
    expires = new.now + new.lasts
    connection.execute(
        sa.insert(ApprovalRow),
        {
            "id": approval_id, "kind": new.kind.value, "task_id": new.task.id, "person_id": new.task.person_id, "approver_id": new.approver_id,
            "second_id": new.second_id, "second_at": new.now + new.second_after if new.second_id and new.second_after else None,
            "chat_id": new.chat_id, "key": new.key, "epoch": new.task.epoch, "tool": new.tool, "version": new.version,
            "arguments": dict(new.arguments), "files": dict(new.files), "digest": new.digest, "shown": new.shown.as_json(), "tainted": new.tainted,
            "covers": dict(new.covers), "remind_at": new.now + new.lasts / 2,
            "expires_at": expires, "created_at": new.now,
        },
    )  # fmt: skip
    return get(connection, approval_id)


def shown_as(connection: sa.Connection, approval_id: str, outgoing_id: str) -> None:
    """Remember which message carries the buttons."""
    connection.execute(sa.update(ApprovalRow).where(ApprovalRow.id == approval_id).values(outgoing_id=outgoing_id))


def supersede(connection: sa.Connection, task: Task, key: str, kind: Kind, now: datetime) -> None:
    """What was asked or decided before about the same step counts no more."""
    same = (ApprovalRow.task_id == task.id, ApprovalRow.key == key, ApprovalRow.kind == kind.value, ApprovalRow.state.in_([PENDING, DECIDED]))
    connection.execute(sa.update(ApprovalRow).where(*same).values(state=SUPERSEDED, decided_at=now))


def latest(connection: sa.Connection, task: Task, key: str, kind: Kind) -> Approval | None:
    """The newest ask for a step of the present epoch that was not superseded by an edit."""
    mine = (ApprovalRow.task_id == task.id, ApprovalRow.key == key, ApprovalRow.epoch == task.epoch, ApprovalRow.kind == kind.value)
    query = sa.select(ApprovalRow.__table__).where(*mine, ApprovalRow.state != SUPERSEDED).order_by(ApprovalRow.id.desc()).limit(1)
    row = connection.execute(query).first()
    return _from_row(row) if row else None


def started_plan(connection: sa.Connection, task: Task, key: str) -> Approval | None:
    """The plan that somebody started in this epoch and whose card showed the effect of this step, whole."""
    mine = (ApprovalRow.task_id == task.id, ApprovalRow.epoch == task.epoch, ApprovalRow.kind == Kind.PLAN.value)
    started = (ApprovalRow.state == DECIDED, ApprovalRow.decision == APPROVE)
    rows = connection.execute(sa.select(ApprovalRow.__table__).where(*mine, *started).order_by(ApprovalRow.id.desc()))
    return next((_from_row(row) for row in rows if key in row.covers), None)


def lately_approved(connection: sa.Connection, person_id: str, since: datetime, limit: int = 10) -> list[Approval]:
    """A person's own effects that they approved since an instant, newest first."""
    mine = (ApprovalRow.person_id == person_id, ApprovalRow.decided_by == person_id, ApprovalRow.kind == Kind.EFFECT.value)
    approved = (ApprovalRow.state == DECIDED, ApprovalRow.decision == APPROVE, ApprovalRow.decided_at > since)
    query = sa.select(ApprovalRow.__table__).where(*mine, *approved).order_by(ApprovalRow.decided_at.desc()).limit(limit)
    return [_from_row(row) for row in connection.execute(query)]


def get(connection: sa.Connection, approval_id: str) -> Approval:
    return _from_row(connection.execute(sa.select(ApprovalRow.__table__).where(ApprovalRow.id == approval_id)).one())


def find(connection: sa.Connection, approval_id: str, presser_id: str) -> Approval | None:
    """An ask that this person may see: the asking task's own person, or one who may decide it."""
    row = connection.execute(sa.select(ApprovalRow.__table__).where(ApprovalRow.id == approval_id, visible_to(presser_id))).first()
    return _from_row(row) if row else None


def pending_for(connection: sa.Connection, presser_id: str, now: datetime, *, chat_id: str | None = None) -> list[Approval]:
    """What waits for this person's decision, oldest first."""
    query = sa.select(ApprovalRow.__table__).where(ApprovalRow.state == PENDING, ApprovalRow.expires_at > now, _may_press(presser_id, now))
    if chat_id is not None:
        query = query.where(ApprovalRow.chat_id == chat_id)
    return [_from_row(row) for row in connection.execute(query.order_by(ApprovalRow.id))]


def may_decide(approval: Approval, person_id: str, now: datetime) -> bool:
    """Whether this person may decide an ask at this moment, as long as it is open."""
    second = approval.second_id == person_id and approval.second_at is not None and approval.second_at <= now
    return approval.state == PENDING and approval.expires_at > now and (approval.approver_id == person_id or second)


def page(connection: sa.Connection, presser_id: str, limit: int, *, states: Sequence[str] = (), task_id: str = "", before: str = "") -> list[Approval]:
    """Asks that this person may see, newest first; `before` is the id of the last one seen."""
    query = sa.select(ApprovalRow.__table__).where(visible_to(presser_id))
    if states:
        query = query.where(ApprovalRow.state.in_(states))
    if task_id:
        query = query.where(ApprovalRow.task_id == task_id)
    if before:
        query = query.where(ApprovalRow.id < before)
    return [_from_row(row) for row in connection.execute(query.order_by(ApprovalRow.id.desc()).limit(limit))]


def visible_to(person_id: str) -> sa.ColumnElement[bool]:
    """The asking task's own person, and who may decide."""
    return sa.or_(ApprovalRow.person_id == person_id, ApprovalRow.approver_id == person_id, ApprovalRow.second_id == person_id)


def decide(connection: sa.Connection, approval: Approval, decision: str, presser_id: str, now: datetime) -> bool:
    """One compare-and-set checks presser, expiry, digest, epoch and that nobody was faster. True for the one decision that counts."""
    present = sa.select(TaskRow.epoch).where(TaskRow.id == ApprovalRow.task_id, TaskRow.state.in_([state.value for state in LIVE])).scalar_subquery()
    closing = sa.update(ApprovalRow).where(
        ApprovalRow.id == approval.id, ApprovalRow.state == PENDING, ApprovalRow.expires_at > now, ApprovalRow.digest == approval.digest,
        ApprovalRow.epoch == present, _may_press(presser_id, now),
    )  # fmt: skip
    values = {"state": DECIDED, "decision": decision, "decided_by": presser_id, "decided_at": now}
    return connection.execute(closing.values(**values)).rowcount == 1


def postpone(connection: sa.Connection, approval: Approval, presser_id: str, until: datetime, now: datetime) -> bool:
    """ "Ask me later": the reminder comes at `until`; the ask stays open till its expiry."""
    query = sa.update(ApprovalRow).where(ApprovalRow.id == approval.id, ApprovalRow.state == PENDING, ApprovalRow.expires_at > now, _may_press(presser_id, now))
    return connection.execute(query.values(remind_at=until)).rowcount == 1


def expire(connection: sa.Connection, now: datetime, limit: int = 100) -> list[Approval]:
    """Close what nobody answered in time; the expiry competes with presses for the same row."""
    due = [
        _from_row(row)
        for row in connection.execute(sa.select(ApprovalRow.__table__).where(ApprovalRow.state == PENDING, ApprovalRow.expires_at <= now).limit(limit))
    ]
    closing = sa.update(ApprovalRow).where(ApprovalRow.id == sa.bindparam("approval"), ApprovalRow.state == PENDING).values(state=EXPIRED, decided_at=now)
    return [approval for approval in due if connection.execute(closing, {"approval": approval.id}).rowcount == 1]


def to_remind(connection: sa.Connection, now: datetime, limit: int = 100) -> list[Approval]:
    """Open asks whose reminder is due; each is reminded of once."""
    due = sa.select(ApprovalRow.__table__).where(ApprovalRow.state == PENDING, ApprovalRow.remind_at <= now, ApprovalRow.expires_at > now)
    found = [_from_row(row) for row in connection.execute(due.limit(limit))]
    done = sa.update(ApprovalRow).where(ApprovalRow.id == sa.bindparam("approval"), ApprovalRow.remind_at <= now).values(remind_at=None)
    return [approval for approval in found if connection.execute(done, {"approval": approval.id}).rowcount == 1]


def for_second(connection: sa.Connection, now: datetime) -> Sequence[Approval]:
    """Open asks that the second approver may decide by now."""
    due = (ApprovalRow.state == PENDING, ApprovalRow.second_at <= now, ApprovalRow.expires_at > now)
    return [_from_row(row) for row in connection.execute(sa.select(ApprovalRow.__table__).where(*due))]


def _may_press(presser_id: str, now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(ApprovalRow.approver_id == presser_id, sa.and_(ApprovalRow.second_id == presser_id, ApprovalRow.second_at <= now))


def _from_row(row: Any) -> Approval:
    return Approval(
        row.id, Kind(row.kind), row.task_id, row.person_id, row.approver_id, row.second_id, row.second_at, row.chat_id, row.outgoing_id, row.key,
        row.epoch, row.tool, row.version, row.arguments, row.files, row.digest, Shown.from_json(row.shown), row.state, row.decision, row.expires_at, row.created_at,
        row.tainted, row.covers, row.decided_by,
    )  # fmt: skip
