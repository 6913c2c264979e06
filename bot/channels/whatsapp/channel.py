"""WhatsApp's Cloud API: our own webhook in, messages out through pywa.

Nothing can be edited there: progress is a reaction on what the person wrote, only starts, questions and results are messages. Outside the
24 hours after a person's last message an approved template goes out, or the message waits until they write.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from bot.cards.parts import AGAIN
from bot.channels.base import Ambiguous, DeliveryError, Incoming, Intake, NotDelivered, Part, Unreachable, WindowClosed, nothing_left
from bot.channels.whatsapp import contacts, deliveries, media, pages
from bot.channels.whatsapp.contacts import Contact
from bot.channels.whatsapp.intake import BODY_LIMIT, CHANNEL, SIGNATURE_HEADER, is_signed, parse
from bot.channels.whatsapp.owner import tell_owner
from bot.channels.whatsapp.shown import CAPABILITIES, Labels, body, document, uploadable
from bot.channels.whatsapp.templates import Purpose, Template, Templates, Unsent, unsent
from bot.channels.whatsapp.wire import Graph, Recipient, TemplateRefused
from bot.settings import WhatsAppKeys
from orchestrator.contracts import Clock, Words
from orchestrator.words import LANGUAGES
from storage.database import Database

WEBHOOK_PATH = "/whatsapp"
WORKING, TAKEN, NOTHING = "⏳", "👍", ""
"""Reactions: work goes on; a press was taken; none any more."""
SWEEP, SOON = 60.0, 0.5
"""Seconds between looks at what waits; and while a failure cannot be settled yet, because its message is still being noted as sent."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Doorway:
    """What the channel needs of the house beside its keys. `folder` holds people's own files."""

    database: Database
    clock: Clock
    words: Words
    folder: Path
    templates: Templates = Templates()  # noqa: RUF009 - frozen, and empty


class WhatsAppWebhook:
    """The address that Meta posts to: shaken hands with by GET, signed in every POST."""

    def __init__(self, keys: WhatsAppKeys, receive: Callable[[bytes], Awaitable[int]]) -> None:
        if not keys.app_secret or not keys.verify_token:
            raise ValueError("a WhatsApp webhook needs WHATSAPP_APP_SECRET and WHATSAPP_VERIFY_TOKEN")
        self._keys = keys
        self._receive = receive

    def greeting(self, query: Mapping[str, str]) -> str | None:
        """The challenge, for whoever knows the verify token."""
        given = query.get("hub.verify_token", "").encode()
        if not hmac.compare_digest(given, self._keys.verify_token.encode()) or query.get("hub.mode") != "subscribe":
            return None
        return query.get("hub.challenge", "")

    async def __call__(self, headers: Mapping[str, str], stream: AsyncIterable[bytes]) -> int:
        """A POST; returns the HTTP status. Too long a body is not read, an unsigned one is not parsed."""
        given = {name.lower(): value for name, value in headers.items()}
        length = given.get("content-length", "0")
        signature = given.get(SIGNATURE_HEADER, "")
        if not signature:
            return HTTPStatus.UNAUTHORIZED
        raw = await _read_body(stream) if length.isdecimal() and int(length) <= BODY_LIMIT else None
        if raw is None:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        if not is_signed(raw, signature, self._keys.app_secret):
            logger.warning("a webhook with a wrong signature was refused")
            return HTTPStatus.UNAUTHORIZED
        return await self._receive(raw)


class WhatsAppChannel:
    """The channel "whatsapp". Errors that leave here never carry the token."""

    name = CHANNEL
    capabilities = CAPABILITIES

    def __init__(self, keys: WhatsAppKeys, doorway: Doorway) -> None:
        self._keys = keys
        self._house = doorway
        self._database = doorway.database
        self._graph = Graph(keys)
        self._fetcher = media.Fetcher(doorway.database, self._graph, doorway.clock, doorway.folder)
        self._webhook = WhatsAppWebhook(keys, self.receive)
        self._intake: Intake | None = None
        self._files_noted = asyncio.Event()
        self._failed = asyncio.Event()
        self._reactions: set[asyncio.Task[None]] = set()

    @property
    def webhooks(self) -> Mapping[str, WhatsAppWebhook]:
        """Where the web server lets Meta in."""
        return {WEBHOOK_PATH: self._webhook}

    # --- in ---------------------------------------------------------------------------------------------------------

    async def run(self, intake: Intake) -> None:
        """Take webhooks until cancelled; meanwhile fetch files and look after what waits."""
        self._intake = intake
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._fetch(intake))
                group.create_task(self._look_after())
                group.create_task(self._graph.warm())
        finally:
            self._intake = None

    async def receive(self, raw: bytes) -> int:
        """A signed body; the HTTP status. 200 only once everything in it is stored; anything else makes Meta send it again."""
        intake = self._intake
        if intake is None:
            return HTTPStatus.SERVICE_UNAVAILABLE
        try:
            found = parse(raw, self._keys.phone_id)
        except (ValueError, RecursionError):
            return HTTPStatus.BAD_REQUEST
        now = self._house.clock.now()

        def note(connection: sa.Connection) -> list[Incoming]:
            deliveries.note(connection, found.statuses, now)
            batch = pages.turn(connection, contacts.known(connection, found.arrivals), self._house.words, now)
            return media.set_aside(connection, batch, now)

        try:
            batch = await self._database.write(note, key=CHANNEL) if found.arrivals or found.statuses else []
            if batch:
                await intake(batch)
        except SQLAlchemyError:
            logger.exception("a webhook could not be stored; Meta will send it again")
            return HTTPStatus.INTERNAL_SERVER_ERROR
        if any(status.state == "failed" for status in found.statuses):
            self._failed.set()
        if len(batch) < len(found.arrivals):
            self._files_noted.set()
        return HTTPStatus.OK

    async def _fetch(self, intake: Intake) -> None:
        while True:
            self._files_noted.clear()
            wait = SWEEP
            try:
                wait = await self._fetcher.fetch_due(intake)
            except Exception:  # the edge of a worker: no file may end the channel
                logger.exception("a file could not be noted; it is fetched again")
            try:
                async with asyncio.timeout(wait):
                    await self._files_noted.wait()
            except TimeoutError:
                continue

    async def _look_after(self) -> None:
        """What began to wait just when its person wrote, and failures that could not be settled when they were told."""
        wait = SWEEP
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._failed.wait()
            self._failed.clear()
            now = self._house.clock.now()

            def look(connection: sa.Connection, now: datetime = now) -> bool:
                contacts.wake_open(connection, now)
                deliveries.settle(connection, now)
                deliveries.forget_old(connection, now)
                return deliveries.unsettled(connection)

            try:
                wait = SOON if await self._database.write(look) else SWEEP
            except SQLAlchemyError:
                logger.exception("what waits for people could not be looked after; trying again")

    # --- out --------------------------------------------------------------------------------------------------------

    async def send(self, chat: str, part: Part) -> str:
        contact = await self._contact(chat)
        if not contact.is_open(self._house.clock.now()):
            return await self._send_outside(contact, part)
        try:
            platform_id = await self._send_freely(contact, part)
        except WindowClosed:
            noted = await nothing_left(self._database.write(lambda connection: contacts.refused(connection, contact, self._house.clock.now())))
            if not noted:
                raise NotDelivered("the person wrote in this very moment") from None
            return await self._send_outside(contact, part)
        await self._note_sent(contact, part, platform_id)
        return platform_id

    async def edit(self, chat: str, platform_id: str, part: Part) -> None:
        raise Unreachable("nothing can be edited on WhatsApp")

    async def answer_press(self, press_id: str, text: str) -> None:
        """A press is a message of the person: a plain yes is a thumb on it, anything else an answer that quotes it."""
        place = await nothing_left(self._database.read(lambda connection: contacts.place_of_press(connection, press_id)))
        if place is None:
            return
        chat, pressed = place
        contact = await self._contact(chat)
        if text in {self._house.words(language, "press-taken", {}) for language in LANGUAGES}:
            await self._graph.send(contact.recipient, "reaction", {"message_id": pressed, "emoji": TAKEN})
        else:
            await self._graph.send(contact.recipient, "text", {"preview_url": False, "body": text}, reply_to=pressed)

    async def remove(self, chat: str, platform_id: str) -> None:
        return None

    async def typing(self, chat: str) -> None:
        contact = await self._contact(chat)
        if not contact.last_message_id:
            return
        try:
            await self._graph.show_typing(contact.last_message_id)
        except DeliveryError as error:
            logger.debug("typing was not shown", extra={"error": str(error)})

    async def progress(self, chat: str, part: Part) -> None:
        """An hourglass on what the person wrote last, until a message of the task goes out."""
        contact = await self._contact(chat)
        if not contact.last_message_id or contact.reaction_task == part.task_id or not contact.is_open(self._house.clock.now()):
            return
        try:
            await self._graph.send(contact.recipient, "reaction", {"message_id": contact.last_message_id, "emoji": WORKING})
        except DeliveryError as error:
            logger.debug("progress was not shown", extra={"error": str(error)})
            return
        await self._database.write(lambda connection: contacts.reacting(connection, chat, contact.last_message_id, part.task_id))

    async def close(self) -> None:
        for reaction in list(self._reactions):
            reaction.cancel()
        await asyncio.gather(*self._reactions, return_exceptions=True)
        await self._graph.close()

    async def _contact(self, chat: str) -> Contact:
        return await nothing_left(self._database.read(lambda connection: contacts.find(connection, chat)))

    async def _send_freely(self, contact: Contact, part: Part) -> str:
        if part.file is not None:
            media_type = uploadable(part.file.media_type)
            media_id = await self._graph.upload(contact.recipient, part.file.name, media_type, part.file.content.encode())
            return await self._graph.send(contact.recipient, "document", document(part, media_id))
        kind, content = body(part, self._labels(contact.language))
        return await self._graph.send(contact.recipient, kind, content)

    async def _send_outside(self, contact: Contact, part: Part) -> str:
        """The window is closed: a template in place of the message where it can hold it, else one that calls the person, and the message waits."""
        waiting = await nothing_left(self._database.read(lambda connection: unsent(connection, part.outgoing_id.partition(":")[0])))
        template = self._house.templates.choose(waiting.purpose, contact.language) if waiting else None
        if waiting is None or template is None:
            await self._tell_owner("whatsapp-waits", contact, waiting.purpose if waiting else Purpose.RESULT)
            raise WindowClosed("no template for this purpose; it waits until the person writes")
        if part.outgoing_id.partition(":")[2]:
            raise WindowClosed("a later part waits until the person writes")
        try:
            platform_id = await self._send_template(contact.recipient, waiting, template, again=part.text.startswith(AGAIN))
        except TemplateRefused as error:
            logger.error("WhatsApp refused a template", extra={"template": template.name, "error": str(error)})
            await self._tell_owner("whatsapp-template-refused", contact, waiting.purpose)
            raise WindowClosed(str(error)) from None
        except Ambiguous as error:
            if waiting.fits(template):
                raise
            raise WindowClosed(f"a template may have called the person: {error}") from None
        if not waiting.fits(template):
            raise WindowClosed("a template has called the person; the whole waits until they write")
        await self._note_sent(contact, part, platform_id)
        return platform_id

    async def _send_template(self, to: Recipient, waiting: Unsent, template: Template, *, again: bool) -> str:
        content = waiting.body(template)
        if again:
            first = content["components"][0]["parameters"][0]
            first["text"] = AGAIN + first["text"]
        try:
            return await self._graph.send(to, "template", content)
        except WindowClosed as error:  # a template is never outside the window: something else is the matter
            raise TemplateRefused(str(error)) from None

    async def _note_sent(self, contact: Contact, part: Part, platform_id: str) -> None:
        """What statuses will refer to. The message is out: a fault here must not make it look otherwise."""
        now = self._house.clock.now()
        if part.outgoing_id:
            sent = deliveries.Accepted.of(platform_id, contact.chat, part.outgoing_id)
            try:
                if await self._database.write(lambda connection: deliveries.accepted(connection, sent, now)):
                    self._failed.set()
            except SQLAlchemyError:
                logger.exception("a message was sent but not noted; its delivery status will be unknown")
        if part.task_id is not None and part.task_id == contact.reaction_task:
            clearing = asyncio.create_task(self._clear_reaction(contact))
            self._reactions.add(clearing)
            clearing.add_done_callback(self._reactions.discard)

    async def _clear_reaction(self, contact: Contact) -> None:
        try:
            await self._graph.send(contact.recipient, "reaction", {"message_id": contact.reaction_id, "emoji": NOTHING})
            await self._database.write(lambda connection: contacts.reacting(connection, contact.chat, None, None))
        except (DeliveryError, SQLAlchemyError) as error:
            logger.debug("a sign of progress was not taken away", extra={"error": str(error)})

    async def _tell_owner(self, key: str, contact: Contact, purpose: Purpose) -> None:
        now = self._house.clock.now()
        await nothing_left(self._database.write(lambda connection: tell_owner(connection, self._house.words, key, contact, purpose.value, now)))

    def _labels(self, language: str) -> Labels:
        return Labels(self._house.words(language, "whatsapp-choose", {}), self._house.words(language, "whatsapp-more", {}))


async def _read_body(stream: AsyncIterable[bytes]) -> bytes | None:
    """The whole body, or None as soon as it is too long."""
    chunks, total = [], 0
    async for chunk in stream:
        total += len(chunk)
        if total > BODY_LIMIT:
            return None
        chunks.append(chunk)
    return b"".join(chunks)
