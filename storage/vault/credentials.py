"""A person's secrets for services: saved once, named by a handle, revealed only for what they are for.

What a credential is for (scheme, host, port, tools) is sealed together with its value: whoever can write the database
cannot point a secret at another host.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from storage import handles
from storage.models import CredentialRow, CredentialUseRow, new_id
from storage.vault.errors import CredentialExpired, NoSuchCredential, OutOfScope
from storage.vault.sealing import Vault

TABLE, COLUMN = "credentials", "sealed"
PORTS = {"http": 80, "https": 443, "smtp": 587, "smtps": 465, "imap": 143, "imaps": 993, "postgresql": 5432}
"""The port of a scheme where none is named."""


class CredentialKind(StrEnum):
    EMAIL = "email"
    HEALTH_PORTAL = "health_portal"
    PHARMACY = "pharmacy"
    INSURANCE = "insurance"
    API_KEY = "api_key"
    OTHER = "other"


class Verification(StrEnum):
    UNVERIFIED = "unverified"
    VERIFIED = "verified"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a credential is for: exactly this scheme, host and port, in the hands of these tools."""

    scheme: str
    host: str
    port: int
    tools: frozenset[str]

    @classmethod
    def of(cls, scheme: str, host: str, port: int | None, tools: Iterable[str]) -> Scope:
        """Lower-case, with the scheme's own port where none is given. Raises ValueError for what is too vague to hold."""
        scheme, host = scheme.lower(), host.lower()
        port = port if port is not None else PORTS.get(scheme)
        named = frozenset(tools)
        if not scheme or not host or port is None or not named or any(sign in host for sign in "*/@ "):
            raise ValueError("a credential needs a scheme, one exact host, a port and the tools that may use it")
        return cls(scheme, host, port, named)


@dataclass(frozen=True, slots=True)
class NewCredential:
    service: str
    kind: CredentialKind
    fields: Mapping[str, str] = field(repr=False)
    scope: Scope
    label: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """Everything about a credential but its value."""

    handle: str
    service: str
    kind: CredentialKind
    label: str
    scope: Scope
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    verified_at: datetime | None
    verification: Verification


@dataclass(frozen=True, slots=True)
class Revealed:
    """The value itself, such as {"username": …, "password": …}. Never shown, logged or kept."""

    fields: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Use:
    """A receipt of one use."""

    handle: str
    task_id: str | None
    tool: str
    host: str
    at: datetime


def save(vault: Vault, connection: sa.Connection, person_id: str, new: NewCredential, now: datetime) -> str:
    """Seal a credential; returns its handle."""
    made, scope = new_id(), new.scope
    content = {"fields": dict(new.fields), "scheme": scope.scheme, "host": scope.host, "port": scope.port, "tools": sorted(scope.tools)}
    sealed = vault.seal(connection, person_id, TABLE, made, COLUMN, json.dumps(content).encode())
    shown = {"service": new.service, "kind": new.kind.value, "label": new.label, "scheme": scope.scheme, "host": scope.host, "port": scope.port}
    row = {"id": made, "person_id": person_id, "sealed": sealed, "tools": sorted(scope.tools), "created_at": now, "expires_at": new.expires_at}
    connection.execute(sa.insert(CredentialRow).values(**row, **shown))
    return handles.handle(made)


def reveal(
    vault: Vault, connection: sa.Connection, person_id: str, handle: str, *, scheme: str, host: str, port: int | None, tool: str, now: datetime
) -> Revealed:
    """The value, for exactly what it was saved for.

    Raises NoSuchCredential (also for another person's), CredentialExpired, OutOfScope, and CannotOpen where the row was tampered with.
    """
    credential_id = _id(handle)
    row = connection.execute(_mine(person_id).where(CredentialRow.id == credential_id)).first()
    if row is None:
        raise NoSuchCredential("there is no such credential")
    if row.expires_at is not None and row.expires_at <= now:
        raise CredentialExpired(f"the credential for {row.service} has expired", "give it again when asked")
    content = json.loads(vault.open(connection, person_id, TABLE, credential_id, COLUMN, row.sealed))
    scheme, host = scheme.lower(), host.lower()
    asked = (scheme, host, port if port is not None else PORTS.get(scheme))
    if asked != (content["scheme"], content["host"], content["port"]):
        raise OutOfScope(f"the credential for {row.service} is for {content['scheme']}://{content['host']}:{content['port']} and nothing else")
    if tool not in content["tools"]:
        raise OutOfScope(f"the credential for {row.service} is not for the tool {tool}")
    return Revealed(content["fields"])


def find(
    connection: sa.Connection, person_id: str, *, service: str | None = None, kind: CredentialKind | None = None, scope: Scope | None = None, now: datetime
) -> Credential | None:
    """The newest usable credential of this person; those that failed verification come last.

    With `scope`, only one that is for exactly this place and for all of these tools, and none that failed.
    """
    query = _mine(person_id).where(sa.or_(CredentialRow.expires_at.is_(None), CredentialRow.expires_at > now))
    if service is not None:
        query = query.where(sa.func.lower(CredentialRow.service) == service.lower())
    if kind is not None:
        query = query.where(CredentialRow.kind == kind.value)
    if scope is not None:
        place = (CredentialRow.scheme == scope.scheme, CredentialRow.host == scope.host, CredentialRow.port == scope.port)
        query = query.where(*place, CredentialRow.verification != Verification.FAILED.value)
    rows = connection.execute(query.order_by(CredentialRow.verification == Verification.FAILED.value, CredentialRow.id.desc()))
    return next((_credential(row) for row in rows if scope is None or scope.tools <= set(row.tools)), None)


def get(connection: sa.Connection, person_id: str, handle: str) -> Credential:
    """One credential without its value. Raises NoSuchCredential."""
    row = connection.execute(_mine(person_id).where(CredentialRow.id == _id(handle))).first()
    if row is None:
        raise NoSuchCredential("there is no such credential")
    return _credential(row)


def all_of(connection: sa.Connection, person_id: str) -> list[Credential]:
    """What this person has given, oldest first, expired ones included; never a value."""
    return [_credential(row) for row in connection.execute(_mine(person_id).order_by(CredentialRow.id))]


def record_use(connection: sa.Connection, person_id: str, handle: str, *, task_id: str | None, tool: str, host: str, now: datetime) -> None:
    """Keep a receipt. Raises NoSuchCredential."""
    _change(connection, person_id, handle, last_used_at=now)
    values = {"credential_id": _id(handle), "person_id": person_id, "task_id": task_id, "tool": tool, "host": host.lower(), "at": now}
    connection.execute(sa.insert(CredentialUseRow).values(id=new_id(), **values))


def uses(connection: sa.Connection, person_id: str, handle: str | None = None) -> list[Use]:
    """Receipts, oldest first; those of forgotten credentials too."""
    query = sa.select(CredentialUseRow).where(CredentialUseRow.person_id == person_id).order_by(CredentialUseRow.id)
    if handle is not None:
        query = query.where(CredentialUseRow.credential_id == _id(handle))
    return [Use(handles.handle(row.credential_id), row.task_id, row.tool, row.host, row.at) for row in connection.execute(query)]


def forget(connection: sa.Connection, person_id: str, handle: str, now: datetime) -> None:
    """Delete the value; the row stays for its receipts. Raises NoSuchCredential."""
    _change(connection, person_id, handle, sealed=None, forgotten_at=now)


def mark_verified(connection: sa.Connection, person_id: str, handle: str, now: datetime) -> None:
    """The service accepted it. Raises NoSuchCredential."""
    _change(connection, person_id, handle, verification=Verification.VERIFIED.value, verified_at=now)


def known_to_work(connection: sa.Connection, person_id: str, handle: str, *, since: datetime) -> bool:
    """Whether the service accepted it since then, and has not refused it after that. Raises NoSuchCredential for what is no handle."""
    query = _mine(person_id).where(CredentialRow.id == _id(handle), CredentialRow.verification == Verification.VERIFIED.value)
    return connection.execute(query.where(CredentialRow.verified_at >= since)).first() is not None


def mark_failed(connection: sa.Connection, person_id: str, handle: str) -> None:
    """The service refused it. Raises NoSuchCredential."""
    _change(connection, person_id, handle, verification=Verification.FAILED.value)


def _mine(person_id: str) -> sa.Select[tuple[CredentialRow]]:
    columns = CredentialRow.__table__.columns
    return sa.select(*columns).where(CredentialRow.person_id == person_id, CredentialRow.forgotten_at.is_(None), CredentialRow.sealed.is_not(None))


def _change(connection: sa.Connection, person_id: str, handle: str, **values: object) -> None:
    mine = (CredentialRow.id == _id(handle), CredentialRow.person_id == person_id, CredentialRow.forgotten_at.is_(None))
    if connection.execute(sa.update(CredentialRow).where(*mine).values(**values)).rowcount != 1:
        raise NoSuchCredential("there is no such credential")


def _id(handle: str) -> str:
    try:
        return handles.parse(handle)
    except ValueError as error:
        raise NoSuchCredential("there is no such credential") from error


def _credential(row: sa.Row[tuple[CredentialRow]]) -> Credential:
    scope = Scope(row.scheme, row.host, row.port, frozenset(row.tools))
    times = (row.created_at, row.expires_at, row.last_used_at, row.verified_at)
    return Credential(handles.handle(row.id), row.service, CredentialKind(row.kind), row.label, scope, *times, Verification(row.verification))
