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

from orchestrator.contracts import Action, Button, Card, Person, Task, ToolError, TransientError, Words
from orchestrator.outside import Secret
from orchestrator.tasks import notifications, outgoing
from storage import vault as safe
from storage.audit import AuditKind, AuditLog, Entry
from storage.database import Database
from storage.models import ChatRow, CredentialRequestRow, new_id
from storage.vault import credentials as kept
from storage.vault.credentials import CredentialKind, NewCredential, Scope

LASTS = timedelta(hours=24)
FORM_LASTS = timedelta(minutes=10)
VERIFIED_LASTS = timedelta(days=1)
TOKEN_BYTES = 16
ASKED_AT_MOST = 2
"""How often a task asks by itself: once more where nobody answered in time."""
PENDING, PROVIDED, DECLINED, EXPIRED = "pending", "provided", "declined", "expired"
NOT_A_SECRET = re.compile(r"^\s*/[a-z_]{1,32}(?:@\w+)?(?:\s|$)|^\W*(?:stop|cancel|abbrechen|cancelar|取消|停)\W*$", re.I)
"""A command or a stop is never taken for the secret that was asked for; nor is a question."""
ASKING = re.compile(r"[?？]\s*$")
PLAIN_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
A_SENTENCE = 4
"""With so many words on its line, a question is one whatever its words are made of."""


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
    """The house's credentials. `form_base` gives the address of the one-time form for a channel, or "" where none can be reached.

    On channels that are `form_only` a message cannot be taken back: there the next message is never taken as the secret.
    """

    vault: safe.Vault
    words: Words
    form_base: Callable[[str], str] = field(default=lambda channel: "")
    audit: AuditLog | None = None
    form_only: frozenset[str] = frozenset()

    # --- a task needs one ---

    def handle_for(self, connection: sa.Connection, person: Person, task: Task, key: str, wanted: Wanted, now: datetime) -> str | None:
        """The handle of a credential that is there already, else None after asking for it, once. Raises ToolError where it was refused."""
        scope = _scope(wanted)
        found = scope and kept.find(connection, person.id, service=wanted.service, kind=wanted.kind, scope=scope, now=now)
        if found:
            return found.handle
        mine = (CredentialRequestRow.task_id == task.id, CredentialRequestRow.key == key, CredentialRequestRow.epoch == task.epoch)
        states = list(connection.execute(sa.select(CredentialRequestRow.state).where(*mine).order_by(CredentialRequestRow.id)).scalars())
        latest, expired = states[-1] if states else "", states.count(EXPIRED)
        if latest == DECLINED:
            raise ToolError(f"you did not want to give the credentials for {wanted.service}")
        if latest == EXPIRED and expired >= ASKED_AT_MOST:
            raise ToolError(f"nobody gave the credentials for {wanted.service} in time")
        if latest != PENDING:
            self._ask(connection, person, task, key, wanted, now, again=expired)
        return None

    def _ask(self, connection: sa.Connection, person: Person, task: Task, key: str, wanted: Wanted, now: datetime, again: int = 0) -> None:
        request_id, expires = new_id(), now + LASTS
        given = {
            "service": wanted.service, "reason": wanted.reason or "-", "host": urlsplit(wanted.url).hostname or "", "number": task.number,
            "when": expires.astimezone(ZoneInfo(person.effective_zone)),
        }  # fmt: skip
        buttons = tuple(
            Button(self.words(person.language, f"button-{choice}", {}), Action("credential", request_id, choice)) for choice in ("provide", "decline")
        )
        until = "credential-until-last" if again + 1 >= ASKED_AT_MOST else "credential-until"
        said = (*(("credential-again",) if again else ()), "credential-wanted", until)
        card = Card("\n".join(self.words(person.language, message, given) for message in said), (buttons,))
        outgoing_id = outgoing.post(connection, outgoing.Envelope(task.chat_id or "", person.id, now, task.id), card)
        connection.execute(
            sa.insert(CredentialRequestRow),
            {
                "id": request_id, "task_id": task.id, "person_id": person.id, "chat_id": task.chat_id, "outgoing_id": outgoing_id, "key": key,
                "epoch": task.epoch, "service": wanted.service, "kind": wanted.kind.value, "url": wanted.url,
                "fields": [list(wanted.fields), list(wanted.tools)], "reason": wanted.reason, "expires_at": expires, "created_at": now,
            },
        )  # fmt: skip
        text = self.words(person.language, "notice-credential", {"service": wanted.service, "number": task.number})
        notice = notifications.Notice(notifications.CREDENTIAL, wanted.service, text, task.id, data={"ask": request_id}, until=expires)
        notifications.alongside(connection, outgoing.Envelope(task.chat_id or "", person.id, now, task.id), notice, self.words, person.language)

    # --- the person answers ---

    def needs_form(self, connection: sa.Connection, request: Request) -> bool:
        """Whether only the form would do in this chat, and there is none: MAJORDOMO_PUBLIC_URL is not set."""
        channel = _channel_of(connection, request)
        return channel in self.form_only and not self.form_base(channel)

    def begin(self, connection: sa.Connection, request: Request, now: datetime) -> str:
        """ "Provide": the address of a fresh one-time form, or "" after which the next message is taken as the secret."""
        channel = _channel_of(connection, request)
        base = self.form_base(channel)
        mine = sa.update(CredentialRequestRow).where(CredentialRequestRow.id == request.id, CredentialRequestRow.state == PENDING)
        if not base:
            connection.execute(mine.values(awaiting_text=channel not in self.form_only))
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
        if row is None or NOT_A_SECRET.search(text) or is_question(text):
            return None
        request = _from_row(row)
        values = read_fields(text, request.fields)
        if values is not None:
            self.fulfil(connection, request, values, now)
        return request.id

    # --- its use ---

    def reveal(self, connection: sa.Connection, person: Person, task: Task, tool: str, handle: str, url: str, now: datetime) -> Secret:
        """The value for exactly this place and tool; leaves a receipt. Raises ToolError, or TransientError while the key service is away."""
        parts = urlsplit(url)
        try:
            found = kept.reveal(self.vault, connection, person.id, handle, scheme=parts.scheme, host=parts.hostname or "", port=parts.port, tool=tool, now=now)
            kept.record_use(connection, person.id, handle, task_id=task.id, tool=tool, host=parts.hostname or "", now=now)
        except safe.KeyServiceDown as error:
            raise TransientError(str(error)) from error
        except safe.VaultError as error:
            raise ToolError(str(error)) from error
        self._note(connection, Entry(AuditKind.CREDENTIAL, "used", now, person.id, task.id, {"tool": tool, "host": parts.hostname or ""}))
        return Secret(found.fields)

    def tried(self, connection: sa.Connection, person: Person, task: Task, handle: str, now: datetime, *, accepted: bool) -> None:
        """The service took it, or refused it. One that the person has forgotten meanwhile is left alone."""
        try:
            if accepted:
                kept.mark_verified(connection, person.id, handle, now)
                return
            kept.mark_failed(connection, person.id, handle)
        except safe.NoSuchCredential:
            return
        self._note(connection, Entry(AuditKind.CREDENTIAL, "refused", now, person.id, task.id, {"handle": handle}))

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

    async def tried(self, person: Person, task: Task, handle: str, *, accepted: bool) -> None:
        """That it works is written down once a day at most: most calls only read."""
        now = self.now()
        if accepted and await self.database.read(lambda connection: kept.known_to_work(connection, person.id, handle, since=now - VERIFIED_LASTS)):
            return
        await self.database.write(lambda connection: self.credentials.tried(connection, person, task, handle, now, accepted=accepted), key=task.id)


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


def asks_again(connection: sa.Connection, request: Request) -> bool:
    """Whether the task will ask for it once more, now that this request has expired."""
    mine = (CredentialRequestRow.task_id == request.task_id, CredentialRequestRow.key == request.key, CredentialRequestRow.epoch == request.epoch)
    query = sa.select(sa.func.count()).where(*mine, CredentialRequestRow.state == EXPIRED)
    return int(connection.execute(query).scalar_one()) < ASKED_AT_MOST


def is_question(text: str) -> bool:
    """Whether a text asks something back; a password may end with a question mark, too, and must not be stored for it.

    What stands on a line of its own below a user name, or is not made of plain words, is no question unless it is a sentence.
    """
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if not lines or not ASKING.search(lines[-1]):
        return False
    words = lines[-1].strip(" \t?？¿!！.,").split()
    if len(words) >= A_SENTENCE:
        return True
    return (len(lines) == 1 or len(words) > 1) and all(PLAIN_WORD.fullmatch(word.strip("?？¿!！.,;:")) for word in words)


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


def _channel_of(connection: sa.Connection, request: Request) -> str:
    return str(connection.execute(sa.select(ChatRow.channel).where(ChatRow.id == request.chat_id)).scalar_one())


def _scope(wanted: Wanted) -> Scope | None:
    """What a credential must be for to fit; None where that is too vague for any."""
    parts = urlsplit(wanted.url)
    try:
        return Scope.of(parts.scheme, parts.hostname or "", parts.port, wanted.tools)
    except ValueError:
        return None


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
