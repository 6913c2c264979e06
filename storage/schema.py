"""The schema is brought up to date at start, under a lock; one made by a newer version is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

HEAD = "0003"
"""The newest revision in storage/migrations/versions; a test holds the two equal."""
LOCK = 0x6D616A6F
"""Postgres advisory lock taken while migrating."""
WITHOUT_HURRY = sa.text("SET LOCAL idle_in_transaction_session_timeout = 0")
"""Alembic computes between its statements; on a busy machine that takes longer than a transaction of ours may be idle."""


class SchemaTooNew(Exception):
    """The database was made by a newer version of Majordomo."""


def ensure(engine: sa.Engine) -> None:
    """Migrate if needed. Costs one query when there is nothing to do. Raises SchemaTooNew."""
    if revision(engine) == HEAD:
        return
    from alembic import command

    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(WITHOUT_HURRY)
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        configuration = alembic_config(connection)
        known = {script.revision for script in _scripts(configuration).walk_revisions()}
        present = _revision(connection)
        if present is not None and present not in known:
            raise SchemaTooNew(f"the database has schema {present}, this version knows {HEAD}: update Majordomo, or restore an older backup")
        command.upgrade(configuration, "head")


def revision(engine: sa.Engine) -> str | None:
    """The schema revision of a database; None when it has none."""
    with engine.connect().execution_options(reading=True) as connection:
        return _revision(connection)


def alembic_config(connection: sa.Connection) -> Any:
    """Alembic's configuration, made in code: there is no ini file."""
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    configuration.set_main_option("path_separator", "os")
    configuration.attributes["connection"] = connection
    return configuration


def _scripts(configuration: Any) -> Any:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(configuration)


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return found
