"""Takes stored messages to the desk: in order within a chat, chats side by side, and again what a crash left behind.

On SQLite, where one writer does everything anyway, a message is handled at the end of the transaction that stores it:
one commit instead of two. What does not fit in there is left to its chat's runner.
"""

from __future__ import annotations

import asyncio
import logging
from time import perf_counter

import sqlalchemy as sa

from orchestrator.contracts import Clock
from orchestrator.tasks import inbox
from orchestrator.triage.desk import Desk
from storage.companions import Companion
from storage.database import Database, database_failed, savepoint
from storage.signals import retract

SWEEP = 2.0
"""Seconds between looks for chats that nobody was woken for."""
AT_ONCE = 0.03
"""Seconds that handling may add to the transaction that stores messages, whose end the platform waits for."""
FEW = 3
"""Messages of more chats than this go to their runners, so that storing and handling overlap."""

logger = logging.getLogger(__name__)


class Handling:
    """One runner for each chat that has waiting messages."""

    def __init__(self, database: Database, desk: Desk, clock: Clock) -> None:
        self._database = database
        self._desk = desk
        self._clock = clock
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._stopped = False

    async def run(self) -> None:
        """Handle messages until cancelled. What waited while we were down comes first."""
        unsubscribe = self._database.signals.subscribe(inbox.TOPIC, self.wake)
        leave = self._database.join(Companion(inbox.TOPIC, self._handle_at_once))
        try:
            while True:
                now = self._clock.now()
                for chat in await self._database.read(lambda connection, now=now: inbox.chats_waiting(connection, now)):  # type: ignore[misc]
                    self.wake(chat)
                await asyncio.sleep(SWEEP)
        finally:
            leave()
            unsubscribe()

    def wake(self, chat_id: str) -> None:
        """Messages may wait in this chat."""
        if self._stopped:
            return
        if chat_id in self._running:
            self._again.add(chat_id)
            return
        job = asyncio.create_task(self._drain(chat_id))
        self._running[chat_id] = job
        job.add_done_callback(lambda _: self._ended(chat_id))

    async def stop(self) -> None:
        """Let what is being handled finish; take nothing new."""
        self._stopped = True
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _drain(self, chat_id: str) -> None:
        while not self._stopped:
            handled = await self._handle(chat_id)
            if not handled:
                return

    async def _handle(self, chat_id: str) -> bool:
        """One message. One that fails twice is answered honestly and set aside: it must not hold up its chat."""
        for work in (self._desk.handle_next, self._desk.handle_next, self._desk.set_aside):
            try:
                return await self._database.write(lambda connection, work=work: work(connection, chat_id), key=chat_id)  # type: ignore[misc]
            except Exception as error:
                if database_failed(error):
                    logger.exception("the database failed; the message stays and is tried again", extra={"chat": chat_id})
                    return False
                logger.exception("a message could not be handled", extra={"chat": chat_id})
        return False

    def _handle_at_once(self, connection: sa.Connection, chats: list[str]) -> None:
        """Within the transaction that stored messages of these chats. One that fails is left to its runner."""
        if len(chats) > FEW:
            return
        end = perf_counter() + AT_ONCE
        for chat_id in chats:
            more = True
            while more and not self._stopped and perf_counter() < end:
                try:
                    with savepoint(connection):
                        more = self._desk.handle_next(connection, chat_id)
                except Exception as error:
                    if database_failed(error):
                        raise
                    logger.exception("a message could not be handled", extra={"chat": chat_id})
                    break
            if not more:
                retract(connection, inbox.TOPIC, chat_id)

    def _ended(self, chat_id: str) -> None:
        self._running.pop(chat_id, None)
        if chat_id in self._again:
            self._again.discard(chat_id)
            self.wake(chat_id)
