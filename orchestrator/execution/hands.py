"""Where a running agent's writes go: into the message's transaction (instant lane) or into one of their own (durable lane)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

import sqlalchemy as sa

from orchestrator.contracts import Clock, Task
from orchestrator.tasks import manager
from storage.database import Database

T = TypeVar("T")


class Hand(Protocol):
    """Runs one journaled write for a task. Raises LostRace when the task is no longer this run's."""

    instant: bool

    async def write(self, task: Task, work: Callable[[sa.Connection], T]) -> T: ...

    async def write_anyway(self, task: Task, work: Callable[[sa.Connection], T]) -> T:
        """Record what has happened in the world, whoever owns the task by now."""
        ...


class InTransaction:
    """The instant lane: everything happens in the transaction that handles the message; nothing is ever awaited."""

    instant = True

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    async def write(self, task: Task, work: Callable[[sa.Connection], T]) -> T:
        return work(self._connection)

    async def write_anyway(self, task: Task, work: Callable[[sa.Connection], T]) -> T:
        return work(self._connection)


class Fenced:
    """The durable lane: each step is a transaction that first checks that nobody stopped, corrected or took over the task."""

    instant = False

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def write(self, task: Task, work: Callable[[sa.Connection], T]) -> T:
        def fenced(connection: sa.Connection) -> T:
            manager.guard(connection, task, self._clock.now())
            return work(connection)

        return await self._database.write(fenced, key=task.id)

    async def write_anyway(self, task: Task, work: Callable[[sa.Connection], T]) -> T:
        return await self._database.write(work, key=task.id)
