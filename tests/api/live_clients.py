"""Three ways of watching: httpx for single looks, curl as people type it, the websockets library."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import websockets

from orchestrator.contracts import Task
from orchestrator.tasks import events, manager
from orchestrator.tasks.manager import NewTask
from tests.api.api_house import ApiHouse, Party


@dataclass
class Lines:
    """What an SSE stream says: events in order, and the reason it gave at its end."""

    events: list[dict[str, Any]] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    closed: dict[str, Any] | None = None
    _fields: dict[str, str] = field(default_factory=dict)

    def take(self, line: str) -> None:
        if line:
            name, _, value = line.partition(": ")
            self._fields[name] = value
            return
        if self._fields.get("event") == "closed":
            self.closed = json.loads(self._fields["data"])
        elif "data" in self._fields:
            self.events.append(json.loads(self._fields["data"]))
            self.ids.append(int(self._fields["id"]))
        self._fields = {}


@asynccontextmanager
async def curl(address: str, key: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A running `curl -N`; killed at the end, as a line drops."""
    process = await asyncio.create_subprocess_exec(
        "curl", "-sN", "--noproxy", "*", "-H", f"Authorization: Bearer {key}", "-H", "Accept: text/event-stream", *arguments, address,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def watch(process: asyncio.subprocess.Process, count: int | None = None) -> Lines:
    """Read `count` events, or all until the stream ends."""
    assert process.stdout is not None
    found = Lines()
    async with asyncio.timeout(60):
        while (count is None or len(found.events) < count) and (line := await process.stdout.readline()):
            found.take(line.decode().rstrip("\n"))
    return found


@asynccontextmanager
async def socket(house: ApiHouse, path: str, key: str, last: int | None = None) -> AsyncIterator[websockets.ClientConnection]:
    address = f"{house.address.replace('http', 'ws', 1)}{path}{'' if last is None else f'?last_event_id={last}'}"
    async with websockets.connect(address, additional_headers={"Authorization": f"Bearer {key}"}, proxy=None) as opened:
        yield opened


async def hear(opened: websockets.ClientConnection, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(60):
        return [json.loads(await opened.recv()) for _ in range(count)]


async def begin(house: ApiHouse, party: Party, title: str = "Watched") -> Task:
    """A task that nobody runs; its first event says that it is pending."""
    new = NewTask("custom", "custom", party.person.id, party.somebody.chat_id, "en", title=title)
    return await house.house.database.write(lambda connection: manager.create(connection, new, datetime.now(UTC)))


async def happen(house: ApiHouse, task: Task, count: int, first: int = 0, *, filling: str = "") -> None:
    """`count` progress events, one transaction each."""
    for number in range(first, first + count):
        data = {"percent": number, "label": f"step {number}{filling}"}
        await house.house.database.write(lambda connection, data=data: events.record(connection, task, events.PROGRESS, data, datetime.now(UTC)))  # type: ignore[misc]
