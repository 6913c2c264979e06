"""/agents: the specialists of this house, what they did, and how it went day by day."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, Field

from bot.api import rows
from bot.api.access import Caller, InHouse, caller
from bot.api.fields import Cursor, Limit
from bot.api.pages import Page
from bot.api.problems import not_found
from bot.app import House
from orchestrator.contracts import Lane
from orchestrator.tasks import statistics
from storage.models import AgentLogRow

Deed = Literal["created", "delegated", "processed", "completed", "failed"]
Reading = Annotated[Caller, Depends(caller("tasks:read"))]
Counting = Annotated[Caller, Depends(caller("statistics:read"))]
AgentName = Annotated[str, Path(max_length=64, examples=["reminders"])]


class AgentView(BaseModel):
    """A specialist."""

    name: str
    task_types: list[str]
    lane: Lane = Field(description="instant: answers at once; durable: works in the background.")


class AgentList(BaseModel):
    items: list[AgentView]


class AgentLogView(BaseModel):
    """Something an agent did."""

    id: str
    task_id: str
    agent: str
    action: Deed
    details: dict[str, Any]
    duration_ms: float | None
    created_at: datetime


class AgentDayView(BaseModel):
    """What an agent ended on one day of yours. The average goes from start to completion; the success rate is in percent of what ended."""

    day: date
    agent: str
    completed: int
    failed: int
    cancelled: int
    success_rate: float
    average_ms: float
    tokens: int
    credits: float


class AgentDays(BaseModel):
    """Latest first; days without anything are left out."""

    items: list[AgentDayView]


Days = Annotated[int, Query(ge=1, le=90, description="How many days back.")]


def router() -> APIRouter:
    made = APIRouter(tags=["agents"])
    made.add_api_route("/agents", listed, methods=["GET"])
    made.add_api_route("/agents/logs", logs, methods=["GET"])
    made.add_api_route("/agents/metrics", metrics, methods=["GET"])
    made.add_api_route("/agents/{agent}", read, methods=["GET"])
    made.add_api_route("/agents/{agent}/metrics", metrics_of, methods=["GET"])
    return made


async def listed(caller: Reading, house: InHouse) -> AgentList:
    """Every agent, installed ones included."""
    await asyncio.to_thread(house.catalogue.look)
    return AgentList(items=[_shown(agent) for agent in sorted(house.catalogue.agents, key=lambda one: one.name)])


async def read(agent: AgentName, caller: Reading, house: InHouse) -> AgentView:
    """One agent."""
    await asyncio.to_thread(house.catalogue.look)
    found = house.catalogue.agent(agent)
    if found is None:
        raise not_found("agent")
    return _shown(found)


async def logs(
    request: Request, caller: Reading, house: InHouse, agent: Annotated[str | None, Query(max_length=64)] = None, action: Annotated[Deed | None, Query()] = None,
    task: Annotated[str | None, Query(max_length=36, description="Only of this task, by its id.")] = None, limit: Limit = 50, cursor: Cursor = None,
) -> Page[AgentLogView]:  # fmt: skip
    """What agents did about your tasks, newest first."""
    query = sa.select(AgentLogRow.__table__).where(AgentLogRow.person_id == caller.person.id)
    for column, wanted in ((AgentLogRow.agent, agent), (AgentLogRow.action, action), (AgentLogRow.task_id, task)):
        if wanted is not None:
            query = query.where(column == wanted)
    return await rows.newest_first(request, house, query, AgentLogRow.id, _log, limit=limit, cursor=cursor)


async def metrics(caller: Counting, house: InHouse, days: Days = 30) -> AgentDays:
    """Every agent day by day."""
    return await _days(caller, house, days, "")


async def metrics_of(agent: AgentName, caller: Counting, house: InHouse, days: Days = 30) -> AgentDays:
    """One agent day by day."""
    return await _days(caller, house, days, agent)


async def _days(caller: Caller, house: House, count: int, agent: str) -> AgentDays:
    now = house.clock.now()
    found = await house.database.read(lambda connection: statistics.agent_days(connection, statistics.of(caller.person), now, count, agent=agent))
    return AgentDays(
        items=[
            AgentDayView(
                day=one.day, agent=one.figures.name, completed=one.figures.completed, failed=one.figures.failed, cancelled=one.figures.cancelled,
                success_rate=one.figures.success_rate, average_ms=one.figures.average_ms, tokens=one.tokens, credits=one.credits,
            )
            for one in found
        ]
    )  # fmt: skip


def _shown(agent: Any) -> AgentView:
    return AgentView(name=agent.name, task_types=sorted(agent.task_types), lane=agent.lane)


def _log(row: Any) -> AgentLogView:
    return AgentLogView(**{name: getattr(row, name) for name in AgentLogView.model_fields})
