"""/notifications: what a person was told unasked; read and unread, and what can be done about it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from bot.api import rows
from bot.api.access import Caller, InHouse, caller
from bot.api.fields import Cursor, Limit
from bot.api.idempotency import Answer, InSending
from bot.api.pages import Page
from bot.api.problems import Problem, not_found
from orchestrator.tasks import notifications
from orchestrator.tasks.preferences import REMINDER
from storage.models import NotificationRow

Reading = Annotated[Caller, Depends(caller("notifications:read"))]
Writing = Annotated[Caller, Depends(caller("tasks:write"))]
NotificationId = Annotated[str, Path(max_length=36)]


class NotificationView(BaseModel):
    """Something you were told."""

    id: str
    kind: str = Field(examples=["reminder"])
    title: str
    text: str | None
    outcome: str | None = Field(description="success, failure or info", examples=["success"])
    state: str = Field(description="open, done or snoozed")
    read: bool
    task_id: str | None
    schedule_id: str | None
    created_at: datetime
    told_at: datetime | None = Field(description="Null while it waits for the end of quiet hours or for the digest.")
    read_at: datetime | None


class Marked(BaseModel):
    """How many were unread."""

    marked: int


class Deed(BaseModel):
    """What is to be done about a reminder."""

    model_config = ConfigDict(extra="forbid")
    action: Literal["done", "snooze"]
    seconds: int = Field(default=600, ge=60, le=30 * 86400, description="How long to snooze.")


def router() -> APIRouter:
    made = APIRouter(tags=["notifications"])
    made.add_api_route("/notifications", listed, methods=["GET"])
    made.add_api_route("/notifications/read-all", mark_all, methods=["POST"], response_model=Marked)
    made.add_api_route("/notifications/{notification}", read, methods=["GET"])
    made.add_api_route("/notifications/{notification}/read", mark_read, methods=["PUT"])
    made.add_api_route("/notifications/{notification}/unread", mark_unread, methods=["PUT"])
    made.add_api_route("/notifications/{notification}/act", act, methods=["POST"], response_model=NotificationView)
    return made


async def listed(
    request: Request, caller: Reading, house: InHouse, unread: Annotated[bool | None, Query(description="True: only unread ones; false: only read ones.")] = None,
    kind: Annotated[str | None, Query(max_length=24)] = None, limit: Limit = 20, cursor: Cursor = None,
) -> Page[NotificationView]:  # fmt: skip
    """What you were told, newest first."""
    query = sa.select(NotificationRow.__table__).where(NotificationRow.person_id == caller.person.id)
    if unread is not None:
        query = query.where(NotificationRow.read_at.is_(None) if unread else NotificationRow.read_at.is_not(None))
    if kind is not None:
        query = query.where(NotificationRow.kind == kind)
    return await rows.newest_first(request, house, query, NotificationRow.id, _shown, limit=limit, cursor=cursor)


async def read(notification: NotificationId, caller: Reading, house: InHouse) -> NotificationView:
    """One notification; reading it here does not mark it as read."""
    return _shown(await house.database.read(lambda connection: _mine(connection, caller, notification)))


async def mark_read(notification: NotificationId, caller: Reading, house: InHouse) -> NotificationView:
    """Mark one as read."""
    return await _mark(notification, caller, house, read=True)


async def mark_unread(notification: NotificationId, caller: Reading, house: InHouse) -> NotificationView:
    """Mark one as unread again."""
    return await _mark(notification, caller, house, read=False)


async def mark_all(caller: Reading, sending: InSending) -> Response:
    """Mark all as read."""

    def work(connection: sa.Connection, now: datetime) -> Answer:
        return Answer.of(Marked(marked=notifications.mark_all_read(connection, caller.person.id, now)))

    return await sending.do(caller, None, work)


async def act(notification: NotificationId, body: Deed, caller: Writing, sending: InSending) -> Response:
    """Mark a reminder as done, or have it ring again later."""

    def work(connection: sa.Connection, now: datetime) -> Answer:
        row = _mine(connection, caller, notification)
        if row.state != "open":
            raise Problem(409, "conflict", "This was dealt with already.", f"It is {row.state}.")
        if body.action == "done":
            notifications.mark(connection, row.id, notifications.DONE, now)
        elif row.kind != REMINDER or row.chat_id is None:
            raise Problem(409, "conflict", "Only reminders can be snoozed.", field="body.action", remedy="mark it as done or as read")
        else:
            notifications.snooze(connection, row, caller.person, now, body.seconds)
        return Answer.of(_shown(_mine(connection, caller, notification)))

    return await sending.do(caller, body, work)


async def _mark(notification: str, caller: Caller, house: InHouse, *, read: bool) -> NotificationView:
    def work(connection: sa.Connection) -> NotificationView:
        if not notifications.mark_one(connection, caller.person.id, notification, house.clock.now(), read=read):
            raise not_found("notification")
        return _shown(_mine(connection, caller, notification))

    return await house.database.write(work, key=caller.person.id)


def _mine(connection: sa.Connection, caller: Caller, notification: str) -> Any:
    row = notifications.find(connection, notification, caller.person.id)
    if row is None:
        raise not_found("notification")
    return row


def _shown(row: Any) -> NotificationView:
    same = {name: getattr(row, name) for name in NotificationView.model_fields if name != "read"}
    return NotificationView(**same, read=row.read_at is not None)
