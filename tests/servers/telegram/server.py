"""A stand-in for Telegram's Bot API over real HTTP: strict about requests, true to the queue, flood control and message life."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from aiohttp import web

from tests.servers.telegram import about_the_bot, editing, sending
from tests.servers.telegram.call import Call, Handler
from tests.servers.telegram.faults import Fault, Faults
from tests.servers.telegram.flood_control import FloodControl
from tests.servers.telegram.messages import Chat, Message, Sent
from tests.servers.telegram.people import User
from tests.servers.telegram.platform import Platform, Toast
from tests.servers.telegram.refusals import Json, Parameters, Refusal, wrong
from tests.servers.telegram.schema import Schema, Upload
from tests.servers.telegram.update_queue import BATCH_LIMIT, UpdateQueue
from tests.servers.telegram.webhook import Webhook
from tests.servers.telegram.wire import parameters_of

TOKEN = "4242:AAtest-token-of-this-machine_0123456"
BODY_LIMIT = 52 * 2**20
HANDLERS: dict[str, Handler] = {**sending.HANDLERS, **editing.HANDLERS, **about_the_bot.HANDLERS}
T = TypeVar("T")
Wanted = str | re.Pattern[str] | Callable[[Message], bool]


@dataclass(frozen=True)
class Request:
    """One call of the bot: Unix time in seconds, status answered (0: connection closed), seconds it took."""

    time: float
    method: str
    parameters: Parameters
    status: int
    seconds: float


@dataclass(frozen=True)
class Violation:
    """A request that a correct client never sends."""

    method: str
    description: str
    parameters: Parameters

    def __str__(self) -> str:
        return f"{self.method}: {self.description}"


class TelegramServer:
    """One bot's Telegram on 127.0.0.1, an asynchronous context manager. `limits` switches flood control on."""

    def __init__(self, *, limits: bool = False, port: int = 0, token: str = TOKEN, schema: Schema | None = None) -> None:
        self.schema = schema or Schema.load()
        self.token, self.root, self._port = token, "", port
        self.platform = Platform(FloodControl(limits))
        self.webhook = Webhook(self.platform.updates, self._inline)
        self.methods: Counter[str] = Counter()
        self.violations: list[Violation] = []
        self.requests: list[Request] = []
        self._runner: web.AppRunner | None = None

    # --- running ---

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=BODY_LIMIT)
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        self.add_routes(app)
        app.router.add_get("/file/bot{token}/{path:.*}", self._download)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        self.root = f"http://127.0.0.1:{self._port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.webhook.stop()
        self.platform.updates.interrupt("the end of the server")
        if self._runner is not None:
            await self._runner.cleanup()

    def add_routes(self, app: web.Application) -> None:
        """Routes of one's own beside those of Telegram; a server that runs as a process is driven through them."""

    # --- what happened ---

    @property
    def faults(self) -> Faults:
        """The script of what goes wrong."""
        return self.platform.faults

    @property
    def updates(self) -> UpdateQueue:
        """The queue, with what was confirmed and dropped."""
        return self.platform.updates

    @property
    def sent(self) -> list[Sent]:
        """Every new message that was applied, in order, as it was when sent."""
        return self.platform.sent

    @property
    def edits(self) -> list[Sent]:
        """Every edit that was applied, in order."""
        return self.platform.edits

    @property
    def toasts(self) -> list[Toast]:
        """Answers to presses, in order."""
        return self.platform.toasts

    @property
    def floods(self) -> int:
        """How often flood control said no."""
        return self.platform.flood.refused

    @property
    def limits(self) -> bool:
        """Whether flood control is on."""
        return self.platform.flood.enabled

    @limits.setter
    def limits(self, enabled: bool) -> None:
        self.platform.flood.enabled = enabled

    @property
    def pending(self) -> int:
        """Updates that nobody confirmed yet."""
        return len(self.platform.updates.waiting) + self.webhook.pending

    def chat(self, number: int) -> Chat:
        """A chat as it stands now; `visible` and `texts` are what the bot wrote."""
        return self.platform.chat(number)

    def mark(self) -> int:
        """This moment, for `since`."""
        return self.platform.sequence

    def replies_to(self, update: Json) -> list[Sent]:
        """Messages that answer this one: those that quote it, else those sent in its chat before the next message of a person.

        The second holds only where a person waits for the answer before writing again.
        """
        body = update.get("message") or update.get("edited_message") or update["callback_query"]["message"]
        return self.chat(int(body["chat"]["id"])).replies_to(int(body["message_id"]))

    async def wait_for(self, chat_id: int, wanted: Wanted, timeout: float = 10.0, *, since: int = 0) -> Message:
        """The first visible message of the bot, changed after the mark `since`, that fits: a regular expression (any case) or a predicate.

        Raises AssertionError with what is visible after `timeout` seconds.
        """
        fits, chat = _predicate(wanted), self.chat(chat_id)
        looked = -1

        def found() -> Message | None:
            nonlocal looked
            if chat.changed == looked:
                return None
            looked = chat.changed
            return next((one for one in chat.visible if one.sequence > since and fits(one)), None)

        return await self._outcome(found, timeout, f"{wanted} in chat {chat_id}", lambda: chat.texts[-5:])

    async def ask(self, user: User, text: str, wanted: Wanted = "", timeout: float = 10.0) -> Message:
        """Write as this person and wait for what the bot then shows, new or edited, that fits."""
        since = self.mark()
        await user.send(text)
        return await self.wait_for(user.id, wanted, timeout, since=since)

    async def wait_for_toast(self, press: Json, timeout: float = 10.0) -> Toast:
        """The answer to a press, by its update."""
        query = press["callback_query"]["id"]

        def found() -> Toast | None:
            return next((one for one in reversed(self.toasts) if one.query_id == query), None)

        return await self._outcome(found, timeout, f"answer to press {query}", lambda: self.toasts[-5:])

    async def until(self, happened: Callable[[], bool], timeout: float = 10.0, what: str = "what was waited for") -> None:
        """Until something is true, looked at after everything that the bot does. Raises AssertionError after `timeout` seconds."""
        await self._outcome(lambda: happened() or None, timeout, what, lambda: f"{len(self.sent)} messages")

    async def quiet(self, seconds: float = 0.3, timeout: float = 30.0) -> None:
        """Until every update is confirmed and the bot has done nothing for so long. Raises AssertionError after `timeout` seconds."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            before = self.mark(), len(self.requests) - self.methods["getUpdates"]
            await asyncio.sleep(seconds)
            if self.pending == 0 and before == (self.mark(), len(self.requests) - self.methods["getUpdates"]):
                return
        raise AssertionError(f"not quiet within {timeout} s: {self.pending} updates wait, {len(self.sent)} messages were sent")

    async def _outcome(self, found: Callable[[], T | None], timeout: float, what: str, shown: Callable[[], object]) -> T:
        try:
            async with asyncio.timeout(timeout):
                while (outcome := found()) is None:
                    await self.platform.change()
                return outcome
        except TimeoutError:
            raise AssertionError(f"not within {timeout} s: {what}; there is {shown()!r}") from None

    # --- driving ---

    def user(self, number: int, name: str = "", language_code: str = "en") -> User:
        """A person. The bot may write to them once they have written."""
        return User(self.platform, number, name or f"User {number}", language_code)

    def group(self, number: int, title: str = "Group") -> Chat:
        """A group that the bot is in; ids of groups are negative."""
        chat = self.chat(number)
        chat.kind, chat.title, chat.known = "supergroup", title, True
        return chat

    def migrate(self, number: int, to: int) -> Chat:
        """A group becomes a supergroup under a new id; the old one refuses with it."""
        chat = self.chat(number)
        chat.migrated_to = to
        return self.group(to, chat.title)

    def push(self, update: Json) -> Json:
        """Queue any update as it is; one without an id gets the next."""
        return self.platform.updates.push(update)

    def redeliver(self, update_id: int) -> Json:
        """Give an update out once more, confirmed or not."""
        return self.platform.updates.redeliver(update_id)

    def advance(self, seconds: float) -> None:
        """Move the platform's clock."""
        self.platform.shift += seconds

    # --- HTTP ---

    async def _download(self, request: web.Request) -> web.Response:
        file = self.platform.files.get(request.match_info["path"].rpartition("/")[2])
        if request.match_info["token"] != self.token or file is None:
            return _json(Refusal(404, "Not Found").body(), 404)
        return web.Response(body=file.content, content_type="application/octet-stream")

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        started = time.monotonic()
        name, given = request.match_info["method"], Parameters()
        response: web.StreamResponse | None = _refuse_token(request.match_info["token"], self.token)
        if response is None:
            try:
                given, uploads = await parameters_of(request)
                response = await self._perform(request, name, given, uploads)
            except web.HTTPRequestEntityTooLarge:
                response = _json(Refusal(413, "Request Entity Too Large").body(), 413)
            except Refusal as refusal:
                response = self._refused(name, given, refusal)
        logged = {key: f"<{len(value.content)} bytes>" if isinstance(value, Upload) else value for key, value in given.items()}
        status = response.status if request.transport is not None and not request.transport.is_closing() else 0
        self.requests.append(Request(self.platform.now(), name, logged, status, time.monotonic() - started))
        return response

    def _refused(self, method: str, given: Parameters, refusal: Refusal) -> web.Response:
        if refusal.violation:
            self.violations.append(Violation(method, refusal.description, given))
        return _json(refusal.body(), refusal.status)

    async def _perform(self, request: web.Request, name: str, given: Parameters, uploads: dict[str, Upload]) -> web.StreamResponse:
        method = self.schema.method(name)
        self.methods[method.name] += 1
        parameters = self.schema.check(method, given)
        fault = self.faults.pick(method.name, parameters)
        if fault is not None:
            if fault.kind == "slow":
                await asyncio.sleep(fault.seconds)
            if (refusal := fault.refusal()) is not None:
                raise refusal
            if not fault.after and (broken := _broken(fault, request)) is not None:
                return broken
        result = await self._apply(request, Call(self.platform, method.name, parameters, uploads))
        if fault is not None and fault.after and (broken := _broken(fault, request)) is not None:
            return broken
        return _json({"ok": True, "result": result}, 200)

    async def _apply(self, request: web.Request | None, call: Call) -> Any:
        match call.method:
            case "getUpdates":
                return await self._poll(request, call)
            case "setWebhook":
                return self.webhook.set(call.parameters)
            case "deleteWebhook":
                return self.webhook.remove(call.parameters)
            case "getWebhookInfo":
                return self.webhook.described()
        handler = HANDLERS.get(call.method)
        if handler is None:
            raise wrong(f"method {call.method} is not played by this stand-in")
        return handler(call)

    async def _poll(self, request: web.Request | None, call: Call) -> list[Json]:
        if self.webhook.url:
            raise Refusal(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
        if "allowed_updates" in call.parameters:
            self.updates.allowed = call.get("allowed_updates")
        limit = max(1, min(BATCH_LIMIT, call.get("limit") or BATCH_LIMIT))

        def alive() -> bool:
            return request is not None and request.transport is not None and not request.transport.is_closing()

        return await self.updates.poll(call.get("offset", 0), limit, min(50, max(0, call.get("timeout", 0))), alive)

    async def _inline(self, name: str, given: Parameters) -> None:
        try:
            method = self.schema.method(name)
            self.methods[method.name] += 1
            await self._apply(None, Call(self.platform, method.name, self.schema.check(method, given)))
        except Refusal as refusal:
            self._refused(name, given, refusal)


def _refuse_token(given: str, token: str) -> web.Response | None:
    if given == token:
        return None
    status, description = (401, "Unauthorized") if re.fullmatch(r"\d+:[\w-]{10,}", given) else (404, "Not Found")
    return _json(Refusal(status, description).body(), status)


def _broken(fault: Fault, request: web.Request) -> web.StreamResponse | None:
    """No answer at all, or one from a machine in front of the platform."""
    match fault.kind:
        case "close_before" | "close_after":
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        case "bad_gateway" | "bad_gateway_after":
            page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n"
            return web.Response(status=502, text=page, content_type="text/html")
        case _:
            return None


def _json(body: Json, status: int) -> web.Response:
    return web.Response(status=status, body=json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"), content_type="application/json")


def _predicate(wanted: Wanted) -> Callable[[Message], bool]:
    if callable(wanted):
        return wanted
    pattern = re.compile(wanted, re.IGNORECASE | re.DOTALL) if isinstance(wanted, str) else wanted
    return lambda message: pattern.search(message.text) is not None
