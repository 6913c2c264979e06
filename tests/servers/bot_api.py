"""A stand-in for Telegram's Bot API over real HTTP: strict about requests, true to the queue, flood control and message life."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from tests.servers.bot_api_schema import Schema, entities_fault, utf16_length

TOKEN = "4242:test-token-of-this-machine"
CHAT_BURST, CHAT_RATE, OVERALL_RATE = 5, 1.0, 30
CHAT_SLACK = 0.8
"""A chat's bucket need not be quite full for a message: two requests may come closer together than they left."""
TEXT_LIMIT, CALLBACK_LIMIT, TOAST_LIMIT = 4096, 64, 200
OLDEST_DELETE = 48 * 3600


class Refused(Exception):
    """An answer with ok=false."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


@dataclass
class Sent:
    """A message that the platform has applied; `text` and `buttons` are its present state."""

    chat: int
    message_id: int
    text: str
    buttons: list[list[dict[str, Any]]]
    at: float
    method: str
    edits: int = 0
    deleted: bool = False
    document: bytes | None = None
    document_name: str = ""
    silent: bool = False


@dataclass
class Fault:
    """Something that goes wrong `times` times: kind is flood, bad_gateway, close_before, close_after, refuse_markup, slow or forbidden."""

    method: str
    kind: str
    times: int = 1
    chat: int | None = None
    value: float = 1.0


class BotApi:
    """State of the platform for one bot. `limits` switches flood control on."""

    def __init__(self, *, limits: bool = False) -> None:
        self.limits = limits
        self.schema = Schema.load()
        self.root = ""
        self.token = TOKEN
        self.sent: list[Sent] = []
        self.methods: Counter[str] = Counter()
        self.violations: list[str] = []
        self.toasts: list[tuple[str, str]] = []
        self.faults: list[Fault] = []
        self.floods = 0
        self.queue: deque[dict[str, Any]] = deque()
        self.confirmed: dict[int, dict[str, Any]] = {}
        self.next_update = 100_000
        self.next_message = 1
        self.known_chats: set[int] = set()
        self.presses: dict[str, bool] = {}
        self.webhook: dict[str, Any] = {}
        self.polls = 0
        self._arrived = asyncio.Event()
        self._poller = 0
        self._files: dict[str, bytes] = {}
        self._sends: dict[int, tuple[float, float]] = {}
        self._all_sends: deque[float] = deque()
        self._delivery: asyncio.Task[None] | None = None
        self.on_sent: Callable[[Sent], None] | None = None

    # --- people ---

    def push(self, update: dict[str, Any]) -> dict[str, Any]:
        """Queue an update as Telegram would; one without an id gets the next."""
        if "update_id" not in update:
            update = {"update_id": self.next_update, **update}
            self.next_update += 1
        self.queue.append(update)
        self._arrived.set()
        return update

    def message(self, user: int, text: str, *, language: str = "en", chat: int | None = None, kind: str = "private") -> dict[str, Any]:
        """A text from a user, not yet queued."""
        chat = chat if chat is not None else user
        self.known_chats.add(chat)
        self.next_message += 1
        sender = {"id": user, "is_bot": False, "first_name": f"User {user}", "language_code": language}
        body: dict[str, Any] = {"message_id": self.next_message, "date": int(time.time()), "chat": {"id": chat, "type": kind}, "from": sender, "text": text}
        if kind == "private":
            body["chat"]["first_name"] = sender["first_name"]
        if text.startswith("/"):
            body["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
        return {"message": body}

    def say(self, user: int, text: str, **options: Any) -> dict[str, Any]:
        return self.push(self.message(user, text, **options))

    def press(self, user: int, label: str, *, sent: Sent | None = None) -> dict[str, Any]:
        """Press a button with this label on the newest message that has it."""
        candidates = [sent] if sent else [m for m in reversed(self.sent) if m.chat == user]
        for found in candidates:
            for button in (b for row in found.buttons for b in row if b["text"] == label):
                query = f"q{self.next_update}"
                self.presses[query] = False
                sender = {"id": user, "is_bot": False, "first_name": f"User {user}", "language_code": "en"}
                shown = {"message_id": found.message_id, "date": int(found.at), "chat": {"id": user, "type": "private"}, "text": found.text or "…"}
                return self.push({"callback_query": {"id": query, "from": sender, "message": shown, "chat_instance": "1", "data": button["callback_data"]}})
        raise AssertionError(f"no button {label!r} in chat {user}; there are {[b['text'] for m in self.sent if m.chat == user for r in m.buttons for b in r]}")

    def redeliver(self, update: dict[str, Any]) -> None:
        """The platform sends an update again, confirmed or not."""
        self.queue.appendleft(update)
        self._arrived.set()

    def texts(self, chat: int) -> list[str]:
        return [sent.text for sent in self.sent if sent.chat == chat and not sent.deleted]

    async def until(self, chat: int, pattern: str, *, after: int = 0, timeout: float = 15.0) -> Sent:
        """The first message of a chat, behind the first `after` ones, whose present text matches."""
        async with asyncio.timeout(timeout):
            while True:
                mine = [sent for sent in self.sent if sent.chat == chat][after:]
                for sent in mine:
                    if re.search(pattern, sent.text, re.I | re.S):
                        return sent
                await asyncio.sleep(0.01)

    # --- HTTP ---

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[BotApi]:
        app = web.Application(client_max_size=60 * 2**20)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.*}", self._download)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        self.root = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            if self._delivery:
                self._delivery.cancel()
            await runner.cleanup()

    async def _download(self, request: web.Request) -> web.Response:
        found = self._files.get(request.match_info["path"])
        return web.Response(body=found) if found is not None else web.Response(status=404)

    async def _call(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["token"] != self.token:
            return _answer(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
        method = request.match_info["method"]
        self.methods[method] += 1
        try:
            arguments = await _arguments(request)
            name = self.schema.check(method, arguments)
            fault = self._fault(name, arguments)
            if fault and fault.kind == "close_before":
                _cut(request)
            result = await self._apply(name, arguments, fault)
            if fault and fault.kind == "close_after":
                _cut(request)
            return _answer(200, {"ok": True, "result": result})
        except Refused as refusal:
            if refusal.status == 400 and "modified" not in refusal.description and "parse entities" not in refusal.description:
                self.violations.append(f"{method}: {refusal.description}")
            if refusal.status == 502:
                return web.Response(status=502, text="<html><head><title>502 Bad Gateway</title></head></html>", content_type="text/html")
            body: dict[str, Any] = {"ok": False, "error_code": refusal.status, "description": refusal.description}
            if refusal.parameters:
                body["parameters"] = refusal.parameters
            return _answer(refusal.status, body)

    def _fault(self, method: str, arguments: dict[str, Any]) -> Fault | None:
        chat = arguments.get("chat_id")
        for fault in self.faults:
            if fault.method.lower() == method.lower() and fault.times > 0 and (fault.chat is None or str(fault.chat) == str(chat)):
                if fault.kind == "refuse_markup" and not (arguments.get("entities") or arguments.get("parse_mode")):
                    continue
                fault.times -= 1
                return fault
        return None

    async def _apply(self, method: str, arguments: dict[str, Any], fault: Fault | None) -> Any:
        if fault:
            await self._stumble(fault)
        handler: Callable[[dict[str, Any]], Awaitable[Any]] | None = getattr(self, f"_{_snake(method)}", None)
        if handler is None:
            return True
        return await handler(arguments)

    async def _stumble(self, fault: Fault) -> None:
        match fault.kind:
            case "flood":
                raise Refused(429, f"Too Many Requests: retry after {int(fault.value)}", retry_after=int(fault.value))
            case "bad_gateway":
                raise Refused(502, "Bad Gateway")
            case "refuse_markup":
                raise Refused(400, "Bad Request: can't parse entities: unsupported")
            case "forbidden":
                raise Refused(403, "Forbidden: bot was blocked by the user")
            case "slow":
                await asyncio.sleep(fault.value)

    # --- methods ---

    async def _get_me(self, arguments: dict[str, Any]) -> Any:
        return {"id": 4242, "is_bot": True, "first_name": "Majordomo", "username": "majordomo_test_bot", "can_join_groups": True,
                "can_read_all_group_messages": False, "supports_inline_queries": False}  # fmt: skip

    async def _get_updates(self, arguments: dict[str, Any]) -> Any:
        if self.webhook.get("url"):
            raise Refused(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
        self._poller += 1
        mine = self._poller
        self.polls += 1
        offset, limit = int(arguments.get("offset") or 0), max(1, min(100, int(arguments.get("limit") or 100)))
        while self.queue and offset > 0 and any(update["update_id"] < offset for update in self.queue):
            kept = deque(update for update in self.queue if update["update_id"] >= offset)
            for update in self.queue:
                if update["update_id"] < offset:
                    self.confirmed[update["update_id"]] = update
            self.queue = kept
        end = time.monotonic() + float(arguments.get("timeout") or 0)
        while not self.queue:
            left = end - time.monotonic()
            if left <= 0:
                return []
            self._arrived.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), min(left, 0.5))
            if mine != self._poller:
                raise Refused(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
        return list(self.queue)[:limit]

    async def _set_webhook(self, arguments: dict[str, Any]) -> Any:
        self.webhook = {"url": arguments["url"], "secret": arguments.get("secret_token", "")}
        if self._delivery is None:
            self._delivery = asyncio.create_task(self._deliver())
        return True

    async def _delete_webhook(self, arguments: dict[str, Any]) -> Any:
        self.webhook = {}
        return True

    async def _get_webhook_info(self, arguments: dict[str, Any]) -> Any:
        return {"url": self.webhook.get("url", ""), "has_custom_certificate": False, "pending_update_count": len(self.queue)}

    async def _deliver(self) -> None:
        """Webhook delivery: in order, again until answered with 2xx."""
        async with aiohttp.ClientSession() as client:
            while True:
                if not self.queue or not self.webhook.get("url"):
                    await asyncio.sleep(0.01)
                    continue
                update = self.queue[0]
                headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook["secret"]} if self.webhook["secret"] else {}
                try:
                    async with client.post(self.webhook["url"], json=update, headers=headers) as answer:
                        taken = answer.status < 300
                except aiohttp.ClientError:
                    taken = False
                if taken:
                    self.queue.remove(update)
                    self.confirmed[update["update_id"]] = update
                else:
                    await asyncio.sleep(0.05)

    async def _send_message(self, arguments: dict[str, Any]) -> Any:
        return self._show("sendMessage", arguments, _text(arguments))

    async def _send_document(self, arguments: dict[str, Any]) -> Any:
        name, content = arguments.get("document", ("file", b""))
        shown = self._show("sendDocument", arguments, str(arguments.get("caption", "")), document=content, document_name=name)
        file_id = f"file{shown['message_id']}"
        self._files[f"documents/{file_id}"] = content
        return {**shown, "document": {"file_id": file_id, "file_unique_id": file_id, "file_name": name, "file_size": len(content)}}

    async def _get_file(self, arguments: dict[str, Any]) -> Any:
        file_id = str(arguments["file_id"])
        return {"file_id": file_id, "file_unique_id": file_id, "file_path": f"documents/{file_id}"}

    async def _edit_message_text(self, arguments: dict[str, Any]) -> Any:
        sent = self._find(arguments)
        text, buttons = _text(arguments), _buttons(arguments)
        if sent.text == text and sent.buttons == buttons:
            raise Refused(400, "Bad Request: message is not modified: specified new message content and reply markup are exactly the same")
        self._count(sent.chat)
        sent.text, sent.buttons, sent.edits = text, buttons, sent.edits + 1
        return _as_message(sent)

    async def _edit_message_reply_markup(self, arguments: dict[str, Any]) -> Any:
        sent = self._find(arguments)
        buttons = _buttons(arguments)
        if sent.buttons == buttons:
            raise Refused(400, "Bad Request: message is not modified: reply markup is the same")
        sent.buttons = buttons
        return _as_message(sent)

    async def _delete_message(self, arguments: dict[str, Any]) -> Any:
        sent = self._find(arguments)
        if time.time() - sent.at > OLDEST_DELETE:
            raise Refused(400, "Bad Request: message can't be deleted")
        sent.deleted = True
        return True

    async def _answer_callback_query(self, arguments: dict[str, Any]) -> Any:
        query, text = str(arguments["callback_query_id"]), str(arguments.get("text", ""))
        if len(text) > TOAST_LIMIT:
            raise Refused(400, "Bad Request: MESSAGE_TOO_LONG")
        if self.presses.get(query) is not False:
            raise Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self.presses[query] = True
        self.toasts.append((query, text))
        return True

    def _show(self, method: str, arguments: dict[str, Any], text: str, **more: Any) -> dict[str, Any]:
        chat = int(arguments["chat_id"])
        if chat not in self.known_chats:
            raise Refused(400, "Bad Request: chat not found")
        buttons = _buttons(arguments)
        self._count(chat)
        self.next_message += 1
        sent = Sent(chat, self.next_message, text, buttons, time.time(), method, silent=bool(arguments.get("disable_notification")), **more)
        self.sent.append(sent)
        if self.on_sent:
            self.on_sent(sent)
        return _as_message(sent)

    def _find(self, arguments: dict[str, Any]) -> Sent:
        for sent in reversed(self.sent):
            if sent.chat == int(arguments["chat_id"]) and sent.message_id == int(arguments["message_id"]) and not sent.deleted:
                return sent
        raise Refused(400, "Bad Request: message to edit not found")

    def _count(self, chat: int) -> None:
        """Flood control: a bucket for the chat, a rate for the bot."""
        if not self.limits:
            return
        now = time.monotonic()
        level, since = self._sends.get(chat, (CHAT_BURST, now))
        level = min(CHAT_BURST, level + (now - since) * CHAT_RATE)
        while self._all_sends and now - self._all_sends[0] > 1.0:
            self._all_sends.popleft()
        if level < CHAT_SLACK or len(self._all_sends) > OVERALL_RATE:
            self.floods += 1
            self._sends[chat] = (level, now)
            raise Refused(429, "Too Many Requests: retry after 2", retry_after=2)
        self._sends[chat] = (level - 1, now)
        self._all_sends.append(now)


def _text(arguments: dict[str, Any]) -> str:
    text = str(arguments.get("text", ""))
    if not text.strip():
        raise Refused(400, "Bad Request: message text is empty")
    if utf16_length(text) > TEXT_LIMIT:
        raise Refused(400, "Bad Request: message is too long")
    fault = entities_fault(text, arguments.get("entities") or [])
    if fault:
        raise Refused(400, f"Bad Request: can't parse entities: {fault}")
    return text


def _buttons(arguments: dict[str, Any]) -> list[list[dict[str, Any]]]:
    markup = arguments.get("reply_markup") or {}
    rows: list[list[dict[str, Any]]] = markup.get("inline_keyboard", [])
    for button in (button for row in rows for button in row):
        if not button.get("text"):
            raise Refused(400, "Bad Request: button text must be non-empty")
        if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= CALLBACK_LIMIT:
            raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
    return rows


def _as_message(sent: Sent) -> dict[str, Any]:
    return {"message_id": sent.message_id, "date": int(sent.at), "chat": {"id": sent.chat, "type": "private", "first_name": "x"}, "text": sent.text}


async def _arguments(request: web.Request) -> dict[str, Any]:
    """JSON, form and multipart bodies as one shape; JSON inside form fields is read."""
    found: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        found |= await request.json()
    elif request.can_read_body:
        for name, value in (await request.post()).items():
            found[name] = (value.filename, value.file.read()) if isinstance(value, web.FileField) else value
    for name in ("reply_markup", "entities", "allowed_updates", "commands", "link_preview_options", "reply_parameters"):
        if isinstance(found.get(name), str):
            found[name] = json.loads(found[name])
    return found


def _answer(status: int, body: dict[str, Any]) -> web.Response:
    return web.Response(status=status, text=json.dumps(body), content_type="application/json")


def _cut(request: web.Request) -> None:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    raise asyncio.CancelledError


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


__all__ = ["TOKEN", "BotApi", "Fault", "Sent"]
