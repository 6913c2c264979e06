"""Telegram through python-telegram-bot's `Bot`: long polling or webhook in, messages and edits out."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import re
import warnings
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from telegram import Bot, InputFile
from telegram import error as telegram_error
from telegram.warnings import PTBDeprecationWarning, PTBUserWarning

from bot.channels.base import (
    Ambiguous,
    Capabilities,
    DeliveryError,
    Intake,
    Key,
    Markup,
    MarkupRefused,
    NotDelivered,
    Part,
    RetryAfter,
    Span,
    Unchanged,
    Unreachable,
)
from bot.channels.telegram_updates import ALLOWED, CHANNEL, Me, numbered, read_all
from bot.channels.telegram_wire import NotConnected, Wire
from bot.settings import ConfigurationError, Settings

API_ROOT = "https://api.telegram.org"
POLL_SECONDS = 30
BATCH = 100
WEBHOOK_BODY_LIMIT = 1 << 20
WEBHOOK_PATH = "/telegram"
Webhook = Callable[[Mapping[str, str], AsyncIterable[bytes]], Awaitable[int]]
SECRET_HEADER = "x-telegram-bot-api-secret-token"
ENTITIES = 100
"""More entities than this are dropped by Telegram anyway."""
LONGEST_WAIT = 30.0
TOKEN_REFUSED_WAIT = 60.0

_ENTITY = {"bold": "bold", "italic": "italic", "strike": "strikethrough", "code": "code", "pre": "pre", "link": "text_link", "quote": "blockquote"}
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_UNCHANGED = "message is not modified"
_GONE = (
    "chat not found",
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "user is deactivated",
    "peer_id_invalid",
    "upgraded to a supergroup",
    "not enough rights",
    "have no rights",
    "query is too old",
    "query id is invalid",
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TelegramSettings:
    """`webhook_url` empty means long polling. A webhook without a secret is refused."""

    token: str
    root: str = API_ROOT
    webhook_url: str = ""
    webhook_secret: str = ""
    poll_seconds: int = POLL_SECONDS

    def __post_init__(self) -> None:
        if self.webhook_url and not _SECRET.fullmatch(self.webhook_secret):
            raise ValueError("a Telegram webhook needs TELEGRAM_WEBHOOK_SECRET: 1 to 256 letters, digits, _ or -")


class TelegramChannel:
    """The channel "telegram". Errors that leave here never carry the bot token."""

    name = CHANNEL
    capabilities = Capabilities(text_limit=4096, markup=Markup.SPANS, edits=True, keys_per_row=8, keys_max=100, label_limit=64, limited=True)

    def __init__(self, settings: TelegramSettings) -> None:
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log addresses, which contain the token
        warnings.filterwarnings("ignore", message="Please use 'Bot", category=PTBUserWarning)  # we want raw answers
        warnings.filterwarnings("ignore", message=".*attribute `retry_after`", category=PTBDeprecationWarning)  # `_seconds` reads both
        self._settings = settings
        self._wires = (Wire(), Wire())
        root = settings.root.rstrip("/")
        self._bot = Bot(settings.token, base_url=f"{root}/bot", base_file_url=f"{root}/file/bot", request=self._wires[0], get_updates_request=self._wires[1])
        self._me: Me | None = None
        self._intake: Intake | None = None
        self._conflict_said = False

    @classmethod
    def from_settings(cls, settings: Settings) -> TelegramChannel:
        """Webhook where TELEGRAM_WEBHOOK_SECRET is set, else polling. Raises ConfigurationError."""
        if not settings.telegram_secret:
            return cls(TelegramSettings(settings.telegram_token, settings.telegram_root))
        if not settings.public_url:
            raise ConfigurationError(
                "TELEGRAM_WEBHOOK_SECRET is set, but Telegram is not told where to send updates.",
                "set MAJORDOMO_PUBLIC_URL to your https address, or remove the secret to poll instead",
            )
        try:
            return cls(TelegramSettings(settings.telegram_token, settings.telegram_root, settings.public_url + WEBHOOK_PATH, settings.telegram_secret))
        except ValueError as error:
            raise ConfigurationError(f"{error}.", "make one with: openssl rand -hex 32") from None

    @property
    def webhooks(self) -> Mapping[str, Webhook]:
        """Where the web server lets Telegram in; nothing while we poll."""
        return {WEBHOOK_PATH: self.receive} if self._settings.webhook_url else {}

    # --- in ---------------------------------------------------------------------------------------------------------

    async def run(self, intake: Intake) -> None:
        """Receive until cancelled, by webhook if one is set, else by polling."""
        self._intake = intake
        await self._until_done(self._identify)
        if self._settings.webhook_url:
            await self._until_done(self._set_webhook)
            await asyncio.Event().wait()
        await self._poll(intake)

    async def receive(self, headers: Mapping[str, str], body: AsyncIterable[bytes]) -> int:
        """A webhook request; returns the HTTP status. The secret is checked before a byte of the body is read.

        200 only once it is stored; anything else makes Telegram send it again.
        """
        given = {name.lower(): value for name, value in headers.items()}
        secret = self._settings.webhook_secret
        if not secret or not hmac.compare_digest(given.get(SECRET_HEADER, "").encode(), secret.encode()):
            return HTTPStatus.UNAUTHORIZED
        if self._intake is None or self._me is None:
            return HTTPStatus.SERVICE_UNAVAILABLE
        length = given.get("content-length", "0")
        raw = await _read_body(body) if length.isdecimal() and int(length) <= WEBHOOK_BODY_LIMIT else None
        if raw is None:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        try:
            update = json.loads(raw)
        except ValueError:
            return HTTPStatus.BAD_REQUEST
        if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
            return HTTPStatus.BAD_REQUEST
        try:
            await self._intake(read_all([update], self._me))
        except SQLAlchemyError:
            logger.exception("an update could not be stored; Telegram will send it again")
            return HTTPStatus.INTERNAL_SERVER_ERROR
        return HTTPStatus.OK

    async def _identify(self) -> None:
        me = await self._call("getMe")
        self._me = Me(int(me["id"]), str(me.get("username", "")))

    async def _set_webhook(self) -> None:
        settings = self._settings
        await self._call("setWebhook", url=settings.webhook_url, secret_token=settings.webhook_secret, allowed_updates=list(ALLOWED))

    async def _until_done(self, step: Callable[[], Awaitable[None]]) -> None:
        failures = 0
        while True:
            try:
                await step()
                return
            except telegram_error.TelegramError as error:
                failures += 1
                await self._pause(error, failures)

    async def _poll(self, intake: Intake) -> None:
        """An update is acknowledged by the next request, which is made only after it was stored.

        The offset is forgotten once everything is acknowledged: Telegram may start its numbers anew.
        """
        offset, failures = None, 0
        while True:
            try:
                updates = await self._get_updates(offset)
                if updates:
                    await intake(read_all(updates, self._me or Me(0, "")))
                    offset = max((number for number, _ in numbered(updates)), default=0) + 1
                else:
                    offset = None
                failures, self._conflict_said = 0, False
            except telegram_error.TelegramError as error:
                failures += 1
                await self._pause(error, failures)
            except SQLAlchemyError:
                failures += 1
                logger.exception("updates could not be stored; they are asked for again")
                await asyncio.sleep(_backoff(failures))

    async def _get_updates(self, offset: int | None) -> list[dict[str, Any]]:
        wait = self._settings.poll_seconds
        parameters: dict[str, Any] = {"timeout": wait, "limit": BATCH, "allowed_updates": list(ALLOWED)}
        if offset is not None:
            parameters["offset"] = offset
        found: list[dict[str, Any]] = await self._bot.do_api_request("getUpdates", parameters, read_timeout=wait + 10)
        return found

    async def _pause(self, error: telegram_error.TelegramError, failures: int) -> None:
        """Say what is wrong, once where it would be said often, and wait."""
        wait = _backoff(failures)
        if isinstance(error, telegram_error.Conflict):
            if "webhook" in str(error).lower() and not self._settings.webhook_url:
                logger.warning("a webhook is set for this bot; it is removed, because updates are polled")
                await self._until_done(self._delete_webhook)
                return
            if not self._conflict_said:
                logger.error("another process polls with the same bot token; only one may. Waiting for it to end")
            self._conflict_said = True
        elif isinstance(error, telegram_error.InvalidToken):
            logger.error("Telegram does not accept TELEGRAM_BOT_TOKEN; trying again every minute")
            wait = TOKEN_REFUSED_WAIT
        elif isinstance(error, telegram_error.RetryAfter):
            wait = _seconds(error)
        elif failures in (1, 10) or failures % 100 == 0:
            logger.warning("Telegram cannot be reached", extra={"error": self._redacted(error), "failures": failures})
        await asyncio.sleep(wait)

    async def _delete_webhook(self) -> None:
        await self._call("deleteWebhook")

    # --- out --------------------------------------------------------------------------------------------------------

    async def send(self, chat: str, part: Part) -> str:
        parameters: dict[str, Any] = {"chat_id": _chat(chat)}
        if part.silent:
            parameters["disable_notification"] = True
        if part.file is not None:
            parameters["document"] = InputFile(part.file.content.encode(), filename=part.file.name)
            if part.text:
                parameters["caption"] = part.text
            message = await self._deliver("sendDocument", parameters)
        else:
            message = await self._deliver("sendMessage", parameters | _shown(part))
        return str(message["message_id"])

    async def edit(self, chat: str, platform_id: str, part: Part) -> None:
        await self._deliver("editMessageText", {"chat_id": _chat(chat), "message_id": int(platform_id)} | _shown(part))

    async def answer_press(self, press_id: str, text: str) -> None:
        await self._deliver("answerCallbackQuery", {"callback_query_id": press_id, "text": text[:200]})

    async def remove(self, chat: str, platform_id: str) -> None:
        await self._deliver("deleteMessage", {"chat_id": _chat(chat), "message_id": int(platform_id)})

    async def typing(self, chat: str) -> None:
        try:
            await self._call("sendChatAction", chat_id=_chat(chat), action="typing")
        except telegram_error.TelegramError as error:
            logger.debug("typing was not shown", extra={"error": self._redacted(error)})

    async def set_commands(self, commands: Sequence[tuple[str, str]], language: str = "") -> None:
        """Offer (name, description) pairs in the menu for one language, or for all without their own. Raises DeliveryError."""
        listed = [{"command": name.lstrip("/"), "description": description[:256]} for name, description in commands]
        await self._deliver("setMyCommands", {"commands": listed} | ({"language_code": language} if language else {}))

    async def close(self) -> None:
        for wire in self._wires:
            await wire.shutdown()

    async def _call(self, method: str, **parameters: Any) -> Any:
        return await self._bot.do_api_request(method, parameters)

    async def _deliver(self, method: str, parameters: dict[str, Any]) -> Any:
        try:
            return await self._bot.do_api_request(method, parameters)
        except telegram_error.TelegramError as error:
            raise self._explained(error) from None  # the cause could carry the token

    def _explained(self, error: telegram_error.TelegramError) -> DeliveryError:
        """What the error says about the message. A 5xx or a broken answer leaves it open whether it was sent."""
        why = self._redacted(error)
        if isinstance(error, telegram_error.RetryAfter):
            return RetryAfter(_seconds(error))
        if isinstance(error, NotConnected | telegram_error.InvalidToken):
            return NotDelivered(why)
        if isinstance(error, telegram_error.Forbidden | telegram_error.ChatMigrated):
            return Unreachable(why)
        if isinstance(error, telegram_error.BadRequest):
            if _UNCHANGED in why.lower():
                return Unchanged(why)
            return Unreachable(why) if any(sign in why.lower() for sign in _GONE) else MarkupRefused(why)
        return Ambiguous(why)

    def _redacted(self, error: Exception) -> str:
        return str(error).replace(self._settings.token, "[token]")


async def _read_body(body: AsyncIterable[bytes]) -> bytes | None:
    """The whole body, or None as soon as it is too long."""
    chunks, total = [], 0
    async for chunk in body:
        total += len(chunk)
        if total > WEBHOOK_BODY_LIMIT:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _shown(part: Part) -> dict[str, Any]:
    """Text, entities and buttons as Telegram takes them; never a link preview, which would fetch what a stranger wrote."""
    shown: dict[str, Any] = {"text": part.text, "link_preview_options": {"is_disabled": True}}
    if part.spans:
        shown["entities"] = [_entity(span) for span in part.spans[:ENTITIES]]
    if part.keys:
        shown["reply_markup"] = {"inline_keyboard": [[_button(key) for key in row] for row in part.keys]}
    return shown


def _entity(span: Span) -> dict[str, Any]:
    entity: dict[str, Any] = {"type": _ENTITY[span.kind], "offset": span.offset, "length": span.length}
    if span.value:
        entity["url" if span.kind == "link" else "language"] = span.value
    return entity


def _button(key: Key) -> dict[str, str]:
    return {"text": key.label, "callback_data": key.token}


def _chat(chat: str) -> int | str:
    return int(chat) if chat.lstrip("-").isdecimal() else chat


def _seconds(error: telegram_error.RetryAfter) -> float:
    after = error.retry_after
    return after.total_seconds() if isinstance(after, timedelta) else float(after)


def _backoff(failures: int) -> float:
    return float(min(0.5 * 2 ** min(failures, 10), LONGEST_WAIT))
