"""A site behind a password, over real HTTP. It repeats the password in its answers, in every encoding it can think of."""

from __future__ import annotations

import base64
import urllib.parse
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web


@dataclass
class Portal:
    """On 127.0.0.1, an asynchronous context manager. `seen` are the Authorization headers of all requests, "" where there was none."""

    user: str
    password: str
    seen: list[str] = field(default_factory=list)
    port: int = 0
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def wanted(self) -> str:
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()

    @property
    def let_in(self) -> int:
        """How often the right password was given."""
        return self.seen.count(self.wanted)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self.seen.append(request.headers.get("Authorization", ""))
        if self.seen[-1] != self.wanted:
            return web.json_response({"error": "who are you?"}, status=401, headers={"WWW-Authenticate": 'Basic realm="portal"'})
        raw = self.password.encode()
        repeated = [self.password, self.wanted, base64.urlsafe_b64encode(b"." + raw).decode(), urllib.parse.quote(self.password, safe=""), raw.hex()]
        return web.json_response({"welcome": self.user, "results": "all is well", "repeated": repeated})
