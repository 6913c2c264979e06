"""What the engine runs: one segment of one task, or a message that waits for the language model."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

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
from storage.database import Database

CLASSIFY = "classify"
"""The key under which the model's answer stands in the books."""


@dataclass(frozen=True, slots=True)
class _Begun:
    task: Task
    person: Person
    steps: dict[str, Step]


@dataclass(frozen=True, slots=True)
class Segments:
    """Called by the engine with a task id and a segment number; a segment that is not the present one is left alone."""

    database: Database
    runner: Runner
    desk: Desk
    services: Services
    model: ModelClassifier | None = None

    async def run(self, task_id: str, number: int) -> None:
        begun = await self.database.write(lambda connection: self._begin(connection, task_id, number), key=task_id)
        if begun is None:
            return
        if begun.task.type == "triage":
            await self._classify(begun.task, begun.person)
            return
        hand = Fenced(self.database, self.runner.around.clock)
        await self.runner.run_segment(begun.task, begun.person, hand, begun.steps)

    def _begin(self, connection: sa.Connection, task_id: str, number: int) -> _Begun | None:
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
