"""Live events for many listeners: one subscription, one query a change, each event handed to whom it concerns.

Readers go on from the last id they have seen; what is handed out never lies before an id that may still appear
(`storage.frontier`), so going on from an id neither misses nor repeats anything.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.tasks import events
from orchestrator.tasks.events import Event
from storage.database import Database
from storage.frontier import UNKNOWN, Frontier
from storage.models import EventRow

KEPT = 500
"""Events that wait for one listener; who falls behind further is let go, and goes on later from the last id they saw."""
AT_ONCE = 500
SOON = 0.02
"""Seconds until a look at writers that were still busy."""
LOOK_ANYWAY = 2.0
"""Seconds after which somebody looks without a signal, where other processes write: their signals may be lost."""
REST = 30.0
"""Seconds without a listener, or on SQLite without a signal, after which the reader looks round."""
AGAIN = 1.0

logger = logging.getLogger(__name__)


class Ended(StrEnum):
    """Why a listener gets no more."""

    CLOSING = "closing"
    SLOW = "too_slow"
    REFUSED = "not_allowed_any_more"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events: of one task, of one chat, or of everything of a person. `person_id` always holds where it is given.

    `of_tasks` leaves out what was said beside any task: a key or a secret that a chat shows once is for that chat alone.
    """

    person_id: str | None = None
    task_id: str | None = None
    chat_id: str | None = None
    kinds: tuple[str, ...] = ()
    of_tasks: bool = False

    def read(self, connection: sa.Connection, last: int, upto: int, limit: int = AT_ONCE) -> list[Event]:
        return events.after(
            connection, last, upto, person_id=self.person_id, task_id=self.task_id, chat_id=self.chat_id, kinds=self.kinds, of_tasks=self.of_tasks,
            limit=limit,
        )  # fmt: skip

    @property
    def key(self) -> tuple[str, str]:
        """The shelf that its listeners stand on."""
        if self.task_id is not None:
            return ("task", self.task_id)
        if self.chat_id is not None:
            return ("chat", self.chat_id)
        return ("person", self.person_id or "")

    def takes(self, event: Event) -> bool:
        if self.of_tasks and event.task_id is None:
            return False
        return (not self.kinds or event.kind in self.kinds) and (self.person_id is None or event.person_id == self.person_id)


@dataclass(slots=True, eq=False)
class Listener:
    """One open stream: what waits for it, or why it has ended."""

    wanted: Wanted
    waiting: deque[Event] = field(default_factory=deque)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    ended: Ended | None = None
    seen: int = 0

    def give(self, event: Event) -> None:
        if event.id <= self.seen or self.ended is not None:
            return
        if len(self.waiting) >= KEPT:
            self.end(Ended.SLOW)
        else:
            self.waiting.append(event)
            self.woken.set()

    def end(self, why: Ended) -> None:
        """What waits is dropped: the listener comes back for it, if it may."""
        if self.ended is None:
            self.ended = why
            self.waiting.clear()
            self.woken.set()

    async def next(self, patience: float) -> Event | None:
        """The next event; None after `patience` seconds without one, or at the end."""
        if not self.waiting and self.ended is None:
            self.woken.clear()
            try:
                async with asyncio.timeout(patience):
                    await self.woken.wait()
            except TimeoutError:
                return None
        return self.waiting.popleft() if self.waiting and self.ended is None else None


class EventStream:
    """The house's one reader of live events; it works while somebody listens."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._frontier = Frontier(cast(sa.Table, EventRow.__table__))
        self._handed_out = UNKNOWN
        self._shelves: dict[tuple[str, str], set[Listener]] = {}
        self._reading: asyncio.Task[None] | None = None
        self._joining = 0
        self._closed = False

    @property
    def listeners(self) -> int:
        return sum(len(shelf) for shelf in self._shelves.values())

    async def read(self, wanted: Wanted, last: int, limit: int) -> list[Event]:
        """Events after `last` that can be gone on from, oldest first."""
        upto = await self.settled()
        return await self._database.read(lambda connection: wanted.read(connection, last, upto, limit))

    async def settled(self) -> int:
        """The id up to which nothing can appear any more. Waits only at the first look, for writers met there."""
        while True:
            found = await self._database.read(self._frontier.advance)
            if found != UNKNOWN:
                return found
            await asyncio.sleep(SOON)

    async def starting_point(self, last: int | None) -> int:
        """Where a stream begins: after `last`, or at the present end where there is none, or it is not an id of this database."""
        upto = await self.settled()
        if last is None or (last > upto and last > await self._database.read(events.highest)):
            return upto
        return last

    async def follow(self, listener: Listener, last: int, patience: float) -> AsyncGenerator[Event | None]:
        """Every event after `last`, as it comes; None when there was none for `patience` seconds. Ends when the listener has ended."""
        async for event in self._catch_up(listener, last):
            yield event
        try:
            while listener.ended is None:
                found = await listener.next(patience)
                if found is not None or listener.ended is None:
                    yield found
        finally:
            self._leave(listener)

    def close(self) -> None:
        """End every stream: the house closes."""
        self._closed = True
        for listener in [one for shelf in self._shelves.values() for one in shelf]:
            listener.end(Ended.CLOSING)
        if self._reading is not None:
            self._reading.cancel()

    # --- joining ---

    async def _catch_up(self, listener: Listener, last: int) -> AsyncGenerator[Event]:
        """What happened since `last`; then, without anything in between, the listener is on its shelf."""
        self._joining += 1
        try:
            while True:
                await self._begin()
                upto = self._handed_out
                for event in (rows := await self._past(listener.wanted, last, upto)):
                    last = event.id
                    yield event
                if not rows and upto == self._handed_out:
                    break
            listener.seen = last
            self._shelves.setdefault(listener.wanted.key, set()).add(listener)
        finally:
            self._joining -= 1
        if self._closed:
            listener.end(Ended.CLOSING)

    async def _past(self, wanted: Wanted, last: int, upto: int) -> list[Event]:
        return await self._database.read(lambda connection: wanted.read(connection, last, upto)) if last < upto else []

    def _leave(self, listener: Listener) -> None:
        shelf = self._shelves.get(listener.wanted.key, set())
        shelf.discard(listener)
        if not shelf:
            self._shelves.pop(listener.wanted.key, None)

    async def _begin(self) -> None:
        if self._reading is not None and not self._reading.done():
            return
        upto = await self.settled()
        if self._reading is None or self._reading.done():
            self._handed_out = max(self._handed_out, upto)
            self._reading = asyncio.create_task(self._run(), name="live events")

    # --- reading ---

    async def _run(self) -> None:
        """Hand out what is new at each signal, while somebody listens."""
        changed = asyncio.Event()
        unsubscribe = self._database.signals.subscribe(events.TOPIC, lambda _: changed.set())
        rest = REST if self._database.is_sqlite else LOOK_ANYWAY
        patience = 0.0
        try:
            while not self._closed:
                if not await _comes(changed, patience) and not self._shelves and not self._joining:
                    return
                changed.clear()
                try:
                    patience = SOON if await self._hand_out() else rest
                except SQLAlchemyError:
                    logger.exception("live events could not be read; trying again")
                    patience = AGAIN
        finally:
            unsubscribe()

    async def _hand_out(self) -> bool:
        """Everything settled since the last time. True when there is more to look at soon."""
        upto, rows = await self._database.read(self._new)
        for event in rows:
            self._give(event)
        self._handed_out = rows[-1].id if len(rows) == AT_ONCE else max(upto, self._handed_out)
        return self._frontier.waits or self._handed_out < upto

    def _new(self, connection: sa.Connection) -> tuple[int, list[Event]]:
        upto = self._frontier.advance(connection)
        return upto, events.after(connection, self._handed_out, upto, limit=AT_ONCE) if upto > self._handed_out else []

    def _give(self, event: Event) -> None:
        keys: Sequence[tuple[str, str]] = (("task", event.task_id or ""), ("chat", event.chat_id or ""), ("person", event.person_id))
        for key in keys:
            for listener in list(self._shelves.get(key, ())):
                if listener.wanted.takes(event):
                    listener.give(event)


async def _comes(changed: asyncio.Event, patience: float) -> bool:
    """Whether the signal came within `patience` seconds."""
    try:
        async with asyncio.timeout(patience):
            await changed.wait()
    except TimeoutError:
        return False
    return True
