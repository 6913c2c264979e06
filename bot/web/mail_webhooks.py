"""The doors for what mail providers report: `/webhooks/mail/sendgrid`, `/mailgun`, `/ses`. Size first, then the signature, then what it says."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from agents.tools.email import webhooks
from agents.tools.email.delivery import Delivery
from agents.tools.email.webhooks import Forged
from agents.tools.way_out import WayOut
from agents.tools.way_out.fetching import Ask, fetch
from bot.mail_news import MailNews
from bot.settings import MailWebhookKeys
from bot.web.app import Webhook
from orchestrator.contracts import MajordomoError

PATH = "/webhooks/mail/"
MOST_BYTES = 1_000_000
MOST_CERTIFICATES = 20
SENDGRID_SIGNATURE, SENDGRID_TIMESTAMP = "x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp"
Get = Callable[[str], Awaitable[bytes]]

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class MailWebhooks:
    """One door for each provider that has a secret; the others have none. `get` fetches Amazon's certificates and confirmations."""

    keys: MailWebhookKeys
    news: MailNews
    get: Get
    certificates: dict[str, bytes] = field(default_factory=dict)

    def doors(self) -> Mapping[str, Webhook]:
        """The handlers by path."""
        readers = {"sendgrid": self._sendgrid, "mailgun": self._mailgun, "ses": self._ses}
        return {PATH + name: self._door(readers[name]) for name in self.keys.providers}

    def _door(self, read: Callable[[bytes, Mapping[str, str]], Awaitable[tuple[Delivery, ...]]]) -> Webhook:
        async def receive(headers: Mapping[str, str], stream: AsyncIterator[bytes]) -> int:
            given = {name.lower(): value for name, value in headers.items()}
            body = await limited(given.get("content-length", ""), stream)
            if body is None:
                return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            try:
                news = await read(body, given)
            except Forged:
                return HTTPStatus.FORBIDDEN
            except (MajordomoError, OSError) as trouble:
                logger.warning("news of mail could not be checked; the provider will repeat them", extra={"reason": type(trouble).__name__})
                return HTTPStatus.SERVICE_UNAVAILABLE
            await self.news.take(news)
            return HTTPStatus.OK

        return receive

    async def _sendgrid(self, body: bytes, headers: Mapping[str, str]) -> tuple[Delivery, ...]:
        webhooks.verify_sendgrid(body, headers.get(SENDGRID_SIGNATURE, ""), headers.get(SENDGRID_TIMESTAMP, ""), self.keys.sendgrid, self.news.clock.now())
        return webhooks.read_sendgrid(body)

    async def _mailgun(self, body: bytes, headers: Mapping[str, str]) -> tuple[Delivery, ...]:
        webhooks.verify_mailgun(body, self.keys.mailgun, self.news.clock.now())
        return webhooks.read_mailgun(body)

    async def _ses(self, body: bytes, headers: Mapping[str, str]) -> tuple[Delivery, ...]:
        if not webhooks.is_of(body, self.keys.ses_topics):
            raise Forged
        webhooks.verify_ses(body, await self._certificate(webhooks.certificate_url(body)), self.keys.ses_topics, self.news.clock.now())
        if url := webhooks.confirmation_url(body):
            await self.get(url)
        return webhooks.read_ses(body)

    async def _certificate(self, url: str) -> bytes:
        if url not in self.certificates:
            if len(self.certificates) >= MOST_CERTIFICATES:
                self.certificates.clear()
            self.certificates[url] = await self.get(url)
        return self.certificates[url]


async def limited(length: str, stream: AsyncIterator[bytes]) -> bytes | None:
    """The body, or None where it is too large: by its own word, or as it comes."""
    if length.isdecimal() and int(length) > MOST_BYTES:
        return None
    parts, size = [], 0
    async for part in stream:
        size += len(part)
        if size > MOST_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


def from_amazon(way_out: WayOut) -> Get:
    """Fetches through the way out of all tools, without redirects. Raises ToolError, TransientError, FatalError."""

    async def get(url: str) -> bytes:
        answer = await fetch(way_out, Ask("GET", url, follow=False))
        if answer.status != HTTPStatus.OK or answer.cut:
            raise Forged
        return answer.body

    return get
