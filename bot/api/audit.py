"""/audit: what was done in a person's name, as the hash-chained log tells it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from bot.api import pages
from bot.api.access import Caller, InHouse, caller
from bot.api.fields import Cursor, Limit
from bot.api.pages import Page
from bot.api.problems import Problem
from storage.audit import AuditKind
from storage.models import AuditRow

Reading = Annotated[Caller, Depends(caller("tasks:read"))]


class AuditView(BaseModel):
    """An entry. `mac` covers it and the one before it."""

    seq: int
    at: datetime
    kind: str
    subject: str
    task_id: str | None
    data: dict[str, Any]
    previous: str
    mac: str


def router() -> APIRouter:
    made = APIRouter(tags=["audit"])
    made.add_api_route("/audit", listed, methods=["GET"])
    return made


async def listed(
    request: Request, caller: Reading, house: InHouse, kind: Annotated[AuditKind | None, Query()] = None,
    task: Annotated[str | None, Query(max_length=36, description="Only entries of this task, by its id.")] = None, limit: Limit = 50, cursor: Cursor = None,
) -> Page[AuditView]:  # fmt: skip
    """Your entries, newest first. The whole chain is checked by `majordomo audit verify`."""
    query = sa.select(AuditRow.__table__).where(AuditRow.person_id == caller.person.id)
    if kind is not None:
        query = query.where(AuditRow.kind == kind.value)
    if task is not None:
        query = query.where(AuditRow.task_id == task)
    last = pages.after(request, cursor)
    if last:
        query = query.where(AuditRow.seq < _number(last))
    found = await house.database.read(lambda connection: connection.execute(query.order_by(AuditRow.seq.desc()).limit(limit + 1)).all())
    shown, following = pages.page_of(request, found, limit, lambda row: str(row.seq))
    return Page(items=[AuditView(**{name: getattr(row, name) for name in AuditView.model_fields}) for row in shown], next=following)


def _number(key: str) -> int:
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        raise Problem(400, "bad-cursor", "This cursor is not of this list.", field="query.cursor", remedy="begin again without a cursor")
    return int(key)
