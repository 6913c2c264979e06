"""Keys of the HTTP API: made once, shown once, kept as a hash, each with what it may do and until when."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from orchestrator.contracts import Person, Role, Words
from orchestrator.errors import MajordomoError
from orchestrator.tasks import outgoing
from orchestrator.tasks.people import from_row
from storage.models import ApiKeyRow, OutgoingRow, PersonRow, new_id

MARK = "mjd_"
KEY_BYTES = 32
"""256 random bits: nobody guesses one, so a plain hash is enough."""
PREFIX = 12
SHAPE = re.compile(r"mjd_[A-Za-z0-9_-]{43}")
SCOPES = (
    "tasks:read", "tasks:write", "approvals:read", "approvals:decide", "credentials:read", "credentials:write", "settings:read", "settings:write",
    "notifications:read", "notifications:write", "statistics:read", "admin",
)  # fmt: skip
SHOWN_FOR = timedelta(minutes=10)
"""A chat shows a new key no longer than this."""
OWNERS_ONLY = frozenset({"admin"})
USED_EVERY = timedelta(minutes=1)
"""`last_used_at` is kept to the minute: a write for each request would cost more than it tells."""
_NAME = 100


class UnknownScope(MajordomoError):
    """There is no such scope, or this person may not have it."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it may be shown: without its secret."""

    id: str
    person_id: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Made:
    """A new key with its secret, which nobody can be shown again."""

    key: ApiKey
    secret: str


@dataclass(frozen=True, slots=True)
class Known:
    """Whose key it is, and what it may do. Role and scopes are those of this moment."""

    person: Person
    key_id: str
    scopes: frozenset[str]
    last_used_at: datetime | None


def create(connection: sa.Connection, person: Person, name: str, scopes: Sequence[str], now: datetime, *, lasts: timedelta | None = None) -> Made:
    """A new key of this person. Raises UnknownScope."""
    wanted = tuple(dict.fromkeys(scopes))
    unknown = [scope for scope in wanted if scope not in allowed_to(person)]
    if unknown or not wanted:
        raise UnknownScope(f"not a scope that {person.role.value}s may have: {', '.join(unknown) or '-'}; there are {', '.join(allowed_to(person))}")
    secret = MARK + secrets.token_urlsafe(KEY_BYTES)
    key = ApiKey(new_id(), person.id, name.strip()[:_NAME] or "key", secret[:PREFIX], wanted, now + lasts if lasts else None, None, None, now)
    connection.execute(
        sa.insert(ApiKeyRow),
        {
            "id": key.id, "person_id": person.id, "name": key.name, "prefix": key.prefix, "key_hash": _hash(secret), "scopes": list(wanted),
            "expires_at": key.expires_at, "created_at": now,
        },
    )  # fmt: skip
    return Made(key, secret)


def allowed_to(person: Person) -> tuple[str, ...]:
    """The scopes that a person's keys may have: only owners' keys administer; guests have no keys."""
    if person.role is Role.GUEST:
        return ()
    return tuple(scope for scope in SCOPES if person.role is Role.OWNER or scope not in OWNERS_ONLY)


def implied(scopes: Sequence[str]) -> frozenset[str]:
    """With everything that a scope brings along: who may write a noun may read it; `admin` may do everything."""
    if "admin" in scopes:
        return frozenset(SCOPES) | {f"{scope.partition(':')[0]}:read" for scope in SCOPES if ":" in scope}
    return frozenset(scopes) | {f"{scope.partition(':')[0]}:read" for scope in scopes if ":" in scope}


def find(connection: sa.Connection, secret: str, now: datetime) -> Known | None:
    """Who stands behind a key that is neither revoked nor over; None for anything else."""
    if SHAPE.fullmatch(secret) is None:
        return None
    return _known(connection, ApiKeyRow.key_hash == _hash(secret), now)


def still_known(connection: sa.Connection, key_id: str, now: datetime) -> Known | None:
    """The same for a key seen before: long streams ask again whether it still counts."""
    return _known(connection, ApiKeyRow.id == key_id, now)


def used(connection: sa.Connection, key_id: str, now: datetime) -> None:
    connection.execute(sa.update(ApiKeyRow).where(ApiKeyRow.id == key_id).values(last_used_at=now))


def of_person(connection: sa.Connection, person_id: str) -> list[ApiKey]:
    """A person's keys that were not revoked, newest first."""
    query = sa.select(ApiKeyRow.__table__).where(ApiKeyRow.person_id == person_id, ApiKeyRow.revoked_at.is_(None))
    return [_from_row(row) for row in connection.execute(query.order_by(ApiKeyRow.id.desc()))]


def revoke(connection: sa.Connection, person_id: str, key: str, now: datetime) -> ApiKey | None:
    """End a person's key, by its id or its prefix; None where there is none, or several."""
    query = sa.select(ApiKeyRow.__table__).where(ApiKeyRow.person_id == person_id, ApiKeyRow.revoked_at.is_(None))
    found = connection.execute(query.where(sa.or_(ApiKeyRow.id == key, ApiKeyRow.prefix == key))).all()
    if len(found) != 1:
        return None
    ended = sa.update(ApiKeyRow).where(ApiKeyRow.id == found[0].id, ApiKeyRow.revoked_at.is_(None)).values(revoked_at=now)
    return _from_row(found[0]) if connection.execute(ended).rowcount == 1 else None


def shown(connection: sa.Connection, key_id: str, outgoing_id: str) -> None:
    """A chat shows the secret in this message; it is taken out of there later."""
    connection.execute(sa.update(ApiKeyRow).where(ApiKeyRow.id == key_id).values(shown_in=outgoing_id))


def hide(connection: sa.Connection, words: Words, now: datetime, *, key_id: str = "") -> int:
    """Take secrets out of the chats that show them: those shown long enough, or this one. Returns how many."""
    due = ApiKeyRow.id == key_id if key_id else ApiKeyRow.created_at <= now - SHOWN_FOR
    columns = (ApiKeyRow.id, ApiKeyRow.prefix, ApiKeyRow.shown_in, OutgoingRow.chat_id, PersonRow.id.label("person"), PersonRow.language)
    query = sa.select(*columns).join(OutgoingRow, OutgoingRow.id == ApiKeyRow.shown_in).join(PersonRow, PersonRow.id == ApiKeyRow.person_id)
    found = connection.execute(query.where(due)).all()
    for row in found:
        text = words(row.language, "apikey-hidden", {"prefix": row.prefix})
        outgoing.scrub(connection, outgoing.Envelope(row.chat_id, row.person, now), row.shown_in, text)
        connection.execute(sa.update(ApiKeyRow).where(ApiKeyRow.id == row.id).values(shown_in=None))
    return len(found)


def _known(connection: sa.Connection, which: sa.ColumnElement[bool], now: datetime) -> Known | None:
    people = (PersonRow.id, PersonRow.role, PersonRow.name, PersonRow.language, PersonRow.zone, PersonRow.assumed_zone)
    query = sa.select(*people, ApiKeyRow.id.label("key_id"), ApiKeyRow.scopes, ApiKeyRow.last_used_at).join(PersonRow, PersonRow.id == ApiKeyRow.person_id)
    lives = sa.or_(ApiKeyRow.expires_at.is_(None), ApiKeyRow.expires_at > now)
    row = connection.execute(query.where(which, ApiKeyRow.revoked_at.is_(None), lives)).first()
    if row is None:
        return None
    person = from_row(row)
    scopes = [scope for scope in row.scopes if scope in allowed_to(person)]
    return Known(person, row.key_id, implied(scopes), row.last_used_at)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _from_row(row: Any) -> ApiKey:
    return ApiKey(
        row.id, row.person_id, row.name, row.prefix, tuple(row.scopes), row.expires_at, row.last_used_at, row.revoked_at, row.created_at,
    )  # fmt: skip
