"""An installed agent with durable work: many small steps, each an effect that can be counted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pydantic
import sqlalchemy as sa

from orchestrator.contracts import Card, Context, Done, Effect, Json, Lane, Outcome, Task, ToolScope
from storage.models import ExampleRow, new_id

STEPS = 20
PAUSE = 0.4


class Number(pydantic.BaseModel):
    number: int


@dataclass
class Note:
    """Leaves one row for each step done."""

    name: str = "errand.note"
    version: int = 1
    description: str = "Note a step."
    effect: Effect = Effect.IRREVERSIBLE
    arguments: type[pydantic.BaseModel] = Number

    def run(self, scope: ToolScope, arguments: Number) -> Json:
        row = {
            "id": new_id(),
            "person_id": scope.person.id,
            "text": f"{scope.task.id}:{arguments.number}",
            "intent": "errand",
            "language": "en",
            "created_at": scope.now,
        }
        scope.connection.execute(sa.insert(ExampleRow), row)
        return arguments.number


class Errand:
    name = "errand"
    task_types = frozenset({"errand"})
    lane = Lane.DURABLE

    def can_handle(self, task: Task) -> bool:
        return task.type == "errand"

    async def process(self, task: Task, context: Context) -> Outcome:
        for number in range(STEPS):
            with context.scope(number):
                await context.call("errand.note", key="note", number=number)
            await asyncio.sleep(PAUSE)
        return Done(Card(f"errand done: {task.text}"))
