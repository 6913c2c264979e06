"""One attempt at one delivery: to Discord, to a signed webhook, by mail. Everything passes the tools' way out; no redirect is followed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Protocol

from agents.tools.email.address import parse
from agents.tools.email.compose import Letter, compose, message_id
from agents.tools.email.log import DatabaseMailLog, MailEntry, MailStatus
from agents.tools.email.server import MailServer
from agents.tools.email.smtp import NoAnswer, deliver
from agents.tools.way_out import Answer, Ask, Refused, WayOut, fetch
from bot import forwarding_shapes as shapes
from orchestrator.contracts import FatalError, MajordomoError, TransientError, Words
from orchestrator.tasks.deliveries import CODE, Claimed
from orchestrator.tasks.places import Address

GONE = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
"""Discord's words for: that webhook was deleted, or its token is wrong."""
LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.CONFLICT, HTTPStatus.LOCKED})
LONGEST_PAUSE = 3600.0
CODE_HERE = "{code}"
"""Where the code stands in the letter that brings it; our own log keeps the letter without it."""

InDoubt = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended. `pause`: how many seconds the place wants to be left alone; `whole_host` when its whole host does.

    `again`: it may be tried again; `broken`: the place will refuse everything; `doubtful`: it may have arrived.
    """

    arrived: bool
    error: str = ""
    again: bool = True
    broken: bool = False
    doubtful: bool = False
    pause: float = 0.0
    whole_host: bool = False
    limited: bool = False
    """It was turned away for being too much: that is no failed attempt."""


class Sender(Protocol):
    """Makes one attempt. Awaits `in_doubt` right before the moment after which it may have arrived. Raises nothing of the network's."""

    async def send(self, delivery: Claimed, address: Address, now: datetime, in_doubt: InDoubt) -> Ended: ...


@dataclass(frozen=True, slots=True)
class DiscordSender:
    way_out: WayOut
    words: Words

    async def send(self, delivery: Claimed, address: Address, now: datetime, in_doubt: InDoubt) -> Ended:
        body = json.dumps(shapes.embed(delivery, self.words), ensure_ascii=False).encode()
        ask = Ask("POST", f"{address.url}?wait=true", {"Content-Type": "application/json"}, body, follow=False, before_write=in_doubt)
        return await _posted(self.way_out, ask, _read_discord)


def _read_discord(answer: Answer) -> Ended:
    if 200 <= answer.status < 300:
        return Ended(True, pause=_spent(answer.headers))
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        seconds, whole = _asked_to_wait(answer)
        return Ended(False, "Discord: 429", pause=seconds, whole_host=whole, limited=True)
    error = f"Discord: {answer.status}"
    if answer.status in GONE:
        return Ended(False, error, again=False, broken=True)
    return Ended(False, error, again=answer.status >= 500 or answer.status in LATER)


def _asked_to_wait(answer: Answer) -> tuple[float, bool]:
    """`retry_after` of the body, in seconds and fractions, else the header; whether the limit is the whole host's."""
    told: object = None
    whole = str(answer.headers.get("x-ratelimit-global", "")).lower() == "true"
    with contextlib.suppress(ValueError):
        found = json.loads(answer.body)
        if isinstance(found, dict):
            told, whole = found.get("retry_after"), whole or found.get("global") is True
    return _seconds(told if told is not None else answer.headers.get("retry-after"), 1.0), whole


def _spent(headers: Mapping[str, str]) -> float:
    """How long the next message has to wait, where this one used up the allowance."""
    return _seconds(headers.get("x-ratelimit-reset-after"), 0.0) if headers.get("x-ratelimit-remaining") == "0" else 0.0


def _seconds(value: object, otherwise: float) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        return otherwise
    return min(max(seconds, 0.0), LONGEST_PAUSE) if seconds == seconds else otherwise


@dataclass(frozen=True, slots=True)
class WebhookSender:
    way_out: WayOut

    async def send(self, delivery: Claimed, address: Address, now: datetime, in_doubt: InDoubt) -> Ended:
        body = shapes.webhook_body(delivery)
        headers = shapes.webhook_headers(delivery, address.secret, body, now)
        return await _posted(self.way_out, Ask("POST", address.url, headers, body, follow=False), _read_webhook)


def _read_webhook(answer: Answer) -> Ended:
    if 200 <= answer.status < 300:
        return Ended(True)
    error = f"HTTP {answer.status}"
    if answer.status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE} and "retry-after" in answer.headers:
        return Ended(False, error, pause=_seconds(answer.headers["retry-after"], 5.0))
    if answer.status == HTTPStatus.GONE:
        return Ended(False, error, again=False, broken=True)
    return Ended(False, error)


async def _posted(way_out: WayOut, ask: Ask, read: Callable[[Answer], Ended]) -> Ended:
    """Errors in our own words: what a library says could hold the address."""
    try:
        return read(await fetch(way_out, ask))
    except Refused:
        return Ended(False, "that address is not open to us", again=False, broken=True)
    except TransientError:
        return Ended(False, "no answer", doubtful=True)
    except FatalError:
        return Ended(False, "its certificate cannot be trusted")
    except MajordomoError:
        return Ended(False, "what came back is not valid HTTP", doubtful=True)


@dataclass(frozen=True, slots=True)
class MailSender:
    """The house's mail server and its log of letters. The same delivery is always the same letter."""

    server: MailServer
    log: DatabaseMailLog
    words: Words

    async def send(self, delivery: Claimed, address: Address, now: datetime, in_doubt: InDoubt) -> Ended:
        message = delivery.message
        title, text = shapes.subject(message), shapes.letter_text(message, self.words)
        whole = text.replace(CODE_HERE, address.secret) if delivery.event == CODE else text
        try:
            to = parse(address.url)
        except ValueError:
            return Ended(False, "that is no e-mail address", again=False, broken=True)
        identity = message_id(delivery.id, self.server.sender)
        letter = Letter(self.server.sender, (to,), (), (), title, whole, "", (), None, identity, message.at)
        provider = self.server.endpoint.host
        await self.log.record(MailEntry(delivery.person_id, "", delivery.id, (to.spec,), (), (), title, text, (), provider, identity), now)
        try:
            answer = await deliver(self.server, letter, compose(letter), in_doubt)
        except NoAnswer:
            await self.log.update(identity, MailStatus.UNKNOWN, "", now)
            return Ended(False, "the mail server did not say whether it took the letter", again=False, doubtful=True)
        except TransientError:
            return Ended(False, "the mail server cannot be reached or puts it off")
        except MajordomoError as error:
            await self.log.update(identity, MailStatus.FAILED, str(error), now)
            return Ended(False, "the mail server refuses it", again=False)
        await self.log.update(identity, MailStatus.SENT, str(answer), now)
        return Ended(True)
