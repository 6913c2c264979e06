"""A person with a chat, as most tests need one."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from orchestrator.contracts import Person
from orchestrator.tasks.people import person_of
from storage.database import Database
from storage.models import ChatRow, IdentityRow, OutgoingRow, PersonRow, new_id
from tests.conftest import NOW

ZONE = "Europe/Berlin"


@dataclass(frozen=True)
class Somebody:
    person: Person
    chat_id: str


def settle(
    database: Database, *, role: str = "owner", language: str = "en", channel: str = "web", external: str = "local", zone: str | None = ZONE
) -> Somebody:
    """Put a person and their private chat into the database."""
    person_id, chat_id = new_id(), new_id()

    def work(connection: sa.Connection) -> Person:
        connection.execute(sa.insert(PersonRow).values(id=person_id, role=role, language=language, zone=zone, assumed_zone=ZONE, created_at=NOW))
        connection.execute(sa.insert(IdentityRow).values(id=new_id(), person_id=person_id, channel=channel, external_id=external, created_at=NOW))
        connection.execute(sa.insert(ChatRow).values(id=chat_id, person_id=person_id, channel=channel, external_id=external, created_at=NOW))
        return person_of(connection, person_id)

    return Somebody(database.write_now(work), chat_id)


def replies(database: Database, chat_id: str) -> list[str]:
    """Every message queued for a chat, in order; toasts and edits left out."""
    query = sa.select(OutgoingRow.card).where(OutgoingRow.chat_id == chat_id, OutgoingRow.kind.in_(("message", "status"))).order_by(OutgoingRow.seq)
    return [card["text"] for card in database.read_now(lambda connection: connection.execute(query).scalars().all())]
