"""Live: what happens to tasks, as it happens, by SSE or WebSocket; the same events can be listed."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.types import Send

from bot.api.access import Caller, InHouse, caller
from bot.api.problems import not_found
from bot.api.streams import Rights, rights_of
from bot.app import House
from bot.event_stream import Ended, Listener, Wanted
from orchestrator.actions.credentials import TOKEN_BYTES
from orchestrator.contracts import ENDED
from orchestrator.tasks import events
from orchestrator.tasks.events import Event
from storage.models import TaskRow

SSE = "text/event-stream"
KEEP_ALIVE = 15.0
"""Seconds of silence after which a comment goes out, so that nobody in between takes the line for dead."""
PATIENCE = 20.0
"""Seconds that a client may leave what it was sent unread."""
LARGEST_ID = 2**63 - 1
KINDS = (events.PROGRESS, events.STATUS, events.RESULT, events.ERROR, events.INFO, events.MESSAGE, events.EDIT)
WHY = {
    Ended.CLOSING: "Majordomo is stopping; come back in a moment with the last id you saw.",
    Ended.SLOW: "You read too slowly; come back with the last id you saw.",
    Ended.REFUSED: "The key was revoked, is over, or may not read tasks any more.",
}

WORD = re.compile(r"[^\s()\[\]<>\"']+")
FORM = re.compile(rf".*/secret/[0-9a-f]{{{2 * TOKEN_BYTES}}}")
"""The address of a one-time form, which a task says in its chat. Whoever opens it gives the secret: a key that only reads must not."""
HIDDEN = "•••"

logger = logging.getLogger(__name__)


class LiveEvent(BaseModel):
    """Something that happened. `data` by kind: progress {percent, label}; status {state, was, number}; result {result};
    error {error, attempts}; info {text}, which is what the task says in its chat."""

    id: int = Field(description="Counts up; send the last one you saw as Last-Event-ID to go on from there.", examples=[4711])
    task_id: str | None
    kind: Literal["progress", "status", "result", "error", "info"]
    data: dict[str, Any]
    created_at: datetime


class EventPage(BaseModel):
    """Events in order. `next` is the `after` of the next page; null when there are no more at present."""

    items: list[LiveEvent]
    next: int | None


Task = Annotated[str, "the task's id"]
After = Annotated[int, Query(ge=0, le=LARGEST_ID, description="Only events after this id.")]
Limit = Annotated[int, Query(ge=1, le=200)]
Last = Annotated[int | None, Query(ge=0, le=LARGEST_ID, description="Go on after this event; the header Last-Event-ID says the same and wins.")]
Until = Annotated[Literal["closed", "ended"], Query(description="`ended`: the stream closes once the task has ended.")]
Reading = Annotated[Caller, Depends(caller("tasks:read"))]
LISTED: dict[int | str, dict[str, Any]] = {200: {"content": {SSE: {"schema": {"type": "string"}}}, "description": "Events; as a stream where asked for."}}
STREAMED: dict[int | str, dict[str, Any]] = {200: {"content": {SSE: {"schema": {"type": "string"}}}, "description": "Events as they come."}}


def router() -> APIRouter:
    made = APIRouter(tags=["live"])
    made.add_api_route("/events", listed, methods=["GET"], response_model=EventPage, responses=LISTED)
    made.add_api_route("/stream", streamed, methods=["GET"], response_class=StreamingResponse, responses=STREAMED)
    made.add_api_route("/tasks/{task}/events", listed_of_task, methods=["GET"], response_model=EventPage, responses=LISTED)
    made.add_api_route("/tasks/{task}/stream", streamed_of_task, methods=["GET"], response_class=StreamingResponse, responses=STREAMED)
    return made


# --- routes -----------------------------------------------------------------------------------------------------------


async def listed(
    request: Request, house: InHouse, caller: Reading, after: After = 0, limit: Limit = 100, last_event_id: Last = None,
    resumed: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
) -> Any:  # fmt: skip
    """Everything that happened to your tasks: a page of it, or with `Accept: text/event-stream` as it happens."""
    wanted = of_person(caller)
    if _asks_for_stream(request):
        return await _stream(house, rights_of(request.app), caller, wanted, _start(resumed, last_event_id))
    return await _page(house, wanted, after, limit)


async def streamed(
    request: Request, house: InHouse, caller: Reading, last_event_id: Last = None, resumed: Annotated[str | None, Header(alias="Last-Event-ID")] = None
) -> Response:
    """Everything that happens to your tasks, by SSE, from now on or from the last event you saw."""
    wanted = of_person(caller)
    return await _stream(house, rights_of(request.app), caller, wanted, _start(resumed, last_event_id))


async def listed_of_task(
    task: Task, request: Request, house: InHouse, caller: Reading, after: After = 0, limit: Limit = 100, last_event_id: Last = None,
    until: Until = "closed", resumed: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
) -> Any:  # fmt: skip
    """What happened to one task: a page of it, or with `Accept: text/event-stream` as it happens."""
    wanted = await of_task(house, caller, task)
    if _asks_for_stream(request):
        return await _stream(house, rights_of(request.app), caller, wanted, _start(resumed, last_event_id, 0), until == "ended")
    return await _page(house, wanted, after, limit)


async def streamed_of_task(
    task: Task, request: Request, house: InHouse, caller: Reading, last_event_id: Last = None, until: Until = "closed",
    resumed: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
) -> Response:  # fmt: skip
    """What happens to one task, by SSE, from its beginning or from the last event you saw."""
    wanted = await of_task(house, caller, task)
    return await _stream(house, rights_of(request.app), caller, wanted, _start(resumed, last_event_id, 0), until == "ended")


# --- shared with WebSockets -------------------------------------------------------------------------------------------


def of_person(caller: Caller) -> Wanted:
    """The events of all of the caller's tasks. What their chats say besides is not theirs to read: it may be a new key."""
    return Wanted(person_id=caller.person.id, kinds=KINDS, of_tasks=True)


async def of_task(house: House, caller: Caller, task: str) -> Wanted:
    """The events of one task of the caller's. Raises Problem 404."""
    mine = sa.select(TaskRow.id).where(TaskRow.id == task, TaskRow.person_id == caller.person.id)
    if await house.database.read(lambda connection: connection.execute(mine).scalar()) is None:
        raise not_found("task")
    return Wanted(person_id=caller.person.id, task_id=task, kinds=KINDS)


def shown(event: Event) -> LiveEvent:
    """An event as the API tells it: what was said in the chat is info, without buttons and one-time forms that belong to it."""
    kind, data = event.kind, dict(event.data)
    if kind in {events.MESSAGE, events.EDIT}:
        told = {"text": _without_form(str(data.get("markdown", ""))), "edits": data.get("of"), "file": (data.get("file") or {}).get("name")}
        kind, data = events.INFO, {name: value for name, value in told.items() if value is not None}
    return LiveEvent(id=event.id, task_id=event.task_id, kind=kind, data=data, created_at=event.created_at)  # type: ignore[arg-type]


# --- parts ------------------------------------------------------------------------------------------------------------


def _asks_for_stream(request: Request) -> bool:
    return SSE in request.headers.get("accept", "")


def _start(header: str | None, asked: int | None, otherwise: int | None = None) -> int | None:
    if header and header.isascii() and header.isdigit() and int(header) <= LARGEST_ID:
        return int(header)
    return otherwise if asked is None else asked


async def _page(house: House, wanted: Wanted, after: int, limit: int) -> EventPage:
    found = await house.live.read(wanted, after, limit + 1)
    items = [shown(event) for event in found[:limit]]
    return EventPage(items=items, next=items[-1].id if len(found) > limit else None)


async def _stream(house: House, rights: Rights, caller: Caller, wanted: Wanted, last: int | None, until_ended: bool = False) -> Response:
    start = await house.live.starting_point(last)
    rights.make_room(caller)
    return LiveResponse(_told(house, rights, caller, wanted, start, until_ended), media_type=SSE, headers={"X-Accel-Buffering": "no"})


async def _told(house: House, rights: Rights, caller: Caller, wanted: Wanted, last: int, until_ended: bool) -> AsyncIterator[str]:
    """The lines of a stream."""
    listener = Listener(wanted)
    rights.admit(listener, caller)
    try:
        yield "retry: 1000\n: open\n\n"
        if until_ended and await _is_over(house, wanted, last):
            return
        async with aclosing(house.live.follow(listener, last, KEEP_ALIVE)) as following:
            async for event in following:
                yield ": still here\n\n" if event is None else f"id: {event.id}\ndata: {shown(event).model_dump_json()}\n\n"
                if until_ended and event is not None and await _is_over(house, wanted, event.id):
                    return
        why = listener.ended or Ended.CLOSING
        yield f"event: closed\ndata: {json.dumps({'reason': why.value, 'detail': WHY[why]})}\n\n"
    finally:
        rights.dismiss(listener)


async def _is_over(house: House, wanted: Wanted, last: int) -> bool:
    """Whether the task has ended and nothing of it comes after `last`."""
    query = sa.select(TaskRow.state).where(TaskRow.id == wanted.task_id)
    state = await house.database.read(lambda connection: connection.execute(query).scalar())
    return state in {ended.value for ended in ENDED} and not await house.live.read(wanted, last, 1)


class LiveResponse(StreamingResponse):
    """A stream that gives up on a client which does not read."""

    async def stream_response(self, send: Send) -> None:
        async def send_in_time(message: Any) -> None:
            async with asyncio.timeout(PATIENCE):
                await send(message)

        try:
            await super().stream_response(send_in_time)
        except TimeoutError:
            logger.info("a live stream was not read and is given up")


def _without_form(text: str) -> str:
    """Word by word and once from the beginning of each, so that a long text without spaces costs no more than another."""
    return WORD.sub(_hidden, text)


def _hidden(word: re.Match[str]) -> str:
    found = FORM.match(word[0])
    return HIDDEN + word[0][found.end() :] if found else word[0]
