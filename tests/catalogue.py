"""A small catalogue of the tests' own: agents and tools given by hand, with the house's real engine around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pydantic

from orchestrator.actions.dispatcher import Dispatcher
from orchestrator.contracts import Agent, Clock, Context, Effect, Json, Lane, Outcome, Task, Tool, ToolScope
from orchestrator.execution.engine import Engine
from orchestrator.execution.runner import Limits, Runner
from orchestrator.execution.surroundings import Surroundings
from orchestrator.words import Catalogues
from storage.database import Database

Process = Callable[[Task, Context], Any]


@dataclass
class ScriptedAgent:
    """An agent whose `process` is a function of the test."""

    name: str
    script: Process
    lane: Lane = Lane.DURABLE
    task_types: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.task_types = self.task_types or frozenset({self.name})

    def can_handle(self, task: Task) -> bool:
        return task.type in self.task_types

    async def process(self, task: Task, context: Context) -> Outcome:
        outcome: Outcome = await self.script(task, context)
        return outcome


class Loose(pydantic.BaseModel):
    """Any arguments."""

    model_config = pydantic.ConfigDict(extra="allow")


@dataclass
class ScriptedTool:
    """A tool that is a function of the test, and counts its calls."""

    name: str
    script: Callable[[ToolScope, Any], Json]
    effect: Effect = Effect.READ
    version: int = 1
    description: str = "of the tests"
    arguments: type[pydantic.BaseModel] = Loose
    calls: list[Any] = field(default_factory=list)

    def run(self, scope: ToolScope, arguments: Any) -> Json:
        self.calls.append(arguments)
        return self.script(scope, arguments)


@dataclass
class SmallCatalogue:
    agents: Sequence[Agent] = ()
    tools: Sequence[Tool] = ()

    def agent(self, name: str) -> Agent | None:
        return next((agent for agent in self.agents if agent.name == name), None)

    def agent_for(self, task_type: str) -> Agent | None:
        return next((agent for agent in self.agents if task_type in agent.task_types), None)

    def tool(self, name: str) -> Tool | None:
        return next((tool for tool in self.tools if tool.name == name), None)


@dataclass
class Recording:
    """A queue that only remembers what it was given."""

    jobs: list[tuple[str, int, float]] = field(default_factory=list)

    def enqueue(self, connection: Any, task: Task, *, delay: float = 0.0) -> None:
        self.jobs.append((task.id, task.segment, delay))


def make_runner(database: Database, clock: Clock, catalogue: SmallCatalogue, queue: Any = None, limits: Limits | None = None) -> Runner:
    queue = queue if queue is not None else Engine(database, clock)
    words = Catalogues()
    around = Surroundings(catalogue, queue, Dispatcher(catalogue, clock, words), clock, words)
    return Runner(catalogue, around, queue, limits)
