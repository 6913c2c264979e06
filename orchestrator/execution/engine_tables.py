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
