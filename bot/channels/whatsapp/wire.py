"""The way to Meta's Graph API, through pywa: one request an attempt, and what each kind of failure says about it."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bot.channels.base import Ambiguous, DeliveryError, MarkupRefused, NotDelivered, RetryAfter, Unreachable, WindowClosed
from bot.settings import WhatsAppKeys

VERSION = 23.0
CONNECT_SECONDS, READ_SECONDS = 10.0, 20.0
KEEP_SECONDS = 25.0
LONGEST_PAIR_WAIT, LONGEST_WAIT = 3600.0, 60.0
REFUSED_WAIT = 30.0
"""Seconds until a token that was refused is tried again."""
CLOSED, PAIR_RATE = 131047, 131056
BUSY = frozenset({4, 80007, 130429, 131048})
"""The number, or the app, sends too much."""
GONE = frozenset({131021, 131026, 131030, 131049, 131050, 130472, 130497, 131052, 131053})
TEMPLATES = range(132000, 133000)
KEYS = frozenset({0, 3, 10, 190, *range(200, 300)})
LOCKED = frozenset({368, 131031, 131042, 131045})
"""The account, not the message, is the matter: it is paid, registered or unlocked by a person."""

Body = dict[str, Any]
T = TypeVar("T")
logger = logging.getLogger(__name__)


class TemplateRefused(DeliveryError):
    """The template is not approved, paused, or wants other arguments."""


class MediaRefused(DeliveryError):
    """A file that is too large, or that the platform has no longer."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A phone number, or the platform's own id where the number is not known."""

    phone: str = ""
    user_id: str = ""

    @property
    def name(self) -> str:
        return self.phone or self.user_id


@dataclass(frozen=True, slots=True)
class File:
    """A file of a person, fetched."""

    content: bytes
    media_type: str


@dataclass(slots=True)
class Graph:
    """One number's API. pywa is imported off the loop at the first request: it costs half a second."""

    keys: WhatsAppKeys
    _client: Any = None
    _making: asyncio.Lock = field(default_factory=asyncio.Lock)
    _pairs: dict[str, int] = field(default_factory=dict)
    """How often in a row a pair was told to wait."""
    _busy: int = 0
    _token_refused: bool = False

    async def send(self, to: Recipient, kind: str, content: Body, reply_to: str | None = None) -> str:
        """A new message; its wamid. Raises a DeliveryError."""
        api = await self._api()
        answer = await self._try(
            to.name,
            lambda: api.send_message(
                sender=self.keys.phone_id, to=to.phone or None, recipient=None if to.phone else to.user_id, recipient_type="individual",
                typ=kind, msg=content, reply_to_message_id=reply_to,
            ),
        )  # fmt: skip
        try:
            return str(answer["messages"][0]["id"])
        except (KeyError, IndexError, TypeError):
            raise Ambiguous("WhatsApp's answer has no message id") from None

    async def upload(self, to: Recipient, name: str, media_type: str, content: bytes) -> str:
        """A file for a message that follows; its media id. Uploading twice shows nothing twice, so a broken upload is no ambiguous message."""
        api = await self._api()
        try:
            answer = await self._try(to.name, lambda: api.upload_media(phone_id=self.keys.phone_id, media=content, mime_type=media_type, filename=name))
        except Ambiguous as error:
            raise NotDelivered(str(error)) from None
        return str(answer["id"])

    async def show_typing(self, message_id: str) -> None:
        """Marks the message as read and shows that an answer is on its way. Raises a DeliveryError."""
        api = await self._api()
        await self._try("", lambda: api.set_indicator(phone_id=self.keys.phone_id, message_id=message_id, typ="text"))

    async def fetch(self, media_id: str, limit: int) -> File:
        """A file that a person sent, at most `limit` bytes. Raises MediaRefused, or another DeliveryError where trying again may help."""
        api = await self._api()
        try:
            found = await self._try("", lambda: api.get_media_url(media_id))
        except (MarkupRefused, Unreachable) as error:
            raise MediaRefused(str(error)) from None
        if int(found.get("file_size") or 0) > limit:
            raise MediaRefused("it is too large")
        url = str(found.get("url") or "")
        if not url.startswith("https://") and not url.startswith(f"{self.keys.root}/"):
            raise MediaRefused("its address is not Meta's")
        content: bytes = await self._try("", lambda: _download(api, url, limit))
        return File(content, str(found.get("mime_type") or "application/octet-stream"))

    async def warm(self) -> None:
        """Load what sending needs, so that the first reply does not wait for it."""
        await self._api()

    async def close(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await client.api._session.aclose()

    async def _api(self) -> Any:
        async with self._making:
            if self._client is None:
                self._client = await asyncio.to_thread(_make_client, self.keys)
        return self._client.api

    async def _try(self, pair: str, request: Callable[[], Awaitable[T]]) -> T:
        import httpx  # noqa: PLC0415 - loaded with pywa
        from pywa.errors import WhatsAppError  # noqa: PLC0415

        try:
            answer = await request()
        except WhatsAppError as error:
            raise self._explained(pair, error) from None  # the cause could carry the token
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotDelivered(f"no connection to WhatsApp: {type(error).__name__}") from None
        except (httpx.HTTPError, json.JSONDecodeError, UnicodeDecodeError) as error:
            raise Ambiguous(f"the connection broke: {type(error).__name__}") from None
        self._pairs.pop(pair, None)
        self._busy, self._token_refused = 0, False
        return answer

    def _explained(self, pair: str, error: Any) -> DeliveryError:
        """What the platform's code says about the message; a 5xx without a code that we know leaves it open."""
        code, status = int(error.code), int(error.status_code or 0)
        why = f"{code}: {error.details or error.message}".replace(self.keys.token, "[token]")[:300]
        if code == CLOSED:
            return WindowClosed(why)
        if code == PAIR_RATE:
            refused = self._pairs[pair] = self._pairs.get(pair, -1) + 1
            return RetryAfter(float(min(4**refused, LONGEST_PAIR_WAIT)))
        if code in BUSY or status == 429:
            self._busy += 1
            return RetryAfter(_asked(error) or float(min(2 ** (self._busy - 1), LONGEST_WAIT)), whole_bot=True)
        if code in GONE:
            return Unreachable(why)
        if code in TEMPLATES:
            return TemplateRefused(why)
        if status == 401 or code in KEYS or code in LOCKED:
            return self._locked_out(why)
        return Ambiguous(why) if status >= 500 or status < 400 else MarkupRefused(why)

    def _locked_out(self, why: str) -> DeliveryError:
        if not self._token_refused:
            logger.error("WhatsApp does not let us send; `majordomo doctor` tells what to do. Messages wait", extra={"error": why})
        self._token_refused = True
        return RetryAfter(REFUSED_WAIT, whole_bot=True)


def _make_client(keys: WhatsAppKeys) -> Any:
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # a command line that nobody needs here
    import httpx  # noqa: PLC0415
    from pywa_async.client import WhatsApp  # noqa: PLC0415

    for name in ("httpx", "pywa"):
        logging.getLogger(name).setLevel(logging.ERROR)  # they would log numbers and texts
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    session = httpx.AsyncClient(timeout=timeout, limits=httpx.Limits(keepalive_expiry=KEEP_SECONDS))
    client = WhatsApp(phone_id=keys.phone_id, token=keys.token, session=session, server=None, api_version=VERSION)
    session.base_url = httpx.URL(f"{keys.root}/v{VERSION}")
    return client


async def _download(api: Any, url: str, limit: int) -> bytes:
    chunks, total = [], 0
    async with api.stream_media_bytes(url) as answer:
        if answer.status_code != 200:
            raise MediaRefused(f"the file could not be fetched (status {answer.status_code})")
        async for chunk in answer.aiter_bytes():
            total += len(chunk)
            if total > limit:
                raise MediaRefused("it is too large")
            chunks.append(chunk)
    return b"".join(chunks)


def _asked(error: Any) -> float:
    """Seconds that a Retry-After header asks for."""
    after = error.raw_response.headers.get("retry-after", "") if error.raw_response is not None else ""
    return float(after) if after.isdecimal() else 0.0
