"""What became of a mail, as servers report it: delivery status notifications that come back as mail (RFC 3464)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr

from pydantic import BaseModel, ConfigDict, Field

from agents.tools.email import content
from agents.tools.email.log import MailLog, MailStatus
from agents.tools.email.mailbox import INBOX, Criteria, Mailbox, MailboxServer, with_mailbox
from agents.tools.email.reading import Account, Mailboxes
from orchestrator.contracts import Effect, ToolError
from orchestrator.outside import Deed, Outside, Phrase, Preview, Reach, Result

ACTIONS = {"failed": MailStatus.BOUNCED, "delivered": MailStatus.DELIVERED}
"""RFC 3464, 2.3.3. Delayed, relayed and expanded are no end yet."""
MOST_REPORTS = 100
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Delivery:
    """News of one mail for one recipient."""

    message_id: str
    status: MailStatus
    recipient: str = ""
    reason: str = ""

    @property
    def answer(self) -> str:
        """What the log keeps of it."""
        return f"{self.recipient}: {self.reason}" if self.recipient else self.reason


def read_report(mail: bytes) -> tuple[Delivery, ...]:
    """The news of a delivery status notification; nothing where a mail is none, or does not say of which mail it speaks."""
    report = message_from_bytes(mail)
    if report.get_content_type() != "multipart/report":
        return ()
    statuses: list[Message] = []
    about = ""
    for part in report.walk():
        inner = content.contained(part)
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            statuses += inner
        elif kind == "text/rfc822-headers" and isinstance(headers := part.get_payload(decode=True), bytes):
            about = about or content.decoded(message_from_bytes(headers)["Message-ID"])
        elif kind == "message/rfc822" and inner:
            about = about or content.decoded(inner[0]["Message-ID"])
    if not about:
        return ()
    return tuple(news for status in statuses if (news := _of_recipient(status, about)) is not None)


def _of_recipient(status: Message, about: str) -> Delivery | None:
    found = ACTIONS.get(content.decoded(status["Action"]).lower())
    if found is None:
        return None
    recipient = content.decoded(status["Original-Recipient"] or status["Final-Recipient"]).rpartition(";")[2].strip()
    reason = content.decoded(status["Diagnostic-Code"] or status["Status"])
    return Delivery(about, found, parseaddr(recipient)[1].lower(), reason[:LONGEST_REASON])


async def note(log: MailLog, news: tuple[Delivery, ...], now: datetime) -> list[Delivery]:
    """Write news into the log; those that were news."""
    return [one for one in in_order(news) if await log.update(one.message_id, one.status, one.answer, now)]


def in_order(news: tuple[Delivery, ...]) -> list[Delivery]:
    """As they are to be noted: of a mail to several, one that bounced makes it a bounced one."""
    return sorted(news, key=lambda one: one.status is MailStatus.BOUNCED)


class Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    days: int = Field(default=7, ge=1, le=60, description="How many days back to look.")


class CheckBounces:
    """Reads notifications in the house's inbox, where its mail comes back to, and brings the log of sent mail up to date."""

    name = "email.check_bounces"
    version = 1
    description = "Look in the inbox for notices that sent mails could not be delivered (or were), and note it in the mail log."
    effect = Effect.READ
    arguments = Arguments
    credits = 2
    seconds = 120.0

    def __init__(self, mailboxes: Mailboxes, log: MailLog) -> None:
        self._mailboxes = mailboxes
        self._log = log

    def reach(self, arguments: Arguments) -> Reach:
        return self._mailboxes.reach(Account(), Deed.READ)

    def preview(self, arguments: Arguments, words: Phrase) -> Preview:
        return Preview(words("email-bounces-preview"))

    async def act(self, outside: Outside, arguments: Arguments) -> Result:
        since = outside.now - timedelta(days=arguments.days)
        reports = await self._mailboxes.visit(outside, Account(), INBOX, lambda mailbox: _reports(mailbox, since))
        news = tuple(one for report in await asyncio.to_thread(lambda: [read_report(mail) for mail in reports]) for one in report)
        noted = await note(self._log, news, outside.now)
        found = [{"message_id": one.message_id, "status": one.status.value, "recipient": one.recipient, "reason": one.reason} for one in noted]
        return Result({"checked": len(reports), "changed": found}, source="mail delivery notices" if found else "", private=True)


async def look_for_news(server: MailboxServer, since: datetime, seen: set[str]) -> tuple[Delivery, ...]:
    """The news of the notices in the house's own inbox that were not seen before; nothing there is marked as read. Raises ToolError, TransientError."""

    def look(mailbox: Mailbox) -> tuple[Delivery, ...]:
        reports = _reports(mailbox, since, seen) if mailbox.enter(INBOX) else []
        return tuple(one for report in reports for one in read_report(report))

    return await asyncio.to_thread(with_mailbox, server.endpoint, look)


def _reports(mailbox: Mailbox, since: datetime, seen: set[str] | None = None) -> list[bytes]:
    """Notices since a day, newest first; those in `seen` are left out, and join it once read."""
    midnight = datetime.combine(since.astimezone(UTC).date(), time(), UTC)
    known = seen if seen is not None else set()
    identities = [one for one in mailbox.find(Criteria(header=("Content-Type", "multipart/report"), since=midnight.date())) if one not in known]
    reports = []
    for identity in identities[:MOST_REPORTS]:
        known.add(identity)
        try:
            reports.append(mailbox.whole(identity))
        except ToolError:
            continue  # gone or too large: no notice is
    return reports
