"""/credential-requests: what tasks ask for. It is given at a one-time form, whose address comes from here; never in JSON."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field

from bot.api import rows
from bot.api.access import Caller, InHouse, caller
from bot.api.credentials import vault_of
from bot.api.fields import Cursor, Limit
from bot.api.idempotency import Answer, InSending, WithoutKey
from bot.api.pages import Page
from bot.api.problems import Problem, not_found
from orchestrator.actions import credentials
from orchestrator.actions.credentials import FORM_LASTS, PENDING
from orchestrator.contracts import Card
from orchestrator.tasks import outgoing
from storage.models import CredentialRequestRow
from storage.vault.credentials import CredentialKind

State = Literal["pending", "provided", "declined", "expired"]
Reading = Annotated[Caller, Depends(caller("credentials:read"))]
Writing = Annotated[Caller, Depends(caller("credentials:write"))]
RequestId = Annotated[str, Path(max_length=36)]


class CredentialRequestView(BaseModel):
    """A task needs a secret: for which service, where it will be used, and why."""

    id: str
    task_id: str
    service: str
    kind: CredentialKind
    url: str
    fields: list[str] = Field(examples=[["username", "password"]])
    tools: list[str]
    reason: str
    state: State
    credential_id: str | None
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None


class FormView(BaseModel):
    """Open it in a browser, soon, and once."""

    address: str
    expires_at: datetime


def router() -> APIRouter:
    made = APIRouter(tags=["credentials"])
    made.add_api_route("/credential-requests", listed, methods=["GET"])
    made.add_api_route("/credential-requests/{request_id}", read, methods=["GET"])
    made.add_api_route("/credential-requests/{request_id}/form", form, methods=["POST"], dependencies=[WithoutKey])
    made.add_api_route("/credential-requests/{request_id}/decline", decline, methods=["POST"], response_model=CredentialRequestView)
    return made


async def listed(
    request: Request, caller: Reading, house: InHouse, state: Annotated[State | None, Query()] = None, limit: Limit = 20, cursor: Cursor = None
) -> Page[CredentialRequestView]:
    """What your tasks ask for, newest first."""
    query = sa.select(CredentialRequestRow.__table__).where(CredentialRequestRow.person_id == caller.person.id)
    if state is not None:
        query = query.where(CredentialRequestRow.state == state)
    return await rows.newest_first(request, house, query, CredentialRequestRow.id, _shown, limit=limit, cursor=cursor)


async def read(request_id: RequestId, caller: Reading, house: InHouse) -> CredentialRequestView:
    """One request."""
    mine = (CredentialRequestRow.id == request_id, CredentialRequestRow.person_id == caller.person.id)
    return _shown(await rows.one(house, sa.select(CredentialRequestRow.__table__).where(*mine), "credential request"))


async def form(request_id: RequestId, request: Request, caller: Writing, house: InHouse) -> FormView:
    """The address of a fresh one-time form; an earlier one does not open any more. The task goes on once the form was sent."""
    base = house.settings.public_url or str(request.base_url).split("/api/")[0].rstrip("/")
    safe = replace(vault_of(house), form_base=lambda channel: base)
    now = house.clock.now()

    def work(connection: sa.Connection) -> str:
        return safe.begin(connection, _open(connection, caller, request_id, now), now)

    return FormView(address=await house.database.write(work, key=caller.person.id), expires_at=now + FORM_LASTS)


async def decline(request_id: RequestId, caller: Writing, sending: InSending) -> Response:
    """Do not give it: the task learns that, and ends or goes another way."""
    house = sending.house
    safe, words = vault_of(house), house.words

    def work(connection: sa.Connection, now: datetime) -> Answer:
        found = _open(connection, caller, request_id, now)
        if not safe.decline(connection, found, now):
            raise _over(found.state)
        if found.outgoing_id is not None:
            card = Card(f"**{found.service}**\n{words(caller.person.language, 'credential-declined', {})}")
            outgoing.revise(connection, outgoing.Envelope(found.chat_id, caller.person.id, now, found.task_id), found.outgoing_id, card)
        house.runner.go_on(connection, found.task_id)
        return Answer.of(_shown(connection.execute(sa.select(CredentialRequestRow.__table__).where(CredentialRequestRow.id == found.id)).one()))

    return await sending.do(caller, None, work)


def _open(connection: sa.Connection, caller: Caller, request_id: str, now: datetime) -> credentials.Request:
    found = credentials.find(connection, request_id, caller.person.id)
    if found is None:
        raise not_found("credential request")
    if found.state != PENDING or found.expires_at <= now:
        raise _over(found.state if found.state != PENDING else "expired")
    return found


def _over(state: str) -> Problem:
    return Problem(409, "conflict", "This request is not open any more.", f"It was {state}.", remedy="retry the task: it asks again where it must")


def _shown(row: Any) -> CredentialRequestView:
    fields, tools = row.fields
    same = {name: getattr(row, name) for name in CredentialRequestView.model_fields if name not in {"fields", "tools"}}
    return CredentialRequestView(**same, fields=fields, tools=tools)
