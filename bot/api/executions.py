"""/tasks/{task}/executions and /trace: the journal, step by step; what counts no more is marked."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

import sqlalchemy as sa
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from bot.api import pages
from bot.api.access import InHouse
from bot.api.fields import Anything, Cursor, Limit, TaskReference
from bot.api.pages import Page
from bot.api.task_views import TaskView
from bot.api.tasks import Reading, of_caller
from orchestrator.contracts import Method, Route
from orchestrator.tasks import listing, routes, traces
from orchestrator.tasks.traces import Deed, Execution

MOST_STEPS = 1000


class ExecutionView(BaseModel):
    """One step: what was thought, called, given and got."""

    id: str
    seq: int
    key: str
    kind: str = Field(examples=["tool"])
    name: str = Field(description="The tool, where one was called.")
    reasoning: str | None
    input: Anything
    output: Anything
    error: dict[str, Any] | None
    tokens: int
    credits: float
    duration_ms: float
    segment: int = Field(description="The run that it belongs to.")
    epoch: int
    voided: bool = Field(description="A correction or a retry took its place: it counts no more.")
    created_at: datetime

    @classmethod
    def of(cls, step: Execution) -> Self:
        return cls.model_validate(step, from_attributes=True)


class DecisionView(BaseModel):
    """Why the request went where it went."""

    text: str
    intent: str
    task_type: str
    agent: str
    confidence: float
    method: Method
    runner_up: str | None
    runner_up_confidence: float

    @classmethod
    def of(cls, route: Route) -> Self:
        return cls.model_validate(route, from_attributes=True)


class EffectView(BaseModel):
    """Something done to the world."""

    id: str
    tool: str
    state: str = Field(examples=["done"])
    summary: str
    approval_id: str | None
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, deed: Deed) -> Self:
        return cls.model_validate(deed, from_attributes=True)


class Trace(BaseModel):
    """Everything that became of a request."""

    task: TaskView
    decision: DecisionView | None
    steps: list[ExecutionView] = Field(description=f"At most {MOST_STEPS}; the rest is under /executions.")
    effects: list[EffectView]
    tokens: int
    credits: float
    duration_ms: float


def router() -> APIRouter:
    made = APIRouter(tags=["executions"])
    made.add_api_route("/tasks/{task}/executions", executions, methods=["GET"])
    made.add_api_route("/tasks/{task}/trace", trace, methods=["GET"])
    return made


async def executions(request: Request, task: TaskReference, caller: Reading, house: InHouse, limit: Limit = 50, cursor: Cursor = None) -> Page[ExecutionView]:
    """The steps of a task, oldest first."""
    seq, _, step_id = pages.after(request, cursor).partition(":")
    after = (int(seq), step_id) if seq.isdecimal() and len(seq) < 10 else (-1, "")

    def work(connection: sa.Connection) -> list[Execution]:
        return traces.executions(connection, of_caller(connection, caller, task).id, limit + 1, after=after)

    found = await house.database.read(work)
    shown, following = pages.page_of(request, found, limit, lambda step: f"{step.seq}:{step.id}")
    return Page[ExecutionView](items=[ExecutionView.of(step) for step in shown], next=following)


async def trace(task: TaskReference, caller: Reading, house: InHouse) -> Trace:
    """A task's whole story: why it went where it went, each step with its reasoning, what it did to the world, what it cost."""

    def work(connection: sa.Connection) -> Trace:
        found = of_caller(connection, caller, task)
        steps = traces.executions(connection, found.id, MOST_STEPS)
        route = routes.of_task(connection, caller.person.id, found.id)
        return Trace(
            task=TaskView.of(listing.sheet(connection, caller.person.id, found.id)), decision=DecisionView.of(route) if route else None,
            steps=[ExecutionView.of(step) for step in steps], effects=[EffectView.of(deed) for deed in traces.deeds(connection, found.id)],
            tokens=sum(step.tokens for step in steps), credits=sum(step.credits for step in steps), duration_ms=sum(step.duration_ms for step in steps),
        )  # fmt: skip

    return await house.database.read(work)
