"""Standing permissions: this tool, these targets, at most so often a day, until a date. Given by a person, never by a model.

A permission is proposed out of one effect that the person has just approved, with everything it would allow; it counts
once that person gives it by its own button. Every use is entered under its step, so that none is counted twice or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from orchestrator.actions import approvals, effects
from orchestrator.actions.approvals import Approval, Kind
from orchestrator.actions.calls import Call
from orchestrator.actions.policy import Standing, sober
from orchestrator.contracts import Effect, Person, Role, Task, Tool
from orchestrator.outside import Deed, Reach
from orchestrator.plans import REFERENCE, texts
from storage.models import ApprovalRow, PermissionRow, PermissionUseRow, new_id

UNDO = "undo"
"""The task type that takes an effect back: a person pressed for exactly this."""
PROPOSAL_LASTS = timedelta(hours=24)
"""So long after the card a proposed permission can be given."""


@dataclass(frozen=True, slots=True)
class Permission:
    """What is allowed, whole. `number` is 0 while it is only proposed."""

    id: str
    number: int
    person_id: str
    tool: str
    agent: str
    task_type: str
    schedule_id: str | None
    targets: tuple[str, ...]
    at_most: int
    used: int
    until: datetime
    created_at: datetime

    @property
    def recipients(self) -> tuple[str, ...]:
        return tuple(target for target in self.targets if "@" in target)

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(target for target in self.targets if "@" not in target)


# --- what may be allowed ---


def allowable(standing: Standing, tool: Tool, reach: Reach, task: Task) -> bool:
    """Whether policy lets a person allow repeats of such a call: never payments or deletions, never many recipients, never without a target."""
    deed = sober(tool.effect, reach.deed)
    if deed not in standing.deeds or len(reach.recipients) > standing.recipients or not targets_of(reach):
        return False
    if deed is Deed.MAIL:
        return bool(reach.recipients)
    return tool.effect is Effect.REVERSIBLE or bool(task.slots.get("schedule_id"))


def proposable(connection: sa.Connection, standing: Standing, approval: Approval, tool: Tool, reach: Reach, task: Task, person: Person) -> bool:
    """Whether this person may be shown a permission after this approval: their own effect, approved by themselves, its targets no outsider's idea."""
    theirs = approval.person_id == approval.approver_id == approval.decided_by == person.id and person.role is not Role.GUEST
    if not theirs or approval.kind is not Kind.EFFECT or approval.decision != approvals.APPROVE:
        return False
    return allowable(standing, tool, reach, task) and (not approval.tainted or _named_in_plan(connection, approval, reach))


def _named_in_plan(connection: sa.Connection, approval: Approval, reach: Reach) -> bool:
    """Whether the recipients stand letter by letter in this very step of a plan that the person started before outsiders were read."""
    plans = sa.select(ApprovalRow.arguments).where(
        ApprovalRow.task_id == approval.task_id, ApprovalRow.epoch == approval.epoch, ApprovalRow.kind == Kind.PLAN.value,
        ApprovalRow.state == approvals.DECIDED, ApprovalRow.decision == approvals.APPROVE, ApprovalRow.decided_by == approval.decided_by,
        ApprovalRow.tainted.is_(False),
    )  # fmt: skip
    step = approval.key.rpartition("/")[2]
    named = {text.lower() for plan in connection.execute(plans).scalars() for text in _letter_by_letter(plan, step)}
    return bool(reach.recipients) and {recipient.lower() for recipient in reach.recipients} <= named


def _letter_by_letter(plan: Mapping[str, Any], wanted: str) -> Iterator[str]:
    for step in plan["steps"]:
        if step["id"] == wanted:
            yield from (text for text in texts(step["arguments"]) if not REFERENCE.search(text))


def targets_of(reach: Reach) -> frozenset[str]:
    return frozenset(target.lower() for target in (*reach.recipients, *reach.hosts))


# --- giving and taking back ---


def propose(connection: sa.Connection, standing: Standing, approval: Approval, reach: Reach, task: Task, now: datetime) -> Permission:
    """Keep what would be allowed, to be shown and given; nothing is allowed by it yet."""
    schedule = task.slots.get("schedule_id")
    row = {
        "id": new_id(), "person_id": approval.person_id, "schedule_id": str(schedule) if schedule else None, "tool": approval.tool,
        "targets": sorted(targets_of(reach)), "at_most": standing.a_day, "until": now + timedelta(days=standing.days), "agent": task.agent,
        "task_type": task.type, "approval_id": approval.id, "created_at": now,
    }  # fmt: skip
    connection.execute(sa.insert(PermissionRow), row)
    return _one(connection, PermissionRow.id == row["id"])


def give(connection: sa.Connection, permission_id: str, person_id: str, now: datetime) -> Permission | None:
    """One compare-and-set makes a proposal count, for the person it was shown to. None where it is given, declined, or too old."""
    number = sa.select(sa.func.coalesce(sa.func.max(PermissionRow.number), 0) + 1).where(PermissionRow.person_id == person_id)
    giving = sa.update(PermissionRow).where(
        PermissionRow.id == permission_id, PermissionRow.person_id == person_id, PermissionRow.given_at.is_(None), PermissionRow.revoked_at.is_(None),
        PermissionRow.created_at > now - PROPOSAL_LASTS,
    )  # fmt: skip
    if connection.execute(giving.values(given_at=now, number=connection.execute(number).scalar_one())).rowcount != 1:
        return None
    return _one(connection, PermissionRow.id == permission_id)


def take_back(connection: sa.Connection, permission_id: str, person_id: str, now: datetime) -> bool:
    """What was given counts no more, and what was proposed cannot be given. True once."""
    query = sa.update(PermissionRow).where(PermissionRow.id == permission_id, PermissionRow.person_id == person_id, PermissionRow.revoked_at.is_(None))
    return connection.execute(query.values(revoked_at=now)).rowcount == 1


def standing_of(connection: sa.Connection, person_id: str, now: datetime) -> list[Permission]:
    """What a person allows at present, oldest first."""
    query = sa.select(PermissionRow.__table__).where(PermissionRow.person_id == person_id, *_in_force(now)).order_by(PermissionRow.number)
    return [_from_row(row) for row in connection.execute(query)]


def find(connection: sa.Connection, permission_id: str, person_id: str) -> Permission | None:
    row = connection.execute(sa.select(PermissionRow.__table__).where(PermissionRow.id == permission_id, PermissionRow.person_id == person_id)).first()
    return _from_row(row) if row else None


def is_known(connection: sa.Connection, approval_id: str) -> bool:
    """Whether a permission came of this approval, or was declined after it."""
    known = sa.or_(PermissionRow.given_at.is_not(None), PermissionRow.revoked_at.is_not(None))
    return connection.execute(sa.select(PermissionRow.id).where(PermissionRow.approval_id == approval_id, known).limit(1)).first() is not None


def get(connection: sa.Connection, permission_id: str) -> Permission:
    return _one(connection, PermissionRow.id == permission_id)


def used_on(connection: sa.Connection, permission_id: str, person: Person, now: datetime) -> int:
    """How often it was used on the person's present day."""
    query = sa.select(sa.func.count()).where(PermissionUseRow.permission_id == permission_id, PermissionUseRow.day == _day(person, now))
    return int(connection.execute(query).scalar_one())


# --- using ---


def covers(standing: Standing, call: Call) -> bool:
    """Whether a call goes on without an approval of its own: an undoing that was pressed for, an earlier attempt that was let through, a permission.

    A permission is used up by one, unless an earlier attempt at the step did; `call.permission_id` names it.
    """
    known = effects.of_call(call.connection, call)
    used = _use_of(call)
    if used is not None:
        begun = known is not None and known.state not in effects.OPEN and known.digest == call.digest()
        if not begun and _fitting(standing, call, sa.and_(PermissionRow.id == used, *_in_force(call.now))) is None:
            return False
        call.permission_id = used
        return True
    if not (call.facts.tainted and call.facts.private) and call.task.type == UNDO and effects.is_undo_of(call.connection, call):
        return True
    if known is not None:
        return known.covered and known.digest == call.digest() and not (call.facts.tainted and call.facts.private)
    found = next(_free(standing, call), None)
    if found is None:
        return False
    _use(call, found)
    call.permission_id = found.id
    return True


def would_cover(standing: Standing, call: Call) -> bool:
    """Whether a permission fits such a call at present; nothing is used up."""
    return next(_free(standing, call), None) is not None


def _free(standing: Standing, call: Call) -> Iterator[Permission]:
    """Permissions that fit and are not used up today; locked, so that two calls at once cannot both take the last one."""
    query = sa.select(PermissionRow.id).where(PermissionRow.person_id == call.person.id, PermissionRow.tool == call.tool.name, *_in_force(call.now))
    for permission_id in list(call.connection.execute(query.order_by(PermissionRow.number).with_for_update()).scalars()):
        fitting = _fitting(standing, call, PermissionRow.id == permission_id)
        if fitting is not None and used_on(call.connection, fitting.id, call.person, call.now) < fitting.at_most:
            yield fitting


def _fitting(standing: Standing, call: Call, which: sa.ColumnElement[bool]) -> Permission | None:
    """The permission, if it is about this call: same tool, schedule or agent and type, no other targets; never what outsiders could have made of private things."""
    row = call.connection.execute(sa.select(PermissionRow.__table__).where(which)).first()
    if row is None or (call.facts.tainted and call.facts.private) or not allowable(standing, call.tool, call.reach, call.task):
        return None
    found = _from_row(row)
    schedule = call.task.slots.get("schedule_id")
    about = schedule == found.schedule_id if found.schedule_id else (found.agent, found.task_type) == (call.task.agent, call.task.type)
    return found if about and found.tool == call.tool.name and targets_of(call.reach) <= set(found.targets) else None


def _use_of(call: Call) -> str | None:
    mine = (PermissionUseRow.task_id == call.task.id, PermissionUseRow.key == call.key, PermissionUseRow.epoch == call.task.epoch)
    found: str | None = call.connection.execute(sa.select(PermissionUseRow.permission_id).where(*mine)).scalar()
    return found


def _use(call: Call, permission: Permission) -> None:
    row = {
        "task_id": call.task.id, "key": call.key, "epoch": call.task.epoch, "permission_id": permission.id, "day": _day(call.person, call.now),
        "created_at": call.now,
    }  # fmt: skip
    call.connection.execute(sa.insert(PermissionUseRow), row)
    call.connection.execute(sa.update(PermissionRow).where(PermissionRow.id == permission.id).values(used=PermissionRow.used + 1))


def _in_force(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (PermissionRow.given_at.is_not(None), PermissionRow.revoked_at.is_(None), PermissionRow.until > now)


def _day(person: Person, now: datetime) -> str:
    return now.astimezone(ZoneInfo(person.effective_zone)).date().isoformat()


def _one(connection: sa.Connection, which: sa.ColumnElement[bool]) -> Permission:
    return _from_row(connection.execute(sa.select(PermissionRow.__table__).where(which)).one())


def _from_row(row: Any) -> Permission:
    return Permission(
        row.id, row.number or 0, row.person_id, row.tool, row.agent or "", row.task_type or "", row.schedule_id, tuple(row.targets), row.at_most, row.used,
        row.until, row.created_at,
    )  # fmt: skip
