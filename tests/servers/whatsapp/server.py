"""The Cloud API over real HTTP: it takes messages and media, and posts webhooks, signed, in any order and number."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import httpx
from aiohttp import web

from tests.servers.whatsapp import sending
from tests.servers.whatsapp.people import Person
from tests.servers.whatsapp.platform import Platform, Sent, Template
from tests.servers.whatsapp.refusals import Json, Refusal, no_token, wrong

PHONE_ID, TOKEN, SECRET, VERIFY = "106540352242922", "EAAGstandInToken0123456789", "0123456789abcdef0123456789abcdef", "verify-me-please"
VERSION = "v23.0"
BODY_LIMIT = 100 << 20
MEDIA_TYPES = {"text/plain", "application/pdf", "application/msword", "application/vnd.ms-excel", "image/jpeg", "image/png", "audio/ogg", "video/mp4"}
PATIENCE = 30.0
T = TypeVar("T")


@dataclass
class Fault:
    """What goes wrong with `times` messages: an error of the platform, or the connection. `late`: taken first, said to have failed by a status."""

    kind: str = "error"
    refusal: Refusal | None = None
    times: int = 1
    to: str = ""
    late: bool = False
    only: str = ""


class WhatsAppServer:
    """One number on 127.0.0.1, an asynchronous context manager. `callback` is where webhooks go."""

    def __init__(self, *, limits: bool = False, port: int = 0, callback: str = "") -> None:
        self.platform = Platform(limits)
        self.callback, self.root, self._port = callback, "", port
        self.violations: list[str] = []
        self.requests: list[tuple[str, str, int]] = []
        self.faults: list[Fault] = []
        self.indicated: list[Json] = []
        self.uploads: list[str] = []
        self.webhook_statuses: list[int] = []
        self.tell_statuses = False
        self._runner: web.AppRunner | None = None
        self._client = httpx.AsyncClient(timeout=20)
        self._telling: set[asyncio.Task[Any]] = set()

    # --- running ---

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=BODY_LIMIT)
        app.router.add_post(f"/{VERSION}/{PHONE_ID}/messages", self._guarded(self._messages))
        app.router.add_post(f"/{VERSION}/{PHONE_ID}/media", self._guarded(self._upload))
        app.router.add_get(f"/{VERSION}/{PHONE_ID}", self._guarded(self._number))
        app.router.add_get(f"/{VERSION}/{{media}}", self._guarded(self._described))
        app.router.add_get("/bytes/{media}", self._guarded(self._bytes))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        self.root = f"http://127.0.0.1:{self._port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for telling in self._telling:
            telling.cancel()
        await self._client.aclose()
        if self._runner is not None:
            await self._runner.cleanup()

    # --- people and what they see ---

    def person(self, phone: str = "", user_id: str = "", name: str = "Ada") -> Person:
        """Somebody; the bot may write to them once they have written."""
        known = self.platform.people.get(user_id or phone)
        if known is None:
            known = self.platform.people[user_id or phone] = Person(self.platform, phone, user_id, name)
        return known

    def template(self, name: str, language: str = "en", buttons: int = 0) -> None:
        """Meta has approved it."""
        self.platform.templates[name, language] = Template(name, language, buttons)

    def advance(self, seconds: float) -> None:
        """Move the platform's clock."""
        self.platform.shift += seconds

    def sent_to(self, person: Person) -> list[Sent]:
        return [one for one in self.platform.sent if one.to == person.key]

    def texts(self, person: Person) -> list[str]:
        return [one.text or (one.file.name if one.file else "") for one in self.sent_to(person)]

    async def shown(self, person: Person, pattern: str, *, after: int = 0, timeout: float = PATIENCE) -> Sent:
        """The first message to a person, behind the first `after` ones, whose text matches."""

        def found() -> Sent | None:
            return next((one for one in self.sent_to(person)[after:] if re.search(pattern, one.text, re.I | re.S)), None)

        return await self.until(found, timeout, f"{pattern}; there is {self.texts(person)[-5:]}")

    async def until(self, found: Callable[[], T | None], timeout: float = PATIENCE, what: str = "what was waited for") -> T:
        """Until there is something, looked at after everything that the bot does. Raises AssertionError."""
        end = time.monotonic() + timeout
        while (outcome := found()) is None:
            try:
                await asyncio.wait_for(self.platform.change(), min(0.25, max(0.01, end - time.monotonic())))
            except TimeoutError:
                if time.monotonic() > end:
                    raise AssertionError(f"not within {timeout} s: {what}; sent {[one.text for one in self.platform.sent[-6:]]!r}") from None
        return outcome

    # --- webhooks ---

    def webhook(self, *messages: tuple[Person, Json], statuses: Sequence[Json] = (), entries: int = 1) -> Json:
        """One body with all of these, spread over so many entries."""
        values: list[Json] = [{} for _ in range(entries)]
        for number, (person, message) in enumerate(messages):
            value = values[number % entries]
            value.setdefault("messages", []).append(message)
            if person.contact() not in value.setdefault("contacts", []):
                value["contacts"].append(person.contact())
        if statuses:
            values[0]["statuses"] = list(statuses)
        changes = [[{"field": "messages", "value": self.platform.value(**value)}] for value in values]
        return {"object": "whatsapp_business_account", "entry": [{"id": "419561257915477", "changes": one} for one in changes]}

    async def post(self, body: Json | bytes, *, signature: str | None = None, secret: str = SECRET) -> int:
        """One POST; the status that we were answered with."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest() if signature is None else signature
        headers = {"Content-Type": "application/json", "User-Agent": "facebookexternalua"} | ({"X-Hub-Signature-256": signed} if signed else {})
        answer = await self._client.post(self.callback, content=raw, headers=headers)
        self.webhook_statuses.append(answer.status_code)
        return answer.status_code

    async def hand_over(self, body: Json, *, timeout: float = PATIENCE) -> None:
        """Post until it is taken, as Meta does, only faster."""
        end = time.monotonic() + timeout
        while True:
            try:
                if await self.post(body) == 200:
                    return
            except httpx.HTTPError:
                self.webhook_statuses.append(0)
            if time.monotonic() > end:
                raise AssertionError("the webhook was not taken")
            await asyncio.sleep(0.1)

    async def say(self, person: Person, *texts: str) -> Json:
        """Text messages, all in one POST. Returns its body, for doing it again."""
        body = self.webhook(*((person, person.text(text)) for text in texts))
        await self.hand_over(body)
        return body

    async def press(self, person: Person, sent: Sent, label: str) -> Json:
        body = self.webhook((person, person.press(sent, label)))
        await self.hand_over(body)
        return body

    async def greet(self, token: str = VERIFY, challenge: str = "1158201444", mode: str = "subscribe") -> tuple[int, str]:
        """The handshake."""
        answer = await self._client.get(self.callback, params={"hub.mode": mode, "hub.verify_token": token, "hub.challenge": challenge})
        return answer.status_code, answer.text

    async def tell(self, sent: Sent, state: str, refusal: Refusal | None = None) -> None:
        """What became of a message."""
        status: Json = {"id": sent.id, "status": state, "timestamp": str(int(self.platform.now())), "recipient_id": sent.to}
        if refusal is not None:
            status["errors"] = [{"code": refusal.code, "title": refusal.title, "message": refusal.title}]
            sent.status = state
        await self.hand_over(self.webhook(statuses=[status]))

    def shuffled(self, messages: Sequence[tuple[Person, Json]], seed: int = 0, repeated: float = 0.5) -> list[tuple[Person, Json]]:
        """The same in any order, a part of them more than once."""
        dice = random.Random(seed)
        more = [*messages, *(one for one in messages if dice.random() < repeated)]
        dice.shuffle(more)
        return more

    # --- HTTP ---

    def _guarded(self, handler: Callable[[web.Request], Any]) -> Callable[[web.Request], Any]:
        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                if request.headers.get("Authorization") != f"Bearer {TOKEN}":
                    raise no_token()
                response: web.StreamResponse = await handler(request)
            except Refusal as refusal:
                if refusal.violation:
                    self.violations.append(f"{refusal.code} {refusal.details}")
                response = web.json_response(refusal.body(), status=refusal.status)
            self.requests.append((request.method, request.path, response.status))
            return response

        return answer

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        if request.content_type != "application/json":
            raise wrong("a message is JSON")
        given = await request.json()
        if "status" in given:
            answer = sending.indicate(self.platform, given)
            self.indicated.append(given)
            return web.json_response(answer)
        fault = self._fault(given)
        if fault is not None and fault.refusal is not None and not fault.late:
            raise fault.refusal
        if fault is not None and fault.kind in {"close_before", "bad_gateway"}:
            return _broken(fault, request)
        sent = sending.take(self.platform, given)
        if fault is not None and fault.late and fault.refusal is not None:
            sent.status = "failed"
            self.platform.known_messages[sent.id] = sent.to
            self._later(self.tell(sent, "failed", fault.refusal))
        else:
            self.platform.took(sent)
            if self.tell_statuses:
                self._later(self._tell_all(sent))
        if fault is not None and fault.kind in {"close_after", "bad_gateway_after"}:
            return _broken(fault, request)
        return web.json_response({"messaging_product": "whatsapp", "contacts": [{"input": sent.to, "wa_id": sent.to}], "messages": [{"id": sent.id}]})

    async def _tell_all(self, sent: Sent) -> None:
        for state in ("delivered", "sent", "read"):
            await self.tell(sent, state)

    def _later(self, telling: Any) -> None:
        task = asyncio.create_task(telling)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    def _fault(self, given: Json) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and (not fault.to or fault.to in (given.get("to"), given.get("recipient"))) and fault.only in ("", given.get("type")):
                fault.times -= 1
                return fault
        return None

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        if request.content_type != "multipart/form-data":
            raise wrong("media is a form")
        form = await request.post()
        file = form.get("file")
        if form.get("messaging_product") != "whatsapp" or not isinstance(file, web.FileField):
            raise wrong("media needs messaging_product and a file")
        if file.content_type not in MEDIA_TYPES or form.get("type", file.content_type) != file.content_type:
            raise Refusal(100, f"Param file must be a file with one of the allowed types, not {file.content_type}", violation=True)
        self.uploads.append(file.filename)
        return web.json_response({"id": self.platform.keep(file.file.read(), file.content_type, file.filename)})

    async def _described(self, request: web.Request) -> web.StreamResponse:
        media_id = request.match_info["media"]
        media = self.platform.media.get(media_id)
        if media is None:
            raise Refusal(100, "Unsupported get request. Object does not exist")
        about = {"url": f"{self.root}/bytes/{media_id}", "mime_type": media.media_type, "sha256": "x", "file_size": str(len(media.content))}
        return web.json_response({**about, "id": media_id, "messaging_product": "whatsapp"})

    async def _bytes(self, request: web.Request) -> web.StreamResponse:
        media = self.platform.media[request.match_info["media"]]
        return web.Response(body=media.content, content_type=media.media_type)

    async def _number(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"id": PHONE_ID, "display_phone_number": "+1 555-078-3881", "verified_name": "Sample"})


def _broken(fault: Fault, request: web.Request) -> web.StreamResponse:
    """No answer at all, or one from a machine in front of the platform."""
    if fault.kind.startswith("close"):
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)
    return web.Response(status=502, text="<html><h1>502 Bad Gateway</h1></html>", content_type="text/html")
