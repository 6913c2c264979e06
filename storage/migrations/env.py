"""Alembic's entry: runs the migrations over the connection that `storage.schema` hands it."""

from __future__ import annotations

from alembic import context

from storage.models import Base


def ours(name: str | None, kind: str, _parents: object) -> bool:
    """DBOS keeps its tables in the same database; migrations leave them alone."""
    return kind != "table" or name in Base.metadata.tables


connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=Base.metadata, include_name=ours, render_as_batch=connection.dialect.name == "sqlite", compare_type=True
)
with context.begin_transaction():
    context.run_migrations()
