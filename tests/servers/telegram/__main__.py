"""Telegram as a process of its own: `python -m tests.servers.telegram --port 8081 --record sent.jsonl`.

Prints its root in one line. `POST /control/updates` queues a JSON list of updates, `POST /control/say` a list of {"user", "text"}, `GET /control/state` tells
what was sent. It ends with its standard input, so that it never outlives the test that started it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from typing import IO, Any

from aiohttp import web

from tests.servers.telegram.messages import Sent
from tests.servers.telegram.server import TelegramServer


class DrivenServer(TelegramServer):
    """Driven over HTTP, since nobody else is in its process."""

    def add_routes(self, app: web.Application) -> None:
        app.router.add_post("/control/updates", self._updates)
        app.router.add_post("/control/say", self._say)
        app.router.add_get("/control/state", self._state)

    async def _updates(self, request: web.Request) -> web.Response:
        return web.json_response([self.push(update)["update_id"] for update in await request.json()])

    async def _say(self, request: web.Request) -> web.Response:
        said = [await self.user(int(one["user"])).send(str(one["text"])) for one in await request.json()]
        return web.json_response(said)

    async def _state(self, request: web.Request) -> web.Response:
        state = {
            "pending": self.pending,
            "methods": dict(self.methods),
            "violations": [str(one) for one in self.violations],
            "sent": [recorded(one) for one in self.sent[int(request.query.get("from", "0")) :]],
        }
        return web.json_response(state)


def recorded(sent: Sent) -> dict[str, Any]:
    """A sent message as JSON, its file by name."""
    return {**asdict(sent), "file": sent.file.name if sent.file else None}


async def serve(port: int, limits: bool, record: IO[str] | None) -> None:
    """Until standard input ends."""
    async with DrivenServer(limits=limits, port=port) as server:
        if record is not None:
            server.platform.on_sent.append(lambda sent: print(json.dumps(recorded(sent)), file=record, flush=True))
        print(server.root, flush=True)
        await asyncio.to_thread(sys.stdin.read)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.telegram", description="A stand-in for Telegram's Bot API.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--limits", action="store_true", help="flood control on")
    parser.add_argument("--record", type=argparse.FileType("a", encoding="utf-8"), help="append every applied message as a line of JSON")
    options = parser.parse_args()
    asyncio.run(serve(options.port, options.limits, options.record))


if __name__ == "__main__":
    main()
