"""Asking for a credential as a step of a task: the handle where there is one, a refusal where the person gave none."""

from __future__ import annotations

import time
from collections.abc import Callable

import sqlalchemy as sa

from orchestrator.actions.credentials import Credentials, Wanted
from orchestrator.contracts import Person, Task, ToolError
from orchestrator.execution.surroundings import Surroundings
from orchestrator.tasks.journal import Step


def settle(
    connection: sa.Connection, around: Surroundings, person: Person, task: Task, key: str, wanted: Wanted, keep: Callable[[sa.Connection, Step], None], seq: int
) -> bool:
    """Journal the handle or the refusal. False: the person has been asked, and the step has not ended. Raises ToolError without a vault."""
    begun = time.perf_counter()
    house: Credentials | None = around.credentials
    if house is None:
        raise ToolError("this house keeps no credentials")
    failure, handle = None, None
    try:
        handle = house.handle_for(connection, person, task, key, wanted, around.clock.now())
    except ToolError as refusal:
        failure = {"type": "ToolError", "message": str(refusal)}
    if handle is None and failure is None:
        return False
    spent = (time.perf_counter() - begun) * 1000
    keep(connection, Step(key, "credential", wanted.service, handle, failure, None, wanted.reason, round(spent, 3), seq))
    return True
