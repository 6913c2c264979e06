"""Routes and changed settings join the audit log shortly after they were made, so that no message waits for the log's one head."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from storage.audit import AuditKind, AuditLog, Entry
from storage.models import RouteRow, SettingRow

MARK = "audit.reached"
"""The setting that says how far the log has come."""
SETTLED = timedelta(seconds=5)
"""By then a transaction that made a row has committed."""
BATCH = 500
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def sweep(connection: sa.Connection, log: AuditLog, now: datetime) -> int:
    """Append what was decided since the last time; returns how many entries."""
    reached = connection.execute(sa.select(SettingRow.value).where(SettingRow.key == MARK).with_for_update()).scalar() or {}
    since, until = _instant(reached), now - SETTLED
    made = sa.select(RouteRow.__table__).where(RouteRow.created_at > since, RouteRow.created_at <= until).order_by(RouteRow.created_at).limit(BATCH)
    routes = connection.execute(made).all()
    if len(routes) == BATCH:
        until = routes[-1].created_at
    changed = sa.select(SettingRow.__table__).where(SettingRow.changed_at > since, SettingRow.changed_at <= until, SettingRow.key != MARK)
    settings = connection.execute(changed).all()
    for row in routes:
        log.append(connection, Entry(AuditKind.ROUTE, row.intent, row.created_at, row.person_id, row.task_id, _route(row)))
    for row in settings:
        log.append(connection, Entry(AuditKind.CONFIGURATION, row.key, row.changed_at, row.changed_by, None, {"value": row.value}))
    if routes or settings:
        _reach(connection, until, now)
    return len(routes) + len(settings)


def _route(row: Any) -> dict[str, Any]:
    return {"agent": row.agent, "method": row.method, "confidence": round(row.confidence, 4), "accepted": row.accepted}


def _instant(reached: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(reached["at"]) if "at" in reached else BEGINNING


def _reach(connection: sa.Connection, until: datetime, now: datetime) -> None:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    values = {"key": MARK, "value": {"at": until.isoformat()}, "changed_by": None, "changed_at": now}
    new = insert(SettingRow).values(**values)
    connection.execute(new.on_conflict_do_update(index_elements=["key"], set_={"value": new.excluded.value, "changed_at": new.excluded.changed_at}))
