"""Standing permissions: this tool, these targets, at most so often, until a date. Given by a person, never by a model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from orchestrator.actions import effects
from orchestrator.actions.calls import Call
from storage.models import PermissionRow, new_id

UNDO = "undo"
"""The task type that takes an effect back: a person pressed for exactly this."""


def give(
    connection: sa.Connection,
    person_id: str,
    tool: str,
    targets: Sequence[str],
    at_most: int,
    until: datetime,
    now: datetime,
    *,
    schedule_id: str | None = None,
) -> str:
    """Allow repeats of a tool to exactly these recipients or hosts; returns the permission's id."""
    permission_id = new_id()
    connection.execute(
        sa.insert(PermissionRow),
        {
            "id": permission_id, "person_id": person_id, "schedule_id": schedule_id, "tool": tool, "targets": sorted({target.lower() for target in targets}),
            "at_most": at_most, "until": until, "created_at": now,
        },
    )  # fmt: skip
    return permission_id


def revoke(connection: sa.Connection, permission_id: str, person_id: str, now: datetime) -> bool:
    query = sa.update(PermissionRow).where(PermissionRow.id == permission_id, PermissionRow.person_id == person_id, PermissionRow.revoked_at.is_(None))
    return connection.execute(query.values(revoked_at=now)).rowcount == 1


def covers(connection: sa.Connection, call: Call) -> bool:
    """Whether a permission of the person covers this call; uses it up by one, unless an earlier attempt at the step did.

    What came from outsiders is never covered: a permission is for what the person foresaw.
    """
    if call.facts.tainted and call.facts.private:
        return False
    if call.task.type == UNDO and effects.is_undo_of(connection, call):
        return True
    known = effects.of_call(connection, call)
    if known is not None:
        return known.covered
    targets = {target.lower() for target in (*call.reach.recipients, *call.reach.hosts)}
    schedule = call.task.slots.get("schedule_id")
    mine = (
        PermissionRow.person_id == call.person.id, PermissionRow.tool == call.tool.name, PermissionRow.revoked_at.is_(None), PermissionRow.until > call.now,
        PermissionRow.used < PermissionRow.at_most, sa.or_(PermissionRow.schedule_id.is_(None), PermissionRow.schedule_id == schedule),
    )  # fmt: skip
    for row in connection.execute(sa.select(PermissionRow.id, PermissionRow.targets).where(*mine)):
        if targets and targets <= set(row.targets):
            using = sa.update(PermissionRow).where(PermissionRow.id == row.id, PermissionRow.used < PermissionRow.at_most)
            if connection.execute(using.values(used=PermissionRow.used + 1)).rowcount == 1:
                return True
    return False
