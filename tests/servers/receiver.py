"""Somebody's server that gets our signed webhooks: checks every signature, and fails where a test says so."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.servers.web_listener import Post, Reply, listening

OLDEST = 300.0
"""Seconds after which a signed message counts as replayed."""


@dataclass(frozen=True)
class Got:
    id: str
    event: str
    timestamp: int
    body: dict[str, Any]
    raw: bytes


@dataclass
class Receiver:
    """`faults` come before the usual 204: a status; 0 takes the message and drops the line; -1 says nothing for long; 302 points elsewhere.

    `now` is the receiver's own clock; None for the real one.
    """

    port: int = 0
    secret: str = ""
    got: list[Got] = field(default_factory=list)
    forged: list[str] = field(default_factory=list)
    faults: deque[int] = field(default_factory=deque)
    paths: list[str] = field(default_factory=list)
    redirect_to: str = ""
    now: float | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def deliveries(self) -> Counter[str]:
        """How often each message came, by its id."""
        return Counter(one.id for one in self.got)

    def answer(self, post: Post) -> Reply:
        self.paths.append(f"{post.method} {post.path}")
        if (why := self.wrong_with(post)) is not None:
            self.forged.append(why)
            return Reply(401)
        fault = self.faults.popleft() if self.faults else 204
        if fault in {204, 0}:
            body = json.loads(post.body)
            self.got.append(Got(post.headers["majordomo-id"], post.headers["majordomo-event"], int(post.headers["majordomo-timestamp"]), body, post.body))
        if fault == -1:
            return Reply(0, seconds=60.0)
        return Reply(fault, headers={"Location": self.redirect_to} if fault in {301, 302, 307, 308} else {})

    def wrong_with(self, post: Post) -> str | None:
        """Why a careful receiver refuses this; None for one that is ours."""
        timestamp, signature = post.headers.get("majordomo-timestamp", ""), post.headers.get("majordomo-signature", "")
        if not timestamp.isdigit() or abs((self.now or time.time()) - int(timestamp)) > OLDEST:
            return "too old"
        right = hmac.new(self.secret.encode(), timestamp.encode() + b"." + post.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(f"v1={right}", signature):
            return "signature"
        body = json.loads(post.body)
        if body["id"] != post.headers.get("majordomo-id") or body["event"] != post.headers.get("majordomo-event"):
            return "headers and body differ"
        return None


@contextmanager
def running() -> Iterator[Receiver]:
    server = Receiver()
    with listening(server.answer, threading.Event()) as port:
        server.port = port
        yield server
