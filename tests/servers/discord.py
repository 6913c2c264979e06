"""Discord as far as webhooks go: takes what Discord takes, refuses what it refuses, and counts too fast ones."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.servers.web_listener import Post, Reply, listening

PATH = re.compile(r"/api(?:/v\d+)?/webhooks/(\d+)/([A-Za-z0-9_-]+)")
MESSAGE = {
    "content",
    "username",
    "avatar_url",
    "tts",
    "embeds",
    "allowed_mentions",
    "components",
    "attachments",
    "flags",
    "thread_name",
    "applied_tags",
    "poll",
}
EMBED = {"title", "type", "description", "url", "timestamp", "color", "footer", "image", "thumbnail", "video", "provider", "author", "fields"}
LIMITS = {"title": 256, "description": 4096}
EMBEDS, FIELDS, FIELD_NAME, FIELD_VALUE, FOOTER, AUTHOR, WHOLE, CONTENT = 10, 25, 256, 1024, 2048, 256, 6000, 2000
BURST, WINDOW = 5, 2.0
"""Messages of one webhook in so many seconds."""


@dataclass
class Discord:
    """What came. `faults` are answers to come before the usual ones: a status, or 0 for a line that drops after it took the message."""

    port: int = 0
    webhooks: dict[str, str] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    too_soon: int = 0
    limited: int = 0
    faults: deque[int] = field(default_factory=deque)
    burst: int = BURST
    window: float = WINDOW
    _recent: dict[str, deque[float]] = field(default_factory=dict)
    _closed_until: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def webhook(self, number: str = "987654321098765432", token: str = "") -> str:
        """Make a webhook; returns its address."""
        token = token or "Tok-" + "aZ9_" * 16
        self.webhooks[number] = token
        return f"{self.root}/api/webhooks/{number}/{token}"

    @property
    def embeds(self) -> list[dict[str, Any]]:
        return [embed for message in self.messages for embed in message["embeds"]]

    @property
    def titles(self) -> list[str]:
        return [str(embed.get("title")) for embed in self.embeds]

    def answer(self, post: Post) -> Reply:
        with self._lock:
            return self._answer(post)

    def _answer(self, post: Post) -> Reply:
        parts = urlsplit(post.path)
        found = PATH.fullmatch(parts.path)
        if found is None or post.method != "POST":
            return self._refuse(404, 0, f"404: {post.method} {parts.path.split('/webhooks')[0]}")
        if found[1] not in self.webhooks:
            return self._refuse(404, 10015, "Unknown Webhook")
        if self.webhooks[found[1]] != found[2]:
            return self._refuse(401, 50027, "Invalid Webhook Token")
        if (wait := self._limit(found[1])) is not None:
            return wait
        fault = self.faults.popleft() if self.faults else None
        if fault:
            return self._json(fault, {"message": f"{fault}", "code": 0})
        try:
            message = json.loads(post.body)
        except ValueError:
            return self._refuse(400, 50109, "The request body contains invalid JSON.")
        if not post.headers.get("content-type", "").startswith("application/json") or not isinstance(message, dict):
            return self._refuse(400, 50035, "Invalid Form Body")
        if wrong := self.wrong_with(message):
            return self._refuse(400, 50035, "; ".join(wrong))
        self.messages.append(message)
        if fault == 0:
            return Reply(0)
        left = self.burst - len(self._recent[found[1]])
        headers = {"X-RateLimit-Limit": str(self.burst), "X-RateLimit-Remaining": str(left), "X-RateLimit-Reset-After": f"{self._reset(found[1]):.3f}"}
        if parse_qs(parts.query).get("wait") == ["true"]:
            return self._json(200, {"id": str(len(self.messages)), "type": 0, "webhook_id": found[1], **message}, headers)
        return Reply(204, headers=headers)

    def _limit(self, number: str) -> Reply | None:
        now, recent = time.monotonic(), self._recent.setdefault(number, deque())
        if now < self._closed_until.get(number, 0.0) - 0.02:
            self.too_soon += 1
        while recent and now - recent[0] >= self.window:
            recent.popleft()
        if len(recent) < self.burst:
            recent.append(now)
            return None
        seconds = round(self._reset(number) + 0.01, 3)
        self._closed_until[number] = now + seconds
        self.limited += 1
        body = {"message": "You are being rate limited.", "retry_after": seconds, "global": False}
        return self._json(429, body, {"Retry-After": str(int(seconds) + 1), "X-RateLimit-Remaining": "0", "X-RateLimit-Scope": "user"})

    def _reset(self, number: str) -> float:
        recent = self._recent.get(number)
        return max(0.0, self.window - (time.monotonic() - recent[0])) if recent else 0.0

    def wrong_with(self, message: dict[str, Any]) -> list[str]:
        wrong = [f"{name}: unknown field" for name in message.keys() - MESSAGE]
        embeds = message.get("embeds", [])
        if not message.get("content") and not embeds:
            wrong.append("Cannot send an empty message")
        if len(str(message.get("content", ""))) > CONTENT or not isinstance(embeds, list) or len(embeds) > EMBEDS:
            wrong.append("content or embeds: too many")
        if not set(message.get("allowed_mentions", {})) <= {"parse", "roles", "users", "replied_user"}:
            wrong.append("allowed_mentions: unknown field")
        whole = 0
        for embed in embeds if isinstance(embeds, list) else []:
            wrong += self._embed(embed)
            whole += sum(_units(text) for text in _counted(embed))
        if whole > WHOLE:
            wrong.append(f"embeds: {whole} in all, at most {WHOLE}")
        return wrong

    def _embed(self, embed: dict[str, Any]) -> Iterator[str]:
        yield from (f"embed.{name}: unknown field" for name in embed.keys() - EMBED)
        yield from (f"embed.{name}: too long" for name, limit in LIMITS.items() if _units(str(embed.get(name, ""))) > limit)
        color = embed.get("color", 0)
        if not isinstance(color, int) or isinstance(color, bool) or not 0 <= color <= 0xFFFFFF:
            yield "embed.color: no colour"
        if "timestamp" in embed:
            try:
                datetime.fromisoformat(str(embed["timestamp"]))
            except ValueError:
                yield "embed.timestamp: no ISO 8601"
        if _units(str(embed.get("footer", {}).get("text", "x"))) not in range(1, FOOTER + 1) or set(embed.get("footer", {})) - {"text", "icon_url"}:
            yield "embed.footer: wrong"
        fields = embed.get("fields", [])
        if len(fields) > FIELDS:
            yield "embed.fields: too many"
        for one in fields:
            name, value = one.get("name", ""), one.get("value", "")
            if set(one) - {"name", "value", "inline"} or not isinstance(one.get("inline", False), bool):
                yield "embed.fields: unknown field"
            if not (isinstance(name, str) and isinstance(value, str) and 1 <= _units(name) <= FIELD_NAME and 1 <= _units(value) <= FIELD_VALUE):
                yield "embed.fields: name or value wrong"

    def _refuse(self, status: int, code: int, message: str) -> Reply:
        self.refusals.append(message)
        return self._json(status, {"message": message, "code": code})

    def _json(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> Reply:
        return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})


def _counted(embed: dict[str, Any]) -> Iterator[str]:
    yield str(embed.get("title", ""))
    yield str(embed.get("description", ""))
    yield str(embed.get("footer", {}).get("text", ""))
    yield str(embed.get("author", {}).get("name", ""))
    for one in embed.get("fields", []):
        yield str(one.get("name", ""))
        yield str(one.get("value", ""))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@contextmanager
def running() -> Iterator[Discord]:
    server = Discord()
    with listening(server.answer, threading.Event()) as port:
        server.port = port
        yield server
