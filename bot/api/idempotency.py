"""POSTs that may be sent again: with an Idempotency-Key a request is done once and answered the same for a day."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.dialects import postgresql, sqlite

from bot.api.access import Caller, InHouse
from bot.api.problems import Problem
from bot.app import House
from storage.models import IdempotencyRow, new_id

KEPT = timedelta(days=1)
REPLAYED = "Idempotency-Replayed"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered with."""

    status: int
    body: dict[str, Any]
    location: str = ""
    replayed: bool = False

    @classmethod
    def of(cls, shown: BaseModel, status: int = 200, location: str = "") -> Answer:
        return cls(status, shown.model_dump(mode="json"), location)

    def response(self) -> JSONResponse:
        headers = ({"Location": self.location} if self.location else {}) | ({REPLAYED: "true"} if self.replayed else {})
        return JSONResponse(self.body, self.status, headers=headers)


Work = Callable[[sa.Connection, datetime], Answer]
"""What the request does, in one transaction, at this instant."""


@dataclass(frozen=True, slots=True)
class Sending:
    """A request that changes something."""

    request: Request
    house: House
    key: str | None

    async def do(self, caller: Caller, body: BaseModel | None, work: Work) -> JSONResponse:
        """Do it, unless it was done under this key before. What fails is not remembered. Raises Problem 422 for a key of another request."""
        now, person_id = self.house.clock.now(), caller.person.id
        said = body.model_dump(mode="json", exclude_unset=True) if body is not None else None
        digest = hashlib.sha256(json.dumps([self.request.method, self.request.url.path, said], sort_keys=True).encode()).hexdigest()

        def act(connection: sa.Connection) -> Answer:
            return work(connection, now) if self.key is None else _once(connection, (person_id, self.key, digest), work, now)

        answer: Answer = await self.house.database.write(act, key=person_id)
        return answer.response()


def sending(
    request: Request,
    house: InHouse,
    key: Annotated[
        str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200, description="Sent again with the same key, a request is done once.")
    ] = None,
) -> Sending:
    return Sending(request, house, key)


InSending = Annotated[Sending, Depends(sending)]


def _once(connection: sa.Connection, claim: tuple[str, str, str], work: Work, now: datetime) -> Answer:
    """Whoever enters the key first does the work; on Postgres the others wait for that transaction to end."""
    person_id, key, digest = claim
    mine = (IdempotencyRow.person_id == person_id, IdempotencyRow.key == key)
    connection.execute(sa.delete(IdempotencyRow).where(IdempotencyRow.person_id == person_id, IdempotencyRow.created_at < now - KEPT))
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    entry = make(IdempotencyRow).values(id=new_id(), person_id=person_id, key=key, digest=digest, status=0, location="", created_at=now)
    first = entry.on_conflict_do_nothing(index_elements=["person_id", "key"]).returning(IdempotencyRow.id)
    if connection.execute(first).first() is not None:
        answer = work(connection, now)
        connection.execute(sa.update(IdempotencyRow).where(*mine).values(status=answer.status, location=answer.location, body=answer.body))
        return answer
    kept = connection.execute(sa.select(IdempotencyRow.__table__).where(*mine)).one()
    if kept.digest != digest:
        raise Problem(
            422, "idempotency-key-reused", "This Idempotency-Key was used for another request.", field="header.Idempotency-Key", remedy="use a new key"
        )
    return Answer(kept.status, kept.body, kept.location, replayed=True)
