"""/emails: the mail that left the house in a person's name, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, Field

from bot.api import rows
from bot.api.access import Caller, InHouse, caller
from bot.api.fields import Cursor, Instant, Limit
from bot.api.pages import Page
from storage.models import MailRow

Status = Literal["queued", "sent", "delivered", "bounced", "failed", "unknown"]
Reading = Annotated[Caller, Depends(caller("tasks:read"))]


class EmailView(BaseModel):
    """A letter."""

    id: str
    task_id: str
    to: list[str]
    cc: list[str]
    bcc: list[str]
    subject: str
    provider: str = Field(description="The server that took it.", examples=["smtp.example"])
    status: Status = Field(description="unknown: it was handed over and no answer came; it is never sent again by itself.")
    answer: str = Field(description="What the provider said.")
    attachments: list[str]
    created_at: datetime
    sent_at: datetime | None
    updated_at: datetime


class EmailDetail(EmailView):
    """A letter with its text."""

    body: str
    message_id: str


def router() -> APIRouter:
    made = APIRouter(tags=["emails"])
    made.add_api_route("/emails", listed, methods=["GET"])
    made.add_api_route("/emails/{email}", read, methods=["GET"])
    return made


async def listed(
    request: Request, caller: Reading, house: InHouse, status: Annotated[list[Status] | None, Query(description="Any of these.")] = None,
    task: Annotated[str | None, Query(max_length=36, description="Only letters of this task, by its id.")] = None,
    created_after: Annotated[Instant | None, Query()] = None, created_before: Annotated[Instant | None, Query()] = None, limit: Limit = 20, cursor: Cursor = None,
) -> Page[EmailView]:  # fmt: skip
    """Your letters, newest first, without their text."""
    query = sa.select(MailRow.__table__).where(MailRow.person_id == caller.person.id)
    if status:
        query = query.where(MailRow.status.in_(status))
    if task is not None:
        query = query.where(MailRow.task_id == task)
    if created_after is not None:
        query = query.where(MailRow.created_at >= created_after)
    if created_before is not None:
        query = query.where(MailRow.created_at < created_before)
    return await rows.newest_first(request, house, query, MailRow.id, lambda row: EmailView(**_same(row, EmailView)), limit=limit, cursor=cursor)


async def read(email: Annotated[str, Path(max_length=36)], caller: Reading, house: InHouse) -> EmailDetail:
    """One letter with its text."""
    query = sa.select(MailRow.__table__).where(MailRow.id == email, MailRow.person_id == caller.person.id)
    return EmailDetail(**_same(await rows.one(house, query, "letter"), EmailDetail))


def _same(row: Any, shown: type[BaseModel]) -> dict[str, Any]:
    """Of an attachment its name is told."""
    values = {name: getattr(row, name) for name in shown.model_fields}
    names = [each if isinstance(each, str) else str(each.get("name", "")) for each in row.attachments]
    return values | {"attachments": names}
