"""Two marks of a task that never come off: content that outsiders wrote was read, and something of the person's own was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from orchestrator.actions.policy import Facts
from orchestrator.contracts import Person, Task
from orchestrator.outside import Result
from storage.models import IdentityRow, PersonRow, TaskRow

SOURCES_KEPT = 20
NOBODY: Mapping[str, Sequence[str]] = {}

# Built once: judging a call takes this, and building it costs more than running it.
_FACTS = (
    sa.select(TaskRow.sources, TaskRow.private, TaskRow.hosts, PersonRow.settings)
    .join(PersonRow, PersonRow.id == sa.bindparam("person"))
    .where(TaskRow.id == sa.bindparam("task"))
)


def facts(connection: sa.Connection, person: Person, task: Task, addresses: Mapping[str, Sequence[str]] = NOBODY) -> Facts:
    """What policy judges a call by; `addresses` are people's own, by channel:id."""
    row = connection.execute(_FACTS, {"person": person.id, "task": task.id}).one()
    own = _own_addresses(connection, person, addresses) if addresses else frozenset[str]()
    return Facts(own, tuple(row.sources), bool(row.private), frozenset(row.hosts))


def _own_addresses(connection: sa.Connection, person: Person, addresses: Mapping[str, Sequence[str]]) -> frozenset[str]:
    query = sa.select(IdentityRow.channel, IdentityRow.external_id).where(IdentityRow.person_id == person.id)
    names = [f"{row.channel}:{row.external_id}" for row in connection.execute(query)]
    return frozenset(address.lower() for name in names for address in addresses.get(name, ()))


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
