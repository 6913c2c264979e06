"""Children of a running task."""

from __future__ import annotations

import sqlalchemy as sa

from orchestrator.actions import taint
from orchestrator.contracts import FatalError, Json, Task
from orchestrator.execution.surroundings import Surroundings
from orchestrator.tasks import agent_log, family, manager
from orchestrator.tasks.manager import NewTask


def start(connection: sa.Connection, parent: Task, key: str, task_type: str, slots: dict[str, Json], around: Surroundings) -> None:
    """Create the child of a step and queue it, once."""
    if any(child_key == key for child_key in family.child_keys(connection, parent)):
        return
    agent = around.catalogue.agent_for(task_type)
    if agent is None:
        raise FatalError(f"no agent takes {task_type}")
    new = NewTask(
        type=task_type, agent=agent.name, person_id=parent.person_id, chat_id=parent.chat_id, language=parent.language,
        title=parent.title, text=str(slots.get("text", "")), slots=slots, priority=parent.priority, parent_id=parent.id, parent_key=key,
    )  # fmt: skip
    now = around.clock.now()
    child = manager.create(connection, new, now)
    taint.inherit(connection, child.id, [parent.id])
    agent_log.record(connection, child, agent_log.DELEGATED, now, details={"parent": parent.number})
    around.queue.enqueue(connection, child)
