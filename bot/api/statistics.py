"""/statistics: how the tasks of a person went; with `whose=everybody` an owner's key that administers sees those of the house."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from bot.api.access import Caller, InHouse, caller
from bot.api.problems import Problem
from orchestrator.tasks import statistics
from orchestrator.tasks.statistics import Figures, Statistics, Whose

Counting = Annotated[Caller, Depends(caller("statistics:read"))]


class FiguresView(BaseModel):
    """Tasks of one kind. Rates are in percent of those that ended; the average goes from start to completion."""

    name: str
    total: int
    completed: int
    failed: int
    cancelled: int
    success_rate: float
    error_rate: float
    average_ms: float


class DayView(BaseModel):
    day: date
    created: int


class UsageView(BaseModel):
    """What language models took."""

    span: str = Field(examples=["24h"])
    calls: int
    tokens: int
    credits: float


class QueueView(BaseModel):
    """At this moment. `outbox`: messages that wait to be delivered."""

    depth: int
    running: int
    waiting: int
    paused: int
    active_agents: list[str]
    outbox: int


class CredentialUseView(BaseModel):
    service: str
    tool: str
    uses: int
    last_at: datetime


class MailView(BaseModel):
    """Letters of the last 30 days by what became of them; the rate is in percent of those whose fate is known."""

    by_status: dict[str, int]
    delivery_rate: float


class StatisticsView(BaseModel):
    """The overview."""

    total: int
    last_24_hours: int
    by_state: dict[str, int]
    success_rate: float
    error_rate: float
    average_ms: float
    by_type: list[FiguresView]
    by_agent: list[FiguresView]
    queue: QueueView
    days: list[DayView]
    usage: list[UsageView]
    credentials: list[CredentialUseView]
    emails: MailView


def router() -> APIRouter:
    made = APIRouter(tags=["statistics"])
    made.add_api_route("/statistics", read, methods=["GET"])
    return made


async def read(
    caller: Counting, house: InHouse, whose: Annotated[Literal["mine", "everybody"], Query(description="everybody: for keys that administer.")] = "mine"
) -> StatisticsView:
    """Totals, rates, durations, what is under way, what models took, how mail fared."""
    if whose == "everybody" and "admin" not in caller.scopes:
        raise Problem(403, "scope-missing", "This key may not do that.", "It lacks admin.", "query.whose", "use an owner's key with the scope admin")
    counted = statistics.of(caller.person) if whose == "mine" else Whose(None, caller.person.effective_zone)
    now = house.clock.now()

    def work(connection: sa.Connection) -> Statistics:
        return statistics.gather(connection, counted, now)

    return _shown(await house.database.read(work))


def _shown(found: Statistics) -> StatisticsView:
    whole = found.totals.whole
    return StatisticsView(
        total=whole.total, last_24_hours=found.last_day, by_state=dict(found.totals.by_state), success_rate=whole.success_rate, error_rate=whole.error_rate,
        average_ms=whole.average_ms, by_type=[_figures(one) for one in found.totals.by_type], by_agent=[_figures(one) for one in found.totals.by_agent],
        queue=QueueView.model_validate(found.queue, from_attributes=True), days=[DayView.model_validate(one, from_attributes=True) for one in found.days],
        usage=[UsageView.model_validate(one, from_attributes=True) for one in found.usage],
        credentials=[CredentialUseView.model_validate(one, from_attributes=True) for one in found.credentials],
        emails=MailView(by_status=dict(found.mail.by_status), delivery_rate=found.mail.delivery_rate),
    )  # fmt: skip


def _figures(figures: Figures) -> FiguresView:
    return FiguresView.model_validate(figures, from_attributes=True)
