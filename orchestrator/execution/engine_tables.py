"""DBOS's tables on SQLite, made in the transaction that queues the first job.

DBOS makes them on a connection of its own. Where that job is being queued nobody else may write, so it would wait for
us and we for it. These are its statements and its record of them, on our connection.
"""

from __future__ import annotations

import sqlalchemy as sa

_NAMED = sa.text("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'dbos_migrations'")
_VERSION = sa.text("SELECT coalesce(max(version), 0) FROM dbos_migrations")


def ensure(connection: sa.Connection) -> None:
    """Bring DBOS's tables up to date. Costs a look when they are; undone with the transaction that it is part of."""
    from dbos._migration import sqlite_migrations  # noqa: PLC0415 - loaded when there is durable work

    if not connection.execute(_NAMED).scalar():
        connection.execute(sa.text("CREATE TABLE dbos_migrations (version INTEGER NOT NULL PRIMARY KEY)"))
    made = int(connection.execute(_VERSION).scalar_one())
    if made >= len(sqlite_migrations):
        return
    for migration in sqlite_migrations[made:]:
        for statement in filter(None, map(str.strip, migration.split(";"))):
            connection.execute(sa.text(statement))
    connection.execute(sa.text("DELETE FROM dbos_migrations"))
    connection.execute(sa.text("INSERT INTO dbos_migrations (version) VALUES (:version)"), {"version": len(sqlite_migrations)})


def claimed_by(connection: sa.Connection, executor_id: str) -> dict[str, str]:
    """The runs that a worker has claimed and not ended, by their ids, and the queue of each. Unlike DBOS's own, this look does not try for ever."""
    flows = sa.table(
        "workflow_status", *map(sa.column, ("workflow_uuid", "queue_name", "status", "executor_id")), schema=_schema(connection)
    )  # fmt: skip
    claimed = sa.select(flows.c.workflow_uuid, flows.c.queue_name).where(flows.c.status == "PENDING", flows.c.executor_id == executor_id)
    return {row.workflow_uuid: row.queue_name for row in connection.execute(claimed)}


def _schema(connection: sa.Connection) -> str | None:
    return None if connection.dialect.name == "sqlite" else "dbos"


def forget(connection: sa.Connection, person_id: str) -> None:
    """Delete what DBOS keeps of a person's runs: their id is the key by which its queues share out turns."""
    schema = _schema(connection)
    inspector = sa.inspect(connection)
    names = inspector.get_table_names(schema=schema)
    if "workflow_status" not in names:
        return
    flows = sa.table("workflow_status", sa.column("workflow_uuid"), sa.column("queue_partition_key"), schema=schema)
    theirs = sa.select(flows.c.workflow_uuid).where(flows.c.queue_partition_key == person_id)
    for name in names:
        if name != flows.name and any(column["name"] == "workflow_uuid" for column in inspector.get_columns(name, schema=schema)):
            rows = sa.table(name, sa.column("workflow_uuid"), schema=schema)
            connection.execute(sa.delete(rows).where(rows.c.workflow_uuid.in_(theirs)))
    connection.execute(sa.delete(flows).where(flows.c.queue_partition_key == person_id))
