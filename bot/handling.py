"""Takes stored messages to the desk: in order within a chat, chats side by side, and again what a crash left behind."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy.exc import DBAPIError

from orchestrator.contracts import Clock
from orchestrator.tasks import inbox
from orchestrator.triage.desk import Desk
from storage.database import Database

SWEEP = 2.0
"""Seconds between looks for chats that nobody was woken for."""

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
        try:
            while True:
                now = self._clock.now()
                for chat in await self._database.read(lambda connection, now=now: inbox.chats_waiting(connection, now)):  # type: ignore[misc]
                    self.wake(chat)
                await asyncio.sleep(SWEEP)
        finally:
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
            except DBAPIError:
                logger.exception("the database failed; the message stays and is tried again", extra={"chat": chat_id})
                return False
            except Exception:
                logger.exception("a message could not be handled", extra={"chat": chat_id})
        return False

    def _ended(self, chat_id: str) -> None:
        self._running.pop(chat_id, None)
        if chat_id in self._again:
            self._again.discard(chat_id)
            self.wake(chat_id)
