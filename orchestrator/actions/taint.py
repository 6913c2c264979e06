"""Two marks of a task that never come off: content that outsiders wrote was read, and something of the person's own was."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from orchestrator.actions.policy import Facts
from orchestrator.contracts import Person, Task
from orchestrator.outside import Result
from storage.models import PersonRow, TaskRow

SOURCES_KEPT = 20

# Built once: judging a call takes this, and building it costs more than running it.
_FACTS = (
    sa.select(TaskRow.sources, TaskRow.private, TaskRow.hosts, PersonRow.settings)
    .join(PersonRow, PersonRow.id == sa.bindparam("person"))
    .where(TaskRow.id == sa.bindparam("task"))
)


def facts(connection: sa.Connection, person: Person, task: Task) -> Facts:
    """What policy judges a call by."""
    row = connection.execute(_FACTS, {"person": person.id, "task": task.id}).one()
    own = frozenset(str(address).lower() for address in row.settings.get("addresses", []))
    return Facts(own, tuple(row.sources), bool(row.private), frozenset(row.hosts))


def mark(connection: sa.Connection, task: Task, result: Result) -> None:
    """Keep what a result brought in."""
    if not result.source and not result.private:
        return
    row = connection.execute(sa.select(TaskRow.sources, TaskRow.private).where(TaskRow.id == task.id)).one()
    sources = list(row.sources)
    if result.source and result.source not in sources:
        sources = [*sources, result.source[:200]][:SOURCES_KEPT]
    if sources != list(row.sources) or (result.private and not row.private):
        connection.execute(sa.update(TaskRow).where(TaskRow.id == task.id).values(sources=sources, private=row.private or result.private))


def inherit(connection: sa.Connection, to_task_id: str, from_task_ids: Iterable[str]) -> None:
    """A child, parent or follower gets the marks of the tasks whose content it is handed."""
    wanted = [task_id for task_id in (to_task_id, *from_task_ids) if task_id]
    rows = connection.execute(sa.select(TaskRow.id, TaskRow.sources, TaskRow.private).where(TaskRow.id.in_(wanted))).all()
    sources = list(dict.fromkeys(source for row in rows for source in row.sources))[:SOURCES_KEPT]
    private = any(row.private for row in rows)
    if sources or private:
        connection.execute(sa.update(TaskRow).where(TaskRow.id == to_task_id).values(sources=sources, private=private))


def allow_hosts(connection: sa.Connection, task: Task, hosts: Iterable[str]) -> None:
    """Hosts that an approved plan names join the task's allow-list."""
    present = connection.execute(sa.select(TaskRow.hosts).where(TaskRow.id == task.id)).scalar_one()
    connection.execute(sa.update(TaskRow).where(TaskRow.id == task.id).values(hosts=sorted({*present, *hosts})))
