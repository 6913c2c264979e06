"""POSTs that may be sent again: with an Idempotency-Key a request is done once and answered the same for a day."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, SecretStr
from sqlalchemy.dialects import postgresql, sqlite

from bot.api.access import Caller, InHouse
from bot.api.problems import MEDIA_TYPE, Problem
from bot.app import House
from storage.models import IdempotencyRow, new_id

KEPT = timedelta(days=1)
KEY = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered with. A problem as an answer keeps what was written, such as a try that counts; a raised one undoes it."""

    status: int
    body: dict[str, Any]
    location: str = ""
    replayed: bool = False

    @classmethod
    def of(cls, shown: BaseModel, status: int = 200, location: str = "") -> Answer:
        return cls(status, shown.model_dump(mode="json"), location)

    def response(self) -> JSONResponse:
        headers = ({"Location": self.location} if self.location else {}) | ({REPLAYED: "true"} if self.replayed else {})
        return JSONResponse(self.body, self.status, headers=headers, media_type=MEDIA_TYPE if self.status >= 400 else None)


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
        digest = self._digest(body)

        def act(connection: sa.Connection) -> Answer:
            return work(connection, now) if self.key is None else _once(connection, (person_id, self.key, digest), work, now)

        answer: Answer = await self.house.database.write(act, key=person_id)
        return answer.response()

    def _digest(self, body: BaseModel | None) -> str:
        """What tells one request from another. Secrets in it count by an HMAC under the caller's API key, which is kept nowhere: no digest tells them."""
        said = body.model_dump(mode="json", exclude_unset=True) if body is not None else None
        parts = [self.request.method, self.request.url.path, said]
        if body is not None and (hidden := _secrets(body.model_dump(exclude_unset=True))):
            key = self.request.headers.get("authorization", "").encode()
            parts.append(hmac.new(key, json.dumps(hidden).encode(), hashlib.sha256).hexdigest())
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _secrets(value: Any) -> list[str]:
    """The secrets in a body, in order."""
    if isinstance(value, SecretStr):
        return [value.get_secret_value()]
    inner = [value[name] for name in sorted(value)] if isinstance(value, dict) else value if isinstance(value, list) else []
    return [secret for part in inner for secret in _secrets(part)]


def sending(
    request: Request,
    house: InHouse,
    key: Annotated[str | None, Header(alias=KEY, min_length=1, max_length=200, description="Sent again with the same key, a request is done once.")] = None,
) -> Sending:
    return Sending(request, house, key)


InSending = Annotated[Sending, Depends(sending)]


def refused_key(key: Annotated[str | None, Header(alias=KEY, include_in_schema=False)] = None) -> None:
    """For POSTs whose answer is shown once and kept nowhere. Raises Problem 422 for an Idempotency-Key."""
    if key is not None:
        raise Problem(
            422, "idempotency-key-refused", "This request takes no Idempotency-Key.", "Its answer cannot be repeated.", f"header.{KEY}", "send it without the header"
        )  # fmt: skip


WithoutKey = Depends(refused_key)


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
        if answer.status >= 400:
            connection.execute(sa.delete(IdempotencyRow).where(*mine))
            return answer
        connection.execute(sa.update(IdempotencyRow).where(*mine).values(status=answer.status, location=answer.location, body=answer.body))
        return answer
    kept = connection.execute(sa.select(IdempotencyRow.__table__).where(*mine)).one()
    if kept.digest != digest:
        raise Problem(422, "idempotency-key-reused", "This Idempotency-Key was used for another request.", field=f"header.{KEY}", remedy="use a new key")
    return Answer(kept.status, kept.body, kept.location, replayed=True)
