"""/people: who the caller is."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from bot.api.access import Caller, caller
from orchestrator.contracts import Role


class Me(BaseModel):
    """The person behind the key, and what the key may do."""

    id: str
    name: str
    role: Role
    language: str = Field(examples=["en"])
    zone: str = Field(description="IANA time zone that times said in words are read in.", examples=["Europe/Berlin"])
    zone_confirmed: bool
    key_id: str
    scopes: list[str]


def router() -> APIRouter:
    made = APIRouter(tags=["people"])
    made.add_api_route("/people/me", me, methods=["GET"])
    return made


async def me(caller: Annotated[Caller, Depends(caller())]) -> Me:
    """Who this key acts for."""
    person = caller.person
    return Me(
        id=person.id, name=person.name, role=person.role, language=person.language, zone=person.effective_zone, zone_confirmed=person.zone is not None,
        key_id=caller.key_id, scopes=sorted(caller.scopes),
    )  # fmt: skip
