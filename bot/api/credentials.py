"""/credentials: what the vault keeps for a person. A value goes in and never comes out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from urllib.parse import urlsplit

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bot.api.access import Caller, InHouse, caller
from bot.api.fields import Instant, Label
from bot.api.idempotency import Answer, InSending
from bot.api.problems import Problem, invalid, not_found
from bot.app import House
from orchestrator.actions.credentials import Credentials
from storage import handles
from storage.audit import AuditKind, Entry
from storage.vault import VaultError
from storage.vault import credentials as kept
from storage.vault.credentials import Credential, CredentialKind, NewCredential, Scope, Verification

LONGEST_VALUE = 4000
Reading = Annotated[Caller, Depends(caller("credentials:read"))]
Writing = Annotated[Caller, Depends(caller("credentials:write"))]
CredentialId = Annotated[str, Path(max_length=36)]


class CredentialView(BaseModel):
    """A credential without its value."""

    id: str
    service: str
    kind: CredentialKind
    label: str
    url: str = Field(description="The only place where it is used.", examples=["https://portal.example:443"])
    tools: list[str] = Field(description="The only tools that use it.")
    verification: Verification
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    verified_at: datetime | None

    @classmethod
    def of(cls, found: Credential) -> Self:
        scope = found.scope
        return cls(
            id=handles.parse(found.handle), service=found.service, kind=found.kind, label=found.label, url=f"{scope.scheme}://{scope.host}:{scope.port}",
            tools=sorted(scope.tools), verification=found.verification, created_at=found.created_at, expires_at=found.expires_at,
            last_used_at=found.last_used_at, verified_at=found.verified_at,
        )  # fmt: skip


class CredentialList(BaseModel):
    items: list[CredentialView]


class UseView(BaseModel):
    """A receipt: which tool used it for which task, at which host."""

    task_id: str | None
    tool: str
    host: str
    at: datetime


class UseList(BaseModel):
    items: list[UseView]


class NewCredentialBody(BaseModel):
    """A secret to keep. It is sealed at once, for exactly this place and these tools."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "service": "Portal", "kind": "health_portal", "url": "https://portal.example", "tools": ["http.get"],
                    "fields": {"username": "jane", "password": "…"},
                }
            ]
        },
    )  # fmt: skip
    service: Label
    kind: CredentialKind = CredentialKind.OTHER
    url: str = Field(max_length=500, description="Scheme, host and, where it is not the usual one, port of the place where it may be used.")
    tools: list[Label] = Field(min_length=1, max_length=20, description="Names of the tools that may use it.")
    fields: dict[Label, Annotated[SecretStr, Field(min_length=1, max_length=LONGEST_VALUE)]] = Field(min_length=1, max_length=10)
    label: str = Field(default="", max_length=200)
    expires_at: Instant | None = None


def router() -> APIRouter:
    made = APIRouter(tags=["credentials"])
    made.add_api_route("/credentials", listed, methods=["GET"])
    made.add_api_route("/credentials", create, methods=["POST"], status_code=201, response_model=CredentialView)
    made.add_api_route("/credentials/{credential}", read, methods=["GET"])
    made.add_api_route("/credentials/{credential}", forget, methods=["DELETE"], status_code=204)
    made.add_api_route("/credentials/{credential}/uses", uses, methods=["GET"])
    return made


async def listed(caller: Reading, house: InHouse) -> CredentialList:
    """What is kept for you, oldest first; never a value."""
    found = await house.database.read(lambda connection: kept.all_of(connection, caller.person.id))
    return CredentialList(items=[CredentialView.of(one) for one in found])


async def create(body: NewCredentialBody, caller: Writing, sending: InSending) -> Response:
    """Keep a secret beforehand; tasks that need it will not ask. Better still is the one-time form of a credential request."""
    safe = vault_of(sending.house)
    if unknown := [name for name in body.tools if sending.house.catalogue.tool(name) is None]:
        raise invalid([("body.tools", f"there is no tool {', '.join(unknown)} here: docs/tools.md names them, such as http.get")])
    new = NewCredential(
        body.service, body.kind, {name: value.get_secret_value() for name, value in body.fields.items()}, _scope(body), body.label, body.expires_at
    )

    def work(connection: sa.Connection, now: datetime) -> Answer:
        handle = kept.save(safe.vault, connection, caller.person.id, new, now)
        _note(safe, connection, caller, "saved", new.service, new.scope.host, now)
        made = CredentialView.of(kept.get(connection, caller.person.id, handle))
        return Answer.of(made, 201, f"/api/v1/credentials/{made.id}")

    return await sending.do(caller, body, work)


async def read(credential: CredentialId, caller: Reading, house: InHouse) -> CredentialView:
    """One credential, without its value."""
    return CredentialView.of(await house.database.read(lambda connection: _mine(connection, caller, credential)))


async def forget(credential: CredentialId, caller: Writing, house: InHouse) -> None:
    """Delete the value; the receipts of its use stay."""
    safe = vault_of(house)

    def work(connection: sa.Connection) -> None:
        now, found = house.clock.now(), _mine(connection, caller, credential)
        kept.forget(connection, caller.person.id, found.handle, now)
        _note(safe, connection, caller, "forgotten", found.service, found.scope.host, now)

    await house.database.write(work, key=caller.person.id)


async def uses(credential: CredentialId, caller: Reading, house: InHouse) -> UseList:
    """When it was used, by what and where."""

    def work(connection: sa.Connection) -> list[UseView]:
        handle = _mine(connection, caller, credential).handle
        return [UseView(task_id=use.task_id, tool=use.tool, host=use.host, at=use.at) for use in kept.uses(connection, caller.person.id, handle)]

    return UseList(items=await house.database.read(work))


def vault_of(house: House) -> Credentials:
    """The house's credentials. Raises Problem 503 where it has no vault."""
    found = house.runner.around.credentials
    if found is None:
        raise Problem(503, "no-vault", "There is no vault.", remedy="majordomo doctor tells why")
    return found


def _mine(connection: sa.Connection, caller: Caller, credential: str) -> Credential:
    try:
        return kept.get(connection, caller.person.id, handles.handle(credential))
    except (VaultError, ValueError) as error:
        raise not_found("credential") from error


def _scope(body: NewCredentialBody) -> Scope:
    try:
        parts = urlsplit(body.url)
        return Scope.of(parts.scheme, parts.hostname or "", parts.port, body.tools)
    except ValueError as error:
        raise invalid([("body.url", f"{error}: such as https://portal.example")]) from error


def _note(safe: Credentials, connection: sa.Connection, caller: Caller, subject: str, service: str, host: str, now: datetime) -> None:
    if safe.audit is not None:
        data = {"service": service, "host": host, "key": caller.key_id}
        safe.audit.append(connection, Entry(AuditKind.CREDENTIAL, subject, now, caller.person.id, None, data))
