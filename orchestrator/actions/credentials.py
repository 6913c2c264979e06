"""Credentials a task needs: asked for in the chat, given by a one-time form or by one message that is never stored, kept in the vault."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from orchestrator.contracts import Action, Button, Card, Person, Task, ToolError, Words
from orchestrator.outside import Secret
from orchestrator.tasks import outgoing
from storage import vault as safe
from storage.audit import AuditKind, AuditLog, Entry
from storage.database import Database
from storage.models import ChatRow, CredentialRequestRow, new_id
from storage.vault import credentials as kept
from storage.vault.credentials import CredentialKind, NewCredential, Scope

LASTS = timedelta(hours=24)
FORM_LASTS = timedelta(minutes=10)
TOKEN_BYTES = 16
PENDING, PROVIDED, DECLINED, EXPIRED = "pending", "provided", "declined", "expired"
NOT_A_SECRET = re.compile(r"^\s*/|[?？]\s*$|^\W*(?:stop|cancel|abbrechen|cancelar|取消|停)\W*$", re.I)
"""A command, a question or a stop is never taken for the secret that was asked for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a task needs: for which service, exactly where it will be used and by which tools, and why."""

    service: str
    kind: CredentialKind
    url: str
    tools: tuple[str, ...]
    fields: tuple[str, ...] = ("username", "password")
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """An open request, as the desk and the form see it."""

    id: str
    task_id: str
    person_id: str
    chat_id: str
    outgoing_id: str | None
    key: str
    epoch: int
    service: str
    kind: str
    url: str
    fields: tuple[str, ...]
    tools: tuple[str, ...]
    reason: str
    state: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Credentials:
    """The house's credentials. `form_base` gives the address of the one-time form for a channel, or "" where none can be reached."""

    vault: safe.Vault
    words: Words
    form_base: Callable[[str], str] = field(default=lambda channel: "")
    audit: AuditLog | None = None

    # --- a task needs one ---

    def handle_for(self, connection: sa.Connection, person: Person, task: Task, key: str, wanted: Wanted, now: datetime) -> str | None:
        """The handle of a credential that is there already, else None after asking for it, once. Raises ToolError where it was refused."""
        found = kept.find(connection, person.id, service=wanted.service, kind=wanted.kind, now=now)
        if found is not None and found.verification is not kept.Verification.FAILED and _fits(found, wanted):
            return found.handle
        mine = (CredentialRequestRow.task_id == task.id, CredentialRequestRow.key == key, CredentialRequestRow.epoch == task.epoch)
        row = connection.execute(sa.select(CredentialRequestRow.__table__).where(*mine).order_by(CredentialRequestRow.id.desc())).first()
        if row is not None and row.state == DECLINED:
            raise ToolError(f"you did not want to give the credentials for {wanted.service}")
        if row is not None and row.state == EXPIRED:
            raise ToolError(f"nobody gave the credentials for {wanted.service} in time")
        if row is None or row.state != PENDING:
            self._ask(connection, person, task, key, wanted, now)
        return None

    def _ask(self, connection: sa.Connection, person: Person, task: Task, key: str, wanted: Wanted, now: datetime) -> None:
        request_id, expires = new_id(), now + LASTS
        given = {
            "service": wanted.service, "reason": wanted.reason or "-", "host": urlsplit(wanted.url).hostname or "", "number": task.number,
            "when": expires.astimezone(ZoneInfo(person.effective_zone)),
        }  # fmt: skip
        buttons = tuple(
            Button(self.words(person.language, f"button-{choice}", {}), Action("credential", request_id, choice)) for choice in ("provide", "decline")
        )
        card = Card(self.words(person.language, "credential-wanted", given), (buttons,))
        outgoing_id = outgoing.post(connection, outgoing.Envelope(task.chat_id or "", person.id, now, task.id), card)
        connection.execute(
            sa.insert(CredentialRequestRow),
            {
                "id": request_id, "task_id": task.id, "person_id": person.id, "chat_id": task.chat_id, "outgoing_id": outgoing_id, "key": key,
                "epoch": task.epoch, "service": wanted.service, "kind": wanted.kind.value, "url": wanted.url,
                "fields": [list(wanted.fields), list(wanted.tools)], "reason": wanted.reason, "expires_at": expires, "created_at": now,
            },
        )  # fmt: skip

    # --- the person answers ---

    def begin(self, connection: sa.Connection, request: Request, now: datetime) -> str:
        """ "Provide": the address of a fresh one-time form, or "" after which the next message is taken as the secret."""
        channel = str(connection.execute(sa.select(ChatRow.channel).where(ChatRow.id == request.chat_id)).scalar_one())
        base = self.form_base(channel)
        mine = sa.update(CredentialRequestRow).where(CredentialRequestRow.id == request.id, CredentialRequestRow.state == PENDING)
        if not base:
            connection.execute(mine.values(awaiting_text=True))
            return ""
        token = secrets.token_hex(TOKEN_BYTES)
        connection.execute(mine.values(token_hash=_hash(token), token_expires_at=now + FORM_LASTS, awaiting_text=False))
        return f"{base}/secret/{token}"

    def decline(self, connection: sa.Connection, request: Request, now: datetime) -> bool:
        return _close(connection, request.id, DECLINED, now)

    def fulfil(self, connection: sa.Connection, request: Request, values: Mapping[str, str], now: datetime) -> bool:
        """Keep the value in the vault and close the request; waking the task is a separate act. False when it was closed meanwhile."""
        parts = urlsplit(request.url)
        scope = Scope.of(parts.scheme, parts.hostname or "", parts.port, request.tools)
        if not _close(connection, request.id, PROVIDED, now):
            return False
        new = NewCredential(request.service, CredentialKind(request.kind), dict(values), scope)
        handle = kept.save(self.vault, connection, request.person_id, new, now)
        changed = sa.update(CredentialRequestRow).where(CredentialRequestRow.id == request.id)
        connection.execute(changed.values(credential_id=handle.rpartition("/")[2], token_hash=None, awaiting_text=False))
        self._note(connection, Entry(AuditKind.CREDENTIAL, "saved", now, request.person_id, request.task_id, {"service": request.service, "host": scope.host}))
        return True

    def take(self, connection: sa.Connection, chat_id: str, person_id: str, text: str, now: datetime) -> str | None:
        """At intake: if this chat was asked for a secret and the text may be it, take it out. Returns the request's id.

        What cannot be read as the wanted fields is taken out too; the request stays open and the person is told how to write it.
        """
        open_here = (CredentialRequestRow.chat_id == chat_id, CredentialRequestRow.person_id == person_id, CredentialRequestRow.state == PENDING)
        query = sa.select(CredentialRequestRow.__table__).where(*open_here, CredentialRequestRow.awaiting_text, CredentialRequestRow.expires_at > now)
        row = connection.execute(query.order_by(CredentialRequestRow.id.desc())).first()
        if row is None or NOT_A_SECRET.search(text):
            return None
        request = _from_row(row)
        values = read_fields(text, request.fields)
        if values is not None:
            self.fulfil(connection, request, values, now)
        return request.id

    # --- its use ---

    def reveal(self, connection: sa.Connection, person: Person, task: Task, tool: str, handle: str, url: str, now: datetime) -> Secret:
        """The value for exactly this place and tool; leaves a receipt. Raises ToolError."""
        parts = urlsplit(url)
        try:
            found = kept.reveal(self.vault, connection, person.id, handle, scheme=parts.scheme, host=parts.hostname or "", port=parts.port, tool=tool, now=now)
            kept.record_use(connection, person.id, handle, task_id=task.id, tool=tool, host=parts.hostname or "", now=now)
        except safe.VaultError as error:
            raise ToolError(str(error)) from error
        self._note(connection, Entry(AuditKind.CREDENTIAL, "used", now, person.id, task.id, {"tool": tool, "host": parts.hostname or ""}))
        return Secret(found.fields)

    def _note(self, connection: sa.Connection, entry: Entry) -> None:
        if self.audit is not None:
            self.audit.append(connection, entry)


@dataclass(frozen=True, slots=True)
class Revealing:
    """The `Secrets` port of outside calls, over the database."""

    credentials: Credentials
    database: Database
    now: Callable[[], datetime]

    async def reveal(self, person: Person, task: Task, tool: str, handle: str, url: str) -> Secret:
        return await self.database.write(lambda connection: self.credentials.reveal(connection, person, task, tool, handle, url, self.now()), key=task.id)


def find(connection: sa.Connection, request_id: str, person_id: str) -> Request | None:
    row = connection.execute(
        sa.select(CredentialRequestRow.__table__).where(CredentialRequestRow.id == request_id, CredentialRequestRow.person_id == person_id)
    ).first()
    return _from_row(row) if row else None


def by_token(connection: sa.Connection, token: str, now: datetime) -> Request | None:
    """The open request behind a form's token; None when it is unknown, used up or too old."""
    live = (CredentialRequestRow.token_hash == _hash(token), CredentialRequestRow.state == PENDING, CredentialRequestRow.token_expires_at > now)
    row = connection.execute(sa.select(CredentialRequestRow.__table__).where(*live, CredentialRequestRow.expires_at > now)).first()
    return _from_row(row) if row else None


def use_up(connection: sa.Connection, token: str, now: datetime) -> Request | None:
    """One POST uses a token up: the request for the one that came first, None for all others."""
    request = by_token(connection, token, now)
    if request is None:
        return None
    spending = sa.update(CredentialRequestRow).where(CredentialRequestRow.id == request.id, CredentialRequestRow.token_hash == _hash(token))
    return request if connection.execute(spending.values(token_hash=None)).rowcount == 1 else None


def expire(connection: sa.Connection, now: datetime, limit: int = 100) -> Sequence[Request]:
    """Close requests that nobody answered in time."""
    due = sa.select(CredentialRequestRow.__table__).where(CredentialRequestRow.state == PENDING, CredentialRequestRow.expires_at <= now)
    return [request for row in connection.execute(due.limit(limit)).all() if _close(connection, (request := _from_row(row)).id, EXPIRED, now)]


def read_fields(text: str, fields: Sequence[str]) -> dict[str, str] | None:
    """What a message says of the wanted fields: one value, or one for each line or word. None when they do not add up."""
    if len(fields) == 1:
        return {fields[0]: text.strip()} if text.strip() else None
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    parts = lines if len(lines) == len(fields) else text.split()
    parts = (
        [re.sub(rf"^{re.escape(name)}\s*[:=]\s*", "", part, flags=re.I) for name, part in zip(fields, parts, strict=False)] if len(parts) == len(fields) else []
    )
    return dict(zip(fields, parts, strict=True)) if len(parts) == len(fields) and all(parts) else None


def _fits(found: kept.Credential, wanted: Wanted) -> bool:
    parts = urlsplit(wanted.url)
    try:
        scope = Scope.of(parts.scheme, parts.hostname or "", parts.port, wanted.tools)
    except ValueError:
        return False
    return (scope.scheme, scope.host, scope.port) == (found.scope.scheme, found.scope.host, found.scope.port) and scope.tools <= found.scope.tools


def _close(connection: sa.Connection, request_id: str, state: str, now: datetime) -> bool:
    closing = sa.update(CredentialRequestRow).where(CredentialRequestRow.id == request_id, CredentialRequestRow.state == PENDING)
    return connection.execute(closing.values(state=state, decided_at=now, awaiting_text=False, token_hash=None)).rowcount == 1


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _from_row(row: Any) -> Request:
    fields, tools = row.fields
    return Request(
        row.id, row.task_id, row.person_id, row.chat_id, row.outgoing_id, row.key, row.epoch, row.service, row.kind, row.url, tuple(fields), tuple(tools),
        row.reason, row.state, row.expires_at,
    )  # fmt: skip
