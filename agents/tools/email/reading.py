"""Looking into a mailbox: search, read, save an attachment, mark. What mails say was written by others and is named so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from agents.tools.email import content
from agents.tools.email.address import domain_of
from agents.tools.email.mailbox import GONE, INBOX, Criteria, Mailbox, MailboxServer, Seen, look_for, with_mailbox
from agents.tools.email.server import Encryption, Endpoint
from agents.tools.files.folder import Folder
from agents.tools.files.keeping import Keeper
from agents.tools.files.names import FileName
from agents.tools.files.shelves import undo
from agents.tools.logins import trying
from orchestrator.contracts import Effect, Json, Role, ToolError
from orchestrator.outside import Deed, Found, Outside, Phrase, Preview, Reach, Result, Undo

T = TypeVar("T")

NOT_SET_UP = "no mailbox is set up (IMAP_URL), and no credential of a mailbox was named"
NAMED_SENDERS = 5
LONGEST_LABEL = 60


def _server(text: str) -> str:
    """`imaps://host:port` in one spelling; a password is never said without encryption."""
    if not text:
        return ""
    parts = urlsplit(text)
    if parts.scheme != "imaps" or not parts.hostname or parts.path.strip("/") or parts.query or parts.username is not None:
        raise ValueError("must be imaps://host or imaps://host:port")
    return f"imaps://{domain_of(parts.hostname)}:{parts.port or 993}"


class Account(BaseModel):
    """Which mailbox: the house's, or one that the person gave a credential for."""

    model_config = ConfigDict(extra="forbid")

    credential: str = Field(
        default="", max_length=200, pattern=r"^(cred://.+)?$", description="Handle of the person's own mail account; empty: the house's mailbox."
    )
    server: Annotated[str, AfterValidator(_server)] = Field(default="", max_length=300, description="With a credential: imaps://host:993.")

    @model_validator(mode="after")
    def both_or_neither(self) -> Account:
        if bool(self.credential) != bool(self.server):
            raise ValueError("credential and server belong together")
        return self


class OneMail(Account):
    id: str = Field(max_length=40, pattern=r"^\d+\.\d+$", description="The id that email.search gave.")
    mailbox: str = Field(default=INBOX, max_length=200, description="The folder it lies in.")


class SearchArguments(Account):
    text: str = Field(default="", max_length=200, description="Words that stand anywhere in the mail.")
    sender: str = Field(default="", max_length=200, description="Part of the sender's name or address.")
    subject: str = Field(default="", max_length=200, description="Part of the subject.")
    since: date | None = Field(default=None, description="Only mails that came on this day or later.")
    unread: bool = Field(default=False, description="Only mails that nobody has read.")
    mailbox: str = Field(default=INBOX, max_length=200, description="The folder to look in.")
    limit: int = Field(default=20, ge=1, le=50, description="At most this many, newest first.")


class ReadArguments(OneMail):
    pass


class SaveArguments(OneMail):
    number: int = Field(ge=1, le=200, description="Which attachment, as email.read counts them.")
    name: FileName = Field(description="What it shall be called in the person's folder.")


class MarkArguments(OneMail):
    read: bool = Field(description="true: as read; false: as unread.")


@dataclass(frozen=True, slots=True)
class Mailboxes:
    """The house's own mailbox, if there is one, and the way to those of its people."""

    house: MailboxServer | None = None

    def reach(self, account: Account, deed: Deed) -> Reach:
        """Raises ToolError where there is no mailbox to look into."""
        if account.server:
            return Reach(deed, frozenset({urlsplit(account.server).hostname or ""}), credential=account.credential)
        if self.house is None:
            raise ToolError(NOT_SET_UP)
        return Reach(deed, frozenset({self.house.endpoint.host}))

    async def endpoint(self, outside: Outside, account: Account) -> Endpoint:
        """The secret is asked for before anything is connected to: only a server that it is scoped to is ever reached."""
        if account.server:
            secret = await outside.secret(account.credential, account.server)
            parts = urlsplit(account.server)
            user, password = (secret.fields.get(name, "") for name in ("username", "password"))
            return Endpoint(parts.hostname or "", parts.port or 993, Encryption.IMPLICIT, user, password)
        if self.house is None:
            raise ToolError(NOT_SET_UP)
        if outside.person.role is not Role.OWNER:
            raise ToolError("only the owner may look into the house's mailbox; name a credential of your own")
        return self.house.endpoint

    async def visit(self, outside: Outside, account: Account, folder: str, work: Callable[[Mailbox], T], *, writing: bool = False) -> T:
        endpoint = await self.endpoint(outside, account)

        def inside(mailbox: Mailbox) -> T:
            if not mailbox.enter(folder, writing=writing):
                raise ToolError(f"the mailbox has no folder {folder}")
            return work(mailbox)

        async with trying(outside, account.credential):
            return await asyncio.to_thread(with_mailbox, endpoint, inside)


class _OfMailboxes:
    """What the tools of a mailbox share."""

    version = 1
    credits = 2
    seconds = 90.0

    def __init__(self, mailboxes: Mailboxes) -> None:
        self._mailboxes = mailboxes


class Search(_OfMailboxes):
    name = "email.search"
    description = "Find mails by words, sender, subject, day or unread, newest first. Nothing is marked as read."
    effect = Effect.READ
    arguments = SearchArguments

    def reach(self, arguments: SearchArguments) -> Reach:
        return self._mailboxes.reach(arguments, Deed.READ)

    def preview(self, arguments: SearchArguments, words: Phrase) -> Preview:
        return Preview(words("email-search-preview"))

    async def act(self, outside: Outside, arguments: SearchArguments) -> Result:
        wanted = Criteria(arguments.text, arguments.sender, arguments.subject, since=arguments.since, unread=arguments.unread)

        def look(mailbox: Mailbox) -> tuple[int, list[Seen]]:
            found = mailbox.find(wanted)
            return len(found), mailbox.overview(found[: arguments.limit])

        count, seen = await self._mailboxes.visit(outside, arguments, arguments.mailbox, look)
        listed = [(one, content.headers(content.parse(one.headers))) for one in seen]
        mails = [_line(one, headers, arguments.mailbox) for one, headers in listed]
        return Result({"count": count, "mails": mails}, source=_sources([headers.sender for _, headers in listed]), private=True)


class Read(_OfMailboxes):
    name = "email.read"
    description = "Read one mail: its text (HTML turned to text) and the list of its attachments. It is not marked as read."
    effect = Effect.READ
    arguments = ReadArguments

    def reach(self, arguments: ReadArguments) -> Reach:
        return self._mailboxes.reach(arguments, Deed.READ)

    def preview(self, arguments: ReadArguments, words: Phrase) -> Preview:
        return Preview(words("email-read-preview"))

    async def act(self, outside: Outside, arguments: ReadArguments) -> Result:
        whole = await self._mailboxes.visit(outside, arguments, arguments.mailbox, lambda mailbox: mailbox.whole(arguments.id))
        mail = await asyncio.to_thread(content.read, whole)
        files = [{"number": file.number, "name": file.name, "media_type": file.media_type, "bytes": len(file.content)} for file in mail.files]
        value = {"id": arguments.id, **_headers(mail.headers), "text": mail.text, "cut": mail.cut, "attachments": files}
        return Result(value, source=_sources([mail.headers.sender]), private=True)


class SaveAttachment(_OfMailboxes):
    name = "email.save_attachment"
    description = "Save one attachment of a mail into the person's folder. A file that stood there is kept and can be brought back."
    effect = Effect.IDEMPOTENT
    arguments = SaveArguments

    def reach(self, arguments: SaveArguments) -> Reach:
        return self._mailboxes.reach(arguments, Deed.OWN)

    def preview(self, arguments: SaveArguments, words: Phrase) -> Preview:
        return Preview(words("email-save-preview", name=arguments.name))

    async def act(self, outside: Outside, arguments: SaveArguments) -> Result:
        whole = await self._mailboxes.visit(outside, arguments, arguments.mailbox, lambda mailbox: mailbox.whole(arguments.id))
        mail = await asyncio.to_thread(content.read, whole)
        file = next((one for one in mail.files if one.number == arguments.number), None)
        if file is None:
            raise ToolError(f"that mail has {len(mail.files)} attachments, none with the number {arguments.number}")
        kept = await asyncio.to_thread(Keeper(Folder(outside.folder), outside.key, outside.now).put, arguments.name, file.content)
        value: dict[str, Json] = {"name": kept.name, "bytes": kept.bytes, "sha256": kept.sha256}
        return Result(value, source=_sources([mail.headers.sender]), private=True, undo=undo([outside.key], [kept.name]))


class Mark(_OfMailboxes):
    name = "email.mark"
    description = "Mark one mail as read or as unread."
    effect = Effect.REVERSIBLE
    arguments = MarkArguments

    def reach(self, arguments: MarkArguments) -> Reach:
        return self._mailboxes.reach(arguments, Deed.OWN)

    def preview(self, arguments: MarkArguments, words: Phrase) -> Preview:
        if arguments.read:
            return Preview(words("email-mark-read-preview", mailbox=arguments.mailbox))
        return Preview(words("email-mark-unread-preview", mailbox=arguments.mailbox))

    async def act(self, outside: Outside, arguments: MarkArguments) -> Result:
        def change(mailbox: Mailbox) -> Seen:
            before = mailbox.overview([arguments.id])
            if not before:
                raise ToolError(GONE)
            mailbox.mark(arguments.id, read=arguments.read)
            return before[0]

        before = await self._mailboxes.visit(outside, arguments, arguments.mailbox, change, writing=True)
        changed = before.unread is arguments.read
        headers = content.headers(content.parse(before.headers))
        back = Undo(self.name, {**arguments.model_dump(mode="json"), "read": not arguments.read}, headers.subject[:LONGEST_LABEL] or headers.sender)
        return Result({"id": arguments.id, "read": arguments.read, "changed": changed}, private=True, undo=back if changed else None)


@dataclass(frozen=True, slots=True)
class MailboxTraces:
    """Where `email.send` looks after a crash: the sent folder, and the inbox of whoever wrote to themselves."""

    server: MailboxServer

    async def look(self, identity: str) -> Found:
        return await asyncio.to_thread(with_mailbox, self.server.endpoint, lambda mailbox: look_for(mailbox, self.server, identity))


def _line(seen: Seen, headers: content.Headers, mailbox: str) -> dict[str, Json]:
    return {"id": seen.identity, "mailbox": mailbox, **_headers(headers), "unread": seen.unread, "bytes": seen.size}


def _headers(headers: content.Headers) -> dict[str, Json]:
    when = headers.date.isoformat() if headers.date else ""
    return {"from": headers.shown_sender, "to": headers.to, "subject": headers.subject, "date": when, "message_id": headers.message_id}


def _sources(senders: list[str]) -> str:
    """Who wrote what was read: the first few by name; empty where nothing was."""
    if not senders:
        return ""
    different = list(dict.fromkeys(sender or "?" for sender in senders))
    more = f" +{len(different) - NAMED_SENDERS}" if len(different) > NAMED_SENDERS else ""
    return f"mail from {', '.join(different[:NAMED_SENDERS])}{more}"
