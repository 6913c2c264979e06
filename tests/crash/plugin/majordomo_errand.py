"""An installed plugin with durable work: many small steps, and rounds of telling and asking; effects that can be counted outside our database."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass

import pydantic
import sqlalchemy as sa

from orchestrator.contracts import Card, Context, Done, Effect, Json, Lane, Outcome, Task, ToolScope
from storage.models import NotificationRow, new_id

STEPS = 20
PAUSE = 0.4
ROUNDS = 3
SHORT_PAUSE = 0.05
STEPS_HERE = "ERRAND_STEPS"
"""The environment variable that makes an errand longer."""
FILE = "ERRAND_FILE"
"""The environment variable that names the file to which each step is noted, too, with the process that did it."""


class Number(pydantic.BaseModel):
    number: int


@dataclass
class Note:
    """Leaves one row for each step done, and a line in the file."""

    name: str = "errand.note"
    version: int = 1
    description: str = "Note a step."
    effect: Effect = Effect.IRREVERSIBLE
    arguments: type[pydantic.BaseModel] = Number

    def run(self, scope: ToolScope, arguments: Number) -> Json:
        row = {
            "id": new_id(),
            "person_id": scope.person.id,
            "chat_id": scope.task.chat_id,
            "kind": "errand",
            "title": f"{scope.task.id}:{arguments.number}",
            "created_at": scope.now,
        }
        scope.connection.execute(sa.insert(NotificationRow), row)
        if FILE in os.environ:
            _append(os.environ[FILE], f"{os.getpid()} {scope.task.id} {arguments.number}\n")
        return arguments.number


def _append(path: str, line: str) -> None:
    """In one piece, whoever else writes there."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


class Errand:
    """Many steps in one segment."""

    name = "errand"
    task_types = frozenset({"errand"})
    lane = Lane.DURABLE

    def can_handle(self, task: Task) -> bool:
        return task.type == "errand"

    async def process(self, task: Task, context: Context) -> Outcome:
        for number in range(int(os.environ.get(STEPS_HERE, STEPS))):
            with context.scope(number):
                await context.call("errand.note", key="note", number=number)
            await asyncio.sleep(PAUSE)
        return Done(Card(f"errand done: {task.text}"))


class Rounds:
    """Several segments: each round tells, notes, and waits for the person to say that it may go on."""

    name = "rounds"
    task_types = frozenset({"rounds"})
    lane = Lane.DURABLE

    def can_handle(self, task: Task) -> bool:
        return task.type == "rounds"

    async def process(self, task: Task, context: Context) -> Outcome:
        code = task.text.split()[-1]
        for number in range(ROUNDS):
            await context.say(f"{code} round {number}", key=f"say-{number}")
            await asyncio.sleep(SHORT_PAUSE)
            await context.call("errand.note", key=f"note-{number}", number=number)
            await context.ask(f"free-go-{number}", f"{code} go on after {number}?")
        return Done(Card(f"{code} done"))
