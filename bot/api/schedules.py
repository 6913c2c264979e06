"""/schedules: what comes due when, once or repeating, to remind or to begin a task; made, changed, paused, run at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from bot.api import rows
from bot.api.access import Caller, InHouse, caller
from bot.api.fields import Cursor, Instant, Limit, Line
from bot.api.idempotency import Answer, InSending, Sending
from bot.api.pages import Page
from bot.api.problems import Problem, invalid, not_found
from bot.api.task_types import configured
from bot.app import House
from orchestrator.contracts import Person
from orchestrator.execution.due import DueWork
from orchestrator.execution.orders import Order
from orchestrator.people import api_chat
from orchestrator.tasks import rhythms, schedules
from orchestrator.tasks.preferences import REMINDER
from orchestrator.tasks.rhythms import BadRhythm, Changes, Rhythm
from storage.models import ScheduleRow

Repeat = Literal["once", "rrule", "cron", "interval"]
State = Literal["active", "paused", "done", "cancelled"]
Reading = Annotated[Caller, Depends(caller("tasks:read"))]
Writing = Annotated[Caller, Depends(caller("tasks:write"))]
ScheduleId = Annotated[str, Path(max_length=36)]
Move = Callable[[sa.Connection, Any, datetime], bool]
"""Changes the state of a schedule; False where it cannot be."""


class OrderBody(BaseModel):
    """The task that a schedule begins each time it comes due."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"type": "email", "slots": {"recipients": ["me@example.com"]}}]})
    type: str = Field(max_length=50, description="One of /task-types.", examples=["email"])
    text: str = Field(default="", max_length=4000, description="The request in words, for types that read them.")
    slots: dict[str, Any] = Field(default_factory=dict, description="The configuration, by the type's JSON schema.")


class OrderView(BaseModel):
    """The same as it is kept; a request that was said in a chat may be longer than one that may be posted."""

    type: str = Field(examples=["email"])
    text: str
    slots: dict[str, Any]


class ScheduleView(BaseModel):
    """Something that comes due."""

    id: str
    number: int
    kind: str = Field(examples=["reminder"])
    title: str
    repeat: Repeat
    rule: str = Field(description="RFC 5545 recurrence, cron expression, or seconds, by `repeat`.", examples=["FREQ=DAILY"])
    zone: str = Field(examples=["Europe/Berlin"])
    zone_assumed: bool = Field(description="Nobody has said that this is the person's zone.")
    state: State
    start_at: datetime
    next_due: datetime | None
    task_id: str | None = Field(description="The task that it came of, or that it began last.")
    task: OrderView | None = Field(description="What it begins; null where it reminds.")
    created_at: datetime


class OccurrenceView(BaseModel):
    """A due instant, and how it ended."""

    due_at: datetime
    outcome: Literal["ran", "late", "missed", "skipped"]
    fired_at: datetime
    notification_id: str | None


class OccurrenceList(BaseModel):
    items: list[OccurrenceView]


class NewScheduleBody(BaseModel):
    """A reminder, or with `task` a task that is begun, once at an instant or repeating by a rule, in a time zone."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"title": "Water the plants", "repeat": "cron", "rule": "0 9 * * 1", "zone": "Europe/Berlin"}]}
    )
    title: Line
    at: Instant | None = Field(default=None, description="When it first comes due; needed where it does not repeat.")
    repeat: Repeat = "once"
    rule: str = Field(default="", max_length=300)
    zone: str | None = Field(default=None, max_length=64, description="IANA name; yours where it is left out.")
    task: OrderBody | None = Field(default=None, description="What to begin each time; left out, you are reminded of the title.")


class ScheduleChanges(BaseModel):
    """What is to be different, from now on. Without a new `at` it keeps its time of day, in another zone that of the clock there."""

    model_config = ConfigDict(extra="forbid")
    title: Line | None = None
    at: Instant | None = None
    repeat: Repeat | None = None
    rule: str | None = Field(default=None, max_length=300)
    zone: str | None = Field(default=None, max_length=64)


def router() -> APIRouter:
    made = APIRouter(tags=["schedules"])
    made.add_api_route("/schedules", listed, methods=["GET"])
    made.add_api_route("/schedules", create, methods=["POST"], status_code=201, response_model=ScheduleView)
    made.add_api_route("/schedules/{schedule}", read, methods=["GET"])
    made.add_api_route("/schedules/{schedule}", edit, methods=["PATCH"])
    made.add_api_route("/schedules/{schedule}", cancel, methods=["DELETE"], status_code=204)
    made.add_api_route("/schedules/{schedule}/occurrences", occurrences, methods=["GET"])
    made.add_api_route("/schedules/{schedule}/pause", pause, methods=["POST"], response_model=ScheduleView)
    made.add_api_route("/schedules/{schedule}/resume", resume, methods=["POST"], response_model=ScheduleView)
    made.add_api_route("/schedules/{schedule}/skip", skip, methods=["POST"], response_model=ScheduleView)
    made.add_api_route("/schedules/{schedule}/run", run, methods=["POST"], response_model=OccurrenceView)
    return made


async def listed(
    request: Request, caller: Reading, house: InHouse, state: Annotated[list[State] | None, Query(description="Any of these.")] = None,
    limit: Limit = 20, cursor: Cursor = None,
) -> Page[ScheduleView]:  # fmt: skip
    """Your schedules, newest first."""
    query = sa.select(ScheduleRow.__table__).where(ScheduleRow.person_id == caller.person.id)
    if state:
        query = query.where(ScheduleRow.state.in_(state))
    return await rows.newest_first(request, house, query, ScheduleRow.id, _shown, limit=limit, cursor=cursor)


async def create(body: NewScheduleBody, caller: Writing, sending: InSending) -> Response:
    """Have yourself reminded, or a task begun. It rings, and its results come, in your API chat and in the chat that you prefer."""
    person = caller.person
    payload = await asyncio.to_thread(_payload, sending.house, body, person)

    def work(connection: sa.Connection, now: datetime) -> Answer:
        if schedules.running(connection, person.id) >= schedules.MOST:
            raise Problem(409, "conflict", "There are too many schedules.", f"At most {schedules.MOST} may run.", remedy="delete some")
        rhythm = Rhythm(body.repeat, body.rule, body.zone or person.effective_zone, body.at)
        try:
            first = rhythm.first_due(now)
        except BadRhythm as error:
            raise invalid([(f"body.{error.field}", str(error))]) from error
        own = body.zone is None and body.repeat != "once"
        chat = api_chat(connection, person, now)
        kind = schedules.TASK if body.task else REMINDER
        new = schedules.NewSchedule(
            person.id, chat, kind, body.title, rhythm.zone, first, body.repeat, body.rule, zone_assumed=own and person.zone is None, own_zone=own, payload=payload
        )  # fmt: skip
        made = schedules.create(connection, new, now)
        return Answer.of(_shown(_mine(connection, caller, made)), 201, f"/api/v1/schedules/{made}")

    return await sending.do(caller, body, work)


def _payload(house: House, body: NewScheduleBody, person: Person) -> dict[str, Any]:
    """What the schedule keeps of the task it is to begin. Raises Problem 422."""
    if body.task is None:
        return {}
    if house.catalogue.agent_for(body.task.type) is None:
        raise Problem(422, "unknown-type", "No agent takes tasks of this type.", field="body.task.type", remedy="GET /task-types lists those that can")
    slots = configured(house, body.task.type, body.task.slots, "body.task")
    return {schedules.ORDER: Order(body.task.type, body.task.text or body.title, person.language, slots).as_json()}


async def read(schedule: ScheduleId, caller: Reading, house: InHouse) -> ScheduleView:
    """One schedule."""
    return _shown(await house.database.read(lambda connection: _mine(connection, caller, schedule)))


async def edit(schedule: ScheduleId, body: ScheduleChanges, caller: Writing, house: InHouse) -> ScheduleView:
    """Change its title or its rhythm."""

    def work(connection: sa.Connection) -> ScheduleView:
        row = _live(connection, caller, schedule)
        try:
            rhythms.change(connection, row, Changes(body.title, body.repeat, body.rule, body.zone, body.at), house.clock.now())
        except BadRhythm as error:
            raise invalid([(f"body.{error.field}", str(error))]) from error
        return _shown(_mine(connection, caller, schedule))

    return await house.database.write(work, key=caller.person.id)


async def cancel(schedule: ScheduleId, caller: Writing, house: InHouse) -> None:
    """It never comes due again; how its instants ended stays told."""

    def work(connection: sa.Connection) -> None:
        _mine(connection, caller, schedule)
        rhythms.cancel(connection, schedule)

    await house.database.write(work, key=caller.person.id)


async def occurrences(schedule: ScheduleId, caller: Reading, house: InHouse, limit: Limit = 20) -> OccurrenceList:
    """How its latest due instants ended, newest first."""

    def work(connection: sa.Connection) -> list[OccurrenceView]:
        _mine(connection, caller, schedule)
        return [_ended(row) for row in rhythms.occurrences(connection, schedule, limit)]

    return OccurrenceList(items=await house.database.read(work))


async def pause(schedule: ScheduleId, caller: Writing, sending: InSending) -> Response:
    """Hold it; what would come due meanwhile is left out."""
    return await _move(sending, caller, schedule, lambda connection, row, now: rhythms.pause(connection, row.id), "paused")


async def resume(schedule: ScheduleId, caller: Writing, sending: InSending) -> Response:
    """Let it go on, from the next instant after now."""
    return await _move(sending, caller, schedule, rhythms.resume, "resumed")


async def skip(schedule: ScheduleId, caller: Writing, sending: InSending) -> Response:
    """Leave the next instant out."""

    def move(connection: sa.Connection, row: Any, now: datetime) -> bool:
        if row.state != "active":
            return False
        schedules.skip_next(connection, row, now)
        return True

    return await _move(sending, caller, schedule, move, "skipped")


async def run(schedule: ScheduleId, caller: Writing, sending: InSending) -> Response:
    """Do now what it is for; its rhythm stays as it is."""
    house = sending.house

    def work(connection: sa.Connection, now: datetime) -> Answer:
        row = _live(connection, caller, schedule)
        return Answer.of(_ended(DueWork(house.runner).run_now(connection, row)))

    return await sending.do(caller, None, work)


async def _move(sending: Sending, caller: Caller, schedule: str, move: Move, done: str) -> Response:
    def work(connection: sa.Connection, now: datetime) -> Answer:
        row = _mine(connection, caller, schedule)
        if not move(connection, row, now):
            raise Problem(409, "conflict", f"It cannot be {done} now.", f"It is {row.state}.", remedy="read it again; it may have changed meanwhile")
        return Answer.of(_shown(_mine(connection, caller, schedule)))

    return await sending.do(caller, None, work)


def _mine(connection: sa.Connection, caller: Caller, schedule: str) -> Any:
    query = sa.select(ScheduleRow.__table__).where(ScheduleRow.id == schedule, ScheduleRow.person_id == caller.person.id)
    row = connection.execute(query).first()
    if row is None:
        raise not_found("schedule")
    return row


def _live(connection: sa.Connection, caller: Caller, schedule: str) -> Any:
    row = _mine(connection, caller, schedule)
    if row.state not in {"active", "paused"}:
        raise Problem(409, "conflict", "This schedule has ended.", f"It is {row.state}.", remedy="make a new one")
    return row


def _shown(row: Any) -> ScheduleView:
    plain = {name: getattr(row, name) for name in ScheduleView.model_fields if name not in {"task", "task_id"}}
    order = row.payload.get(schedules.ORDER)
    task = OrderView(type=order["type"], text=order["text"], slots=order["slots"]) if order else None
    return ScheduleView(**plain, task=task, task_id=row.payload.get(schedules.LAST_TASK, row.task_id))


def _ended(row: Any) -> OccurrenceView:
    return OccurrenceView(due_at=row.due_at, outcome=row.outcome, fired_at=row.fired_at, notification_id=row.notification_id)
