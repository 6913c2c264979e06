"""Who calls the HTTP API, and what they may: `Depends(caller("tasks:read"))`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

import sqlalchemy as sa
from fastapi import Depends, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import HTTPConnection

from bot.api.problems import Problem, no_database
from bot.app import House
from orchestrator import access
from orchestrator.contracts import Person
from storage.database import database_failed

bearer = HTTPBearer(
    scheme_name="ApiKey", bearerFormat="mjd_…", auto_error=False,
    description="A key made by `majordomo api-key create` or by /apikey in a chat of an owner. It acts for one person, within its scopes.",
)  # fmt: skip


@dataclass(frozen=True)
class Caller:
    """The person whose key this is. Every query takes `person.id`."""

    person: Person
    key_id: str
    scopes: frozenset[str]


def house_of(connection: HTTPConnection) -> House:
    """The house behind this API."""
    house: House = connection.app.state.house
    return house


InHouse = Annotated[House, Depends(house_of)]


def caller(*scopes: str) -> Callable[..., Awaitable[Caller]]:
    """A dependency: the caller, who must have every one of these scopes. Raises Problem 401, 403 or 429."""

    async def check(connection: HTTPConnection, _given: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)] = None) -> Caller:
        found = await known_caller(connection)
        connection.app.state.limits.take(connection, found.key_id)
        missing = [scope for scope in scopes if scope not in found.scopes]
        if missing:
            raise Problem(
                403, "scope-missing", "This key may not do that.", f"It lacks {', '.join(missing)}.", "header.Authorization",
                f"make a key with the scope {missing[0]}: majordomo api-key create --scopes …",
            )  # fmt: skip
        return found

    check.scopes = scopes  # type: ignore[attr-defined]
    return check


async def still_allowed(house: House, key_id: str, *scopes: str) -> bool:
    """Whether an open stream may go on: the key counts still, and has these scopes."""
    now = house.clock.now()
    found = await house.database.read(lambda connection: access.still_known(connection, key_id, now))
    return found is not None and found.scopes.issuperset(scopes)


async def known_caller(connection: HTTPConnection) -> Caller:
    """Whose key the header holds; asked once a request, before its body is read where it has one. Raises Problem 401."""
    found: Caller | None = getattr(connection.state, "caller", None)
    if found is None:
        scheme, key = get_authorization_scheme_param(connection.headers.get("authorization"))
        found = connection.state.caller = await _known(house_of(connection), key if scheme.lower() == "bearer" else "")
    return found


async def authenticate(house: House, key: str) -> Caller:
    """The caller behind a key given in another way than the header, such as a WebSocket's first message. Raises Problem 401."""
    return await _known(house, key)


async def _known(house: House, key: str) -> Caller:
    """Raises Problem 401; 503 where nobody can tell, before the request has come to where that is said of every other."""
    try:
        return await _found(house, key)
    except SQLAlchemyError as error:
        if database_failed(error):
            raise no_database() from error
        raise


async def _found(house: House, key: str) -> Caller:
    now = house.clock.now()
    found = await house.database.read(lambda connection: access.find(connection, key, now)) if key else None
    if found is None:
        raise Problem(
            401, "not-authenticated", "This needs an API key.", "The key is missing, unknown, over or revoked." if key else "There is no key.",
            "header.Authorization", "send Authorization: Bearer mjd_…; majordomo api-key create makes a key", headers={"WWW-Authenticate": "Bearer"},
        )  # fmt: skip
    if found.last_used_at is None or now - found.last_used_at > access.USED_EVERY:
        key_id = found.key_id

        def note(connection: sa.Connection) -> None:
            access.used(connection, key_id, now)

        await house.database.write(note)
    return Caller(found.person, found.key_id, found.scopes)
