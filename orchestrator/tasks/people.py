"""People as agents see them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from orchestrator import languages
from orchestrator.contracts import Person, Role
from storage.models import ChatRow, PersonRow

CHOSEN = "language_chosen"
"""Set once a person has asked for a language."""
_columns = (PersonRow.id, PersonRow.role, PersonRow.name, PersonRow.language, PersonRow.zone, PersonRow.assumed_zone)
_find = sa.select(*_columns).where(PersonRow.id == sa.bindparam("person"))


def person_of(connection: sa.Connection, person_id: str) -> Person:
    return from_row(connection.execute(_find, {"person": person_id}).one())


def owners(connection: sa.Connection) -> list[Person]:
    return [from_row(row) for row in connection.execute(sa.select(*_columns).where(PersonRow.role == Role.OWNER.value))]


def chat_of(connection: sa.Connection, person_id: str) -> str | None:
    """The private chat in which a person wrote first, rather than the one of their programs; None for one who never wrote in private."""
    query = sa.select(ChatRow.id).where(ChatRow.person_id == person_id, ChatRow.kind == "private")
    query = query.order_by(ChatRow.channel == "api", ChatRow.created_at).limit(1)
    return connection.execute(query).scalar()


def from_row(row: Any) -> Person:
    return Person(row.id, Role(row.role), row.name, row.language, row.zone, row.zone or row.assumed_zone)


def choose_language(connection: sa.Connection, person_id: str, language: str) -> None:
    """From now on this language, whatever they write in, until they ask for another."""
    settings = connection.execute(sa.select(PersonRow.settings).where(PersonRow.id == person_id)).scalar_one()
    chosen = sa.update(PersonRow).where(PersonRow.id == person_id)
    connection.execute(chosen.values(language=language, settings={**settings, CHOSEN: True}))


def speaking(connection: sa.Connection, person_id: str, text: str) -> Person:
    """The person who sent this, in the language they wrote it in; a clear change of language is remembered. One they asked for stays."""
    person = person_of(connection, person_id)
    written = languages.spoken(text, person.language) if text else None
    if written is None or written == person.language:
        return person
    if connection.execute(sa.select(PersonRow.settings).where(PersonRow.id == person_id)).scalar_one().get(CHOSEN):
        return person
    connection.execute(sa.update(PersonRow).where(PersonRow.id == person_id).values(language=written))
    return replace(person, language=written)
