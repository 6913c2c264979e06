"""A real Radicale, and a door before it that knows what is asked of it and may end the asker at any point of a change."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import icalendar

from tests.servers import radicale

CALENDAR = "desk"
PUT, DELETE = "PUT", "DELETE"
CHANGES = (PUT, DELETE)
UNREACHABLE = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True)
class Event:
    """One event as it lies on the server's disk."""

    path: str
    uid: str
    title: str
    start: datetime


@dataclass
class Calendar:
    """The server behind the door. `verbs` is what was asked, in order; `on_change` is called with the verb when a change is made and its answer still held back."""

    server: radicale.Radicale
    verbs: list[str] = field(default_factory=list)
    on_change: Callable[[str], None] | None = None
    open: bool = True
    """Whether the server can be reached; shut, the door says that it is out of service."""
    port: int = 0

    @property
    def url(self) -> str:
        """What the operator writes as CALDAV_URL: the door."""
        return self.server.settings(options=f"?calendar={CALENDAR}").replace(f":{self.server.port}/", f":{self.port}/")

    def events(self) -> list[Event]:
        found = []
        for name, text in self.server.files(CALENDAR).items():
            for event in icalendar.Calendar.from_ical(text).walk("VEVENT"):
                found.append(Event(f"/{radicale.USER}/{CALENDAR}/{name}", str(event["UID"]), str(event["SUMMARY"]), event.decoded("DTSTART").astimezone(UTC)))
        return found

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, handed on; who has asked may be gone when the answer comes, the server has heard it all the same."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(_length(head))
            verb = head.split(b" ", 1)[0].decode()
            self.verbs.append(verb)
            writer.write(await self._answer(verb, head, body) if self.open else UNREACHABLE.encode())
            await writer.drain()
        writer.close()

    async def _answer(self, verb: str, head: bytes, body: bytes) -> bytes:
        inward, outward = await asyncio.open_connection("127.0.0.1", self.server.port)
        outward.write(head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1) + body)
        answer = await inward.read()
        outward.close()
        if verb in CHANGES and self.on_change is not None:
            self.on_change(verb)
        return answer


def _length(head: bytes) -> int:
    lines = head.lower().split(b"\r\n")
    return next((int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")), 0)


@asynccontextmanager
async def opened(server: radicale.Radicale) -> AsyncIterator[Calendar]:
    """One empty calendar, behind a door of its own; gone afterwards."""
    path = await asyncio.to_thread(server.make_calendar, CALENDAR)
    calendar = Calendar(server)
    door = await asyncio.start_server(calendar.serve, "127.0.0.1", 0)
    calendar.port = door.sockets[0].getsockname()[1]
    try:
        async with door:
            yield calendar
    finally:
        with server.client() as client:
            client.delete(path).raise_for_status()
