"""What the engine runs: one segment of one task, or a message that waits for the language model."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.actions import budgets
from orchestrator.contracts import Person, Task
from orchestrator.execution.hands import Fenced
from orchestrator.execution.runner import Runner
from orchestrator.tasks import journal, manager
from orchestrator.tasks.journal import Step
from orchestrator.tasks.people import person_of
from orchestrator.triage.desk import Desk
from orchestrator.triage.model_classifier import ModelClassifier, ModelDecision
from orchestrator.triage.turn import Services
from storage.database import Database, database_failed

CLASSIFY = "classify"
"""The key under which the model's answer stands in the books."""
AGAIN = 1.0
"""Seconds between two tries of a segment whose database is away."""
MOST_FRUITLESS = 5
"""Tries without a further step after which a cut counts as an attempt of the task: it may be a line of the task's own that is cut."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Begun:
    task: Task
    person: Person
    steps: dict[str, Step]


@dataclass(frozen=True, slots=True)
class _Lost:
    """What was held when the database failed, and how often it was tried since to begin anew without hearing whether that came in."""

    held: Task | None
    unheard: int

    def is_anothers(self, connection: sa.Connection) -> bool:
        """Each begin raises the lease by one; who takes a task over raises it before beginning, too."""
        if self.held is None:
            return False
        found = manager.load(connection, self.held.id)
        return found is None or found.lease > self.held.lease + self.unheard


@dataclass(frozen=True, slots=True)
class Segments:
    """Called by the engine with a task id and a segment number; a segment that is not the present one is left alone."""

    database: Database
    runner: Runner
    desk: Desk
    services: Services
    model: ModelClassifier | None = None

    async def run(self, task_id: str, number: int) -> None:
        """To its end. Where the database goes away in the middle it is begun anew from the journal, as after a crash, unless somebody else took it over."""
        held: Task | None = None
        unheard = fruitless = known = 0
        while True:
            try:
                begun = await self.database.write(lambda connection, lost=_Lost(held, unheard): self._begin(connection, task_id, number, lost), key=task_id)  # type: ignore[misc]
            except SQLAlchemyError as error:
                unheard += 1
                await _wait_for_database(error, task_id, number)
                continue
            if begun is None:
                return
            fruitless = fruitless + 1 if held is not None and len(begun.steps) == known else 0
            held, unheard, known = begun.task, 0, len(begun.steps)
            try:
                return await self._do(begun, cuts_count=fruitless >= MOST_FRUITLESS)
            except SQLAlchemyError as error:
                await _wait_for_database(error, task_id, number)

    async def _do(self, begun: _Begun, cuts_count: bool) -> None:
        if begun.task.type == "triage":
            await self._classify(begun.task, begun.person)
            return
        hand = Fenced(self.database, self.runner.around.clock)
        await self.runner.run_segment(begun.task, begun.person, hand, begun.steps, cuts_count=cuts_count)

    def _begin(self, connection: sa.Connection, task_id: str, number: int, lost: _Lost) -> _Begun | None:
        if lost.is_anothers(connection):
            return None
        task = manager.take(connection, task_id, number, self.runner.around.clock.now())
        if task is None:
            return None
        return _Begun(task, person_of(connection, task.person_id), journal.read(connection, task_id))

    async def _classify(self, task: Task, person: Person) -> None:
        """One question to the model, in the books like every other; where the budget does not allow it, the person is asked by buttons instead."""
        decision = ModelDecision(None)
        model = self.model
        if model is not None and await self.database.write(lambda connection: self._reserve(connection, task, person, model), key=task.id):
            decision = await model.decide(task.text, task.language, self.services.cascade())

        def settle(connection: sa.Connection) -> None:
            budgets.settle(connection, task, CLASSIFY, decision.credits, self.runner.around.clock.now(), tokens=decision.tokens)
            self.desk.decided_by_model(connection, task.id, decision.route)

        await self.database.write(settle, key=task.chat_id or task.id)

    def _reserve(self, connection: sa.Connection, task: Task, person: Person, model: ModelClassifier) -> bool:
        """Set aside what it may cost at most. What an attempt left open that was cut off in the middle counts in full: it may have been paid for."""
        now, rules = self.runner.around.clock.now(), self.runner.around.dispatcher.rules
        budgets.settle(connection, task, CLASSIFY, budgets.reserved(connection, task, CLASSIFY), now)
        limits = budgets.limits_for(rules.policy.budgets, person, task, now)
        worst = model.worst(task.text)
        return budgets.reserve(connection, person, task, CLASSIFY, model.model.name, worst, limits, now) is None


async def _wait_for_database(error: SQLAlchemyError, task_id: str, number: int) -> None:
    """Raises the error where it is not the database that failed."""
    if not database_failed(error):
        raise error
    logger.warning("the database failed; the segment is begun anew", extra={"task": task_id, "segment": number, "error": type(error).__name__})
    await asyncio.sleep(AGAIN)
