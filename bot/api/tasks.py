"""/tasks: make, list, read and edit them. What moves them on is in `task_actions`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request, Response

from bot.api import pages, task_views
from bot.api.access import Caller, InHouse, caller
from bot.api.fields import Cursor, Instant, Limit, PriorityName, TaskReference
from bot.api.idempotency import Answer, InSending
from bot.api.pages import Page
from bot.api.problems import Problem, invalid, not_found
from bot.api.task_types import configured
from bot.api.task_views import NewTaskBody, TaskChanges, TaskDetail, TaskView
from bot.app import House
from orchestrator.contracts import ENDED, LIVE, Task, TaskState
from orchestrator.tasks import listing, particulars
from orchestrator.tasks.listing import TaskFilter
from orchestrator.triage import programs
from orchestrator.triage.programs import IsCommand, NoSuchType, NotUnderstood, Wanted

Reading = Annotated[Caller, Depends(caller("tasks:read"))]
Writing = Annotated[Caller, Depends(caller("tasks:write"))]


def router() -> APIRouter:
    made = APIRouter(tags=["tasks"])
    made.add_api_route("/tasks", create, methods=["POST"], status_code=201, response_model=TaskDetail)
    made.add_api_route("/tasks", listed, methods=["GET"])
    made.add_api_route("/tasks/{task}", read, methods=["GET"])
    made.add_api_route("/tasks/{task}", edit, methods=["PATCH"])
    made.add_api_route("/tasks/{task}/subtasks", subtasks, methods=["GET"])
    return made


def of_caller(connection: sa.Connection, caller: Caller, reference: str, *, lock: bool = False) -> Task:
    """The caller's task. Raises Problem 404."""
    task = listing.find(connection, caller.person.id, reference, lock=lock)
    if task is None:
        raise not_found("task")
    return task


# --- making ---


async def create(body: NewTaskBody, caller: Writing, sending: InSending) -> Response:
    """Ask for something, in words or by type. The answer is the task as it stands: instant work is done already."""
    house = sending.house
    slots = await asyncio.to_thread(configured, house, body.type, body.slots) if body.type else body.slots

    def work(connection: sa.Connection, now: datetime) -> Answer:
        if body.schedule_id is not None and not particulars.has_schedule(connection, caller.person.id, body.schedule_id):
            raise invalid([("body.schedule_id", "there is no such schedule")])
        tasks = _begin(house, connection, caller, body, slots, now)
        shown = task_views.detail(connection, caller.person.id, tasks[0].id, now, [task.id for task in tasks[1:]])
        return Answer.of(shown, 201, f"/api/v1/tasks/{tasks[0].id}")

    return await sending.do(caller, body, work)


def _begin(house: House, connection: sa.Connection, caller: Caller, body: NewTaskBody, slots: Mapping[str, Any], now: datetime) -> list[Task]:
    said = body.text or body.title or (body.type or "").replace("_", " ")
    turn = programs.turn(house.services, connection, caller.person, said, now)
    try:
        return programs.begin(turn, house.desk, Wanted(body.text or "", body.type or "", slots, body.particulars()))
    except NoSuchType as error:
        known = sorted({task_type for agent in house.catalogue.agents for task_type in agent.task_types})
        raise Problem(422, "unknown-type", "No agent takes tasks of this type.", field="body.type", remedy=f"one of {', '.join(known)}") from error
    except IsCommand as error:
        raise Problem(
            422, "is-command", "This is a command, not a task.", field="body.text", remedy="call the endpoint for it, such as POST /tasks/{task}/cancel"
        ) from error
    except NotUnderstood as error:
        likely = (
            f"say it in other words, or give a type, perhaps {' or '.join(error.candidates)}" if error.candidates else "say it in other words, or give a type"
        )
        raise Problem(422, "not-understood", "It cannot be told what this asks for.", field="body.text", remedy=likely) from error


# --- reading ---


@dataclass(frozen=True, slots=True)
class _Stretch:
    """From one instant on, until just before another."""

    after: datetime | None
    before: datetime | None


def _created(created_after: Annotated[Instant | None, Query()] = None, created_before: Annotated[Instant | None, Query()] = None) -> _Stretch:
    return _Stretch(created_after, created_before)


def _due(due_after: Annotated[Instant | None, Query()] = None, due_before: Annotated[Instant | None, Query()] = None) -> _Stretch:
    return _Stretch(due_after, due_before)


def _filter(
    created: Annotated[_Stretch, Depends(_created)],
    due: Annotated[_Stretch, Depends(_due)],
    state: Annotated[list[TaskState] | None, Query(description="Any of these.")] = None,
    live: Annotated[bool | None, Query(description="True: not ended; false: ended.")] = None,
    type: Annotated[list[str] | None, Query(max_length=50)] = None,
    agent: Annotated[list[str] | None, Query(max_length=50)] = None,
    priority: Annotated[list[PriorityName] | None, Query()] = None,
    project: Annotated[str | None, Query(max_length=100)] = None,
    tag: Annotated[str | None, Query(max_length=100)] = None,
    q: Annotated[str | None, Query(max_length=200, description="Words of the title, the description or the text.")] = None,
    archived: Annotated[bool, Query(description="Those put away, too.")] = False,
) -> TaskFilter:
    states = frozenset(state) if state else frozenset(TaskState)
    if live is not None:
        states &= LIVE if live else ENDED
    return TaskFilter(
        states=states if state or live is not None else None, types=tuple(type or ()), agents=tuple(agent or ()), priorities=tuple(name.priority for name in priority or ()), project=project,
        tag=tag, text=q, created_after=created.after, created_before=created.before, due_after=due.after, due_before=due.before, archived=archived,
    )  # fmt: skip


async def listed(
    request: Request, caller: Reading, house: InHouse, wanted: Annotated[TaskFilter, Depends(_filter)], limit: Limit = 20, cursor: Cursor = None
) -> Page[TaskView]:
    """Tasks, newest first."""
    return await _page(request, caller, house, wanted, limit, cursor)


async def _page(request: Request, caller: Caller, house: House, wanted: TaskFilter, limit: int, cursor: str | None) -> Page[TaskView]:
    before = pages.after(request, cursor)
    found = await house.database.read(lambda connection: listing.page(connection, caller.person.id, wanted, limit + 1, before=before))
    shown, following = pages.page_of(request, found, limit, lambda sheet: sheet.id)
    return Page[TaskView](items=[TaskView.of(sheet) for sheet in shown], next=following)


async def read(task: TaskReference, caller: Reading, house: InHouse) -> TaskDetail:
    """One task, with what it waits for and what may be done to it."""
    now = house.clock.now()

    def work(connection: sa.Connection) -> TaskDetail:
        return task_views.detail(connection, caller.person.id, of_caller(connection, caller, task).id, now)

    return await house.database.read(work)


async def subtasks(request: Request, task: TaskReference, caller: Reading, house: InHouse, limit: Limit = 20, cursor: Cursor = None) -> Page[TaskView]:
    """The tasks that this one has made, newest first."""
    parent = await house.database.read(lambda connection: of_caller(connection, caller, task).id)
    return await _page(request, caller, house, TaskFilter(parent_id=parent, archived=True), limit, cursor)


async def edit(task: TaskReference, body: TaskChanges, caller: Writing, sending: InSending) -> TaskDetail:
    """Write title, description, project, tags, due date, priority or settings anew. The state is moved by the actions only."""

    def work(connection: sa.Connection) -> TaskDetail:
        found = of_caller(connection, caller, task, lock=True)
        changes: Mapping[str, object] = body.changes()
        if "settings" in changes and (kept := particulars.kept(connection, found.id).settings.get(task_views.SCHEDULE)):
            changes = {**changes, "settings": {**body.settings, task_views.SCHEDULE: kept}}
        particulars.change(connection, found.id, changes)
        return task_views.detail(connection, caller.person.id, found.id, sending.house.clock.now())

    return await sending.house.database.write(work, key=caller.person.id)
