"""`email.send`: one letter to the people named, approved whole, handed over once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Protocol

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from agents.tools.email.address import CONTROL, Address, parse
from agents.tools.email.compose import Letter, compose, message_id, read_files
from agents.tools.email.log import MailEntry, MailLog, MailStatus
from agents.tools.email.server import MailServer
from agents.tools.email.smtp import NoAnswer, deliver
from agents.tools.files.names import FileName
from orchestrator.contracts import Effect, Json, MajordomoError, Role, ToolError, TransientError
from orchestrator.outside import Deed, Found, Outside, Phrase, Preview, Reach, Reconciled, Result

FILED_WITHIN = timedelta(minutes=15)
"""From when a letter was last tried to when even a slow provider shows it among the sent ones."""
NOT_SET_UP = "mail cannot be sent: no mail server is set up (SMTP_URL)"


def _address(text: str) -> str:
    """One spelling for each address, so that an approval binds what a server is told."""
    found = parse(text)
    if CONTROL.search(found.name) or "@" in found.name:
        raise ValueError("a name beside an address must not look like another address")
    return f"{found.name} <{found.spec}>" if found.name else found.spec


def _one_line(text: str) -> str:
    if CONTROL.search(text):
        raise ValueError("must be one line without control characters")
    return text.strip()


def _readable(text: str) -> str:
    if "\0" in text:
        raise ValueError("must be text")
    return text


EmailAddress = Annotated[str, Field(max_length=320), AfterValidator(_address)]


class Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    to: list[EmailAddress] = Field(min_length=1, description="Addresses of the recipients, such as ann@example.com.")
    subject: Annotated[str, AfterValidator(_one_line)] = Field(max_length=500, description="The subject: one line.")
    body: Annotated[str, AfterValidator(_readable)] = Field(max_length=200_000, description="The text of the mail, plain.")
    cc: list[EmailAddress] = Field(default_factory=list, description="Addresses that get a copy and are seen by all.")
    bcc: list[EmailAddress] = Field(default_factory=list, description="Addresses that get a copy and are seen by nobody.")
    html: Annotated[str, AfterValidator(_readable)] = Field(default="", max_length=500_000, description="The same text as HTML; empty for none.")
    attachments: list[FileName] = Field(default_factory=list, max_length=20, description="Paths of files in the person's folder.")
    reply_to: EmailAddress | None = Field(default=None, description="Where answers go, if not to the sender.")

    def recipients(self) -> tuple[Address, ...]:
        return tuple(parse(one) for one in (*self.to, *self.cc, *self.bcc))


class Traces(Protocol):
    """Where a mail that was sent can be seen again."""

    async def look(self, identity: str) -> Found:
        """Whether a mail with this Message-ID was sent. NOT_DONE only where its absence proves it."""
        ...


@dataclass(frozen=True, slots=True)
class SendingLimits:
    recipients: int = 50
    bytes: int = 20_000_000
    """Of the whole letter, as it goes over the wire."""


class Send:
    """See `orchestrator.outside.OutsideTool`. `hold` is how many seconds an approved mail waits, with an Undo button, before it leaves."""

    name = "email.send"
    version = 1
    description = "Send one e-mail from the house's address to the recipients named. It cannot be taken back once it has left."
    effect = Effect.IRREVERSIBLE
    arguments = Arguments
    credits = 10
    editable = ("subject", "body", "to", "cc")
    """What a person may change before they approve."""

    def __init__(
        self, server: MailServer | None, log: MailLog, traces: Traces | None = None, *, hold: float = 10.0, limits: SendingLimits | None = None
    ) -> None:
        self._server = server
        self._log = log
        self._traces = traces
        self._limits = limits or SendingLimits()
        self.hold = hold
        self.seconds = 240.0

    def reach(self, arguments: Arguments) -> Reach:
        """Raises ToolError where nobody could send it: then nobody need be asked."""
        recipients = tuple({one.normal: None for one in arguments.recipients()})
        if len(recipients) > self._limits.recipients:
            raise ToolError(f"a mail goes to at most {self._limits.recipients} recipients, not to {len(recipients)}")
        hosts = frozenset({self._ready().endpoint.host})
        return Reach(Deed.MAIL, hosts, recipients, tuple(arguments.attachments))

    def preview(self, arguments: Arguments, words: Phrase) -> Preview:
        everyone = ", ".join(one.normal for one in arguments.recipients())
        sender = self._server.sender.spec if self._server else ""
        lines = (
            ("email-from", sender),
            ("email-to", ", ".join(arguments.to)),
            ("email-cc", ", ".join(arguments.cc)),
            ("email-bcc", ", ".join(arguments.bcc)),
            ("email-reply-to", arguments.reply_to or ""),
            ("email-subject", arguments.subject),
            ("email-text", arguments.body),
            ("email-html", arguments.html),
            ("email-attachments", ", ".join(arguments.attachments)),
        )
        return Preview(words("email-preview", recipients=everyone, subject=arguments.subject), tuple((words(label), value) for label, value in lines if value))

    async def act(self, outside: Outside, arguments: Arguments) -> Result:
        if outside.person.role is Role.GUEST:
            raise ToolError("guests of this house cannot send its mail")
        self.reach(arguments)
        server = self._ready()
        letter = self._letter(server, outside, arguments)
        body = compose(letter)
        if len(body) > self._limits.bytes:
            raise ToolError(f"the mail is too large: {len(body)} bytes, at most {self._limits.bytes} can be sent")
        await self._log.record(self._entry(server, outside, arguments, letter.message_id), outside.now)
        try:
            answer = await deliver(server, letter, body, outside.in_doubt)
        except NoAnswer as error:
            await self._log.update(letter.message_id, MailStatus.UNKNOWN, str(error), outside.now)
            raise
        except TransientError:
            raise
        except MajordomoError as error:
            await self._log.update(letter.message_id, MailStatus.FAILED, str(error), outside.now)
            raise
        await self._log.update(letter.message_id, MailStatus.SENT, str(answer), outside.now)
        return Result(self._report(arguments, letter.message_id, str(answer)))

    async def reconcile(self, outside: Outside, arguments: Arguments) -> Reconciled:
        """Our own log first, then the folders of the mailbox."""
        server = self._ready()
        identity = message_id(outside.key, server.sender)
        known = await self._log.status(outside.key)
        if known in {MailStatus.SENT, MailStatus.DELIVERED, MailStatus.BOUNCED}:
            return Reconciled(Found.DONE, Result(self._report(arguments, identity, "")))
        if known is MailStatus.FAILED:
            return Reconciled(Found.NOT_DONE)
        found = await self._traces_of(identity)
        if found is Found.NOT_DONE and not await self._long_ago(outside):
            found = Found.UNKNOWN
        if found is Found.DONE:
            await self._log.update(identity, MailStatus.SENT, "", outside.now)
            return Reconciled(found, Result(self._report(arguments, identity, "")))
        if found is Found.UNKNOWN and known is not MailStatus.UNKNOWN:
            await self._log.update(identity, MailStatus.UNKNOWN, "", outside.now)
        return Reconciled(found)

    async def _long_ago(self, outside: Outside) -> bool:
        """Whether a provider has had the time to file the letter: until then its absence proves nothing."""
        when = await self._log.changed(outside.key)
        return when is not None and outside.now - when >= FILED_WITHIN

    async def _traces_of(self, identity: str) -> Found:
        if self._traces is None:
            return Found.UNKNOWN
        try:
            return await self._traces.look(identity)
        except (ToolError, TransientError):
            return Found.UNKNOWN

    def _ready(self) -> MailServer:
        if self._server is None:
            raise ToolError(NOT_SET_UP)
        return self._server

    def _letter(self, server: MailServer, outside: Outside, arguments: Arguments) -> Letter:
        to, cc, bcc = (tuple(parse(one) for one in group) for group in (arguments.to, arguments.cc, arguments.bcc))
        return Letter(
            sender=server.sender,
            to=to,
            cc=cc,
            bcc=bcc,
            subject=arguments.subject,
            text=arguments.body,
            html=arguments.html,
            files=read_files(outside.folder, tuple(arguments.attachments), self._limits.bytes, outside.judged),
            reply_to=parse(arguments.reply_to) if arguments.reply_to else None,
            message_id=message_id(outside.key, server.sender),
            date=outside.now,
        )

    def _entry(self, server: MailServer, outside: Outside, arguments: Arguments, identity: str) -> MailEntry:
        return MailEntry(
            outside.person.id,
            outside.task.id,
            outside.key,
            tuple(arguments.to),
            tuple(arguments.cc),
            tuple(arguments.bcc),
            arguments.subject,
            arguments.body,
            tuple(arguments.attachments),
            server.endpoint.host,
            identity,
        )

    def _report(self, arguments: Arguments, identity: str, answer: str) -> dict[str, Json]:
        everyone = [one.normal for one in arguments.recipients()]
        return {"message_id": identity, "recipients": everyone, "subject": arguments.subject, "answer": answer}
