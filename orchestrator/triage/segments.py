"""What the engine runs: one segment of one task, or a message that waits for the language model."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from orchestrator.contracts import Person, Task
from orchestrator.execution.hands import Fenced
from orchestrator.execution.runner import Runner
from orchestrator.tasks import journal, manager
from orchestrator.tasks.journal import Step
from orchestrator.tasks.people import person_of
from orchestrator.triage.desk import Desk
from orchestrator.triage.model_classifier import ModelClassifier
from orchestrator.triage.turn import Services
from storage.database import Database
from storage.models import TaskRow


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
            await self._classify(begun.task)
            return
        hand = Fenced(self.database, self.runner.around.clock)
        await self.runner.run_segment(begun.task, begun.person, hand, begun.steps)

    def _begin(self, connection: sa.Connection, task_id: str, number: int) -> _Begun | None:
        task = manager.take(connection, task_id, number, self.runner.around.clock.now())
        if task is None:
            return None
        return _Begun(task, person_of(connection, task.person_id), journal.read(connection, task_id))

    async def _classify(self, task: Task) -> None:
        route, tokens = None, 0
        if self.model is not None:
            decision = await self.model.decide(task.text, task.language, self.services.cascade())
            route, tokens = decision.route, decision.tokens

        def settle(connection: sa.Connection) -> None:
            connection.execute(sa.update(TaskRow).where(TaskRow.id == task.id).values(tokens=TaskRow.tokens + tokens))
            self.desk.decided_by_model(connection, task.id, route)

        await self.database.write(settle, key=task.chat_id or task.id)
