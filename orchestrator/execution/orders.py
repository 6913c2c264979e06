"""Work that no message sets off: what a schedule or an autonomous run begins, as if the person had asked for it just then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from orchestrator.contracts import Json, Lane, Person, Task, TaskState
from orchestrator.execution.runner import Runner
from orchestrator.tasks import agent_log, manager
from orchestrator.tasks.manager import NewTask


@dataclass(frozen=True, slots=True)
class Order:
    """A request that was understood when it was given: its type, its words and their language, its details."""

    type: str
    text: str
    language: str
    slots: Mapping[str, Json] = field(default_factory=dict)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Order:
        return cls(str(kept["type"]), str(kept["text"]), str(kept["language"]), dict(kept["slots"]))

    def as_json(self) -> dict[str, Json]:
        return {"type": self.type, "text": self.text, "language": self.language, "slots": dict(self.slots)}


def begin(connection: sa.Connection, runner: Runner, person: Person, chat_id: str, order: Order, now: datetime, origin: Mapping[str, Json]) -> Task | None:
    """Create and start the task; `origin` says in the agent log what set it off. None where no agent takes such tasks any more."""
    agent = runner.catalogue.agent_for(order.type)
    if agent is None:
        return None
    new = NewTask(
        type=order.type, agent=agent.name, person_id=person.id, chat_id=chat_id, language=order.language, title=order.text, text=order.text, slots=order.slots
    )  # fmt: skip
    state = TaskState.IN_PROGRESS if agent.lane is Lane.INSTANT else TaskState.PENDING
    task = manager.create(connection, new, now, state=state)
    agent_log.record(connection, task, agent_log.CREATED, now, details=dict(origin))
    return runner.start(connection, task, person)
