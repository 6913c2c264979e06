"""Delivery of updates to the bot's own address: in order within a chat, again until it answers with 2xx."""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.servers.telegram.refusals import Json, Parameters, bad, wrong
from tests.servers.telegram.update_queue import KEPT_SECONDS, UpdateQueue, Waiting, kind_of

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds between attempts; the platform waits longer, tests cannot."""
PATIENCE = aiohttp.ClientTimeout(total=60)
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}\Z")
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})

Inline = Callable[[str, Parameters], Awaitable[None]]
"""Carries out a method that the bot wrote into its answer."""


@dataclass
class Webhook:
    """Where updates go, and how that went. `statuses` holds the bot's answers, newest last."""

    queue: UpdateQueue
    inline: Inline
    url: str = ""
    secret: str = ""
    max_connections: int = 40
    last_error: str = ""
    last_error_at: float = 0.0
    statuses: list[int] = field(default_factory=list)
    _lanes: dict[int, deque[Waiting]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _connections: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(40))
    _client: aiohttp.ClientSession | None = None

    def set(self, parameters: Parameters) -> bool:
        """setWebhook. Raises a 400 for an address or a secret that the platform does not take."""
        url, parts = str(parameters.get("url", "")), urlsplit(str(parameters.get("url", "")))
        if not url:
            return self.remove(parameters)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL):
            raise wrong("bad webhook: An HTTPS URL must be provided for webhook")
        secret = str(parameters.get("secret_token", ""))
        if secret and not _SECRET.match(secret):
            raise wrong("secret token contains unallowed characters")
        connections = int(parameters.get("max_connections", 40))
        if not 1 <= connections <= 100:
            raise bad("max_connections must be between 1 and 100")
        self._clean(parameters)
        self.url, self.secret, self.max_connections, self.last_error = url, secret, connections, ""
        self._connections = asyncio.Semaphore(connections)
        self.queue.interrupt("setWebhook request")
        self.queue.sink = self._take
        while self.queue.waiting:
            self._take(self.queue.waiting.popleft())
        return True

    def remove(self, parameters: Parameters) -> bool:
        """deleteWebhook."""
        self.url = self.secret = ""
        self.queue.sink = None
        left = sorted((one for lane in self._lanes.values() for one in lane), key=lambda one: one.at)
        self.queue.waiting.extend(left)
        for lane in self._lanes.values():
            lane.clear()
        self._clean(parameters)
        return True

    def _clean(self, parameters: Parameters) -> None:
        if parameters.get("drop_pending_updates"):
            self.queue.waiting.clear()
            for lane in self._lanes.values():
                lane.clear()
        if "allowed_updates" in parameters:
            self.queue.allowed = parameters["allowed_updates"]

    def described(self) -> Json:
        """getWebhookInfo."""
        found: Json = {"url": self.url, "has_custom_certificate": False, "pending_update_count": len(self.queue.waiting) + self.pending}
        if self.url:
            found["max_connections"] = self.max_connections
        if self.last_error:
            found |= {"last_error_date": int(self.last_error_at), "last_error_message": self.last_error}
        if self.queue.allowed:
            found["allowed_updates"] = self.queue.allowed
        return found

    @property
    def pending(self) -> int:
        """Updates that wait for delivery."""
        return sum(len(lane) for lane in self._lanes.values())

    async def stop(self) -> None:
        """End all deliveries."""
        self.url, self.queue.sink = "", None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.close()

    def _take(self, one: Waiting) -> None:
        """Into the lane of its chat; a lane that stood still is started."""
        number = lane_of(one.update)
        lane = self._lanes.get(number)
        if lane is not None:
            lane.append(one)
            return
        self._lanes[number] = deque([one])
        task = asyncio.create_task(self._run(number))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, number: int) -> None:
        lane, pause = self._lanes[number], FIRST_PAUSE
        while lane and self.url:
            one = lane[0]
            async with self._connections:
                done = self.queue.now() - one.at > KEPT_SECONDS or await self._attempt(one)
            if done:
                pause = FIRST_PAUSE
                if lane and lane[0] is one:
                    lane.popleft()
            else:
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE, pause * 2)
        del self._lanes[number]

    async def _attempt(self, one: Waiting) -> bool:
        headers = {SECRET_HEADER: self.secret} if self.secret else {}
        one.given = True
        if self._client is None:
            self._client = aiohttp.ClientSession(timeout=PATIENCE, connector=aiohttp.TCPConnector(limit=100))
        try:
            async with self._client.post(self.url, json=one.update, headers=headers) as answer:
                body = await answer.read()
                self.statuses.append(answer.status)
                if 200 <= answer.status < 300:
                    self.queue.confirm(one)
                    await self._inline(answer.content_type, body)
                    return True
                self._fail(f"Wrong response from the webhook: {answer.status} {answer.reason}")
        except (aiohttp.ClientError, TimeoutError) as error:
            self._fail(f"Connection failed: {type(error).__name__}")
        return False

    def _fail(self, message: str) -> None:
        self.last_error, self.last_error_at = message, self.queue.now()

    async def _inline(self, content_type: str, body: bytes) -> None:
        if content_type != "application/json" or not body.strip():
            return
        read: Any = json.loads(body)
        if isinstance(read, dict) and isinstance(method := read.pop("method", None), str):
            await self.inline(method, read)


def lane_of(update: Json) -> int:
    """The chat that an update belongs to; within it, order is kept."""
    content = update[kind_of(update)]
    message = content.get("message", content)
    return int((message.get("chat") or content.get("from") or {"id": 0})["id"])
