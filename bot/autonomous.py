"""The clockwork of autonomous mode: wakes at the next due instant, or when somebody switches it or asks for a run."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.sweeps import FIRST_DAILY
from orchestrator.autonomous import Autonomous, forget
from orchestrator.autonomous.modes import TOPIC
from orchestrator.contracts import Clock
from storage.database import Database

LONGEST_SLEEP = 30.0
DAY = timedelta(days=1)

logger = logging.getLogger(__name__)


class AutonomousClock:
    """One work of the house, in the process that holds the duty; two of them at once do no harm."""

    def __init__(self, database: Database, autonomous: Autonomous, clock: Clock, is_leader: Callable[[], bool] = lambda: True) -> None:
        self._database = database
        self._autonomous = autonomous
        self._clock = clock
        self._is_leader = is_leader
        self._changed = asyncio.Event()
        self._forgets_at: datetime | None = None

    async def run(self) -> None:
        """Until cancelled."""
        unsubscribe = self._database.signals.subscribe(TOPIC, lambda _: self._changed.set())
        try:
            while True:
                self._changed.clear()
                upcoming = await self._look()
                wait = LONGEST_SLEEP if upcoming is None else (upcoming - self._clock.now()).total_seconds()
                await self._sleep(max(0.0, min(LONGEST_SLEEP, wait)) + 0.005)
        finally:
            unsubscribe()

    async def _look(self) -> datetime | None:
        if not self._is_leader():
            return None
        try:
            upcoming = await self._autonomous.sweep()
            await self._forget()
        except Exception:
            logger.exception("the look at autonomous mode failed; it is tried again")
            return None
        return upcoming

    async def _forget(self) -> None:
        """Once a day, first some minutes after the start: a house that is restarted every day does it, too."""
        now = self._clock.now()
        if self._forgets_at is None:
            self._forgets_at = now + timedelta(seconds=random.uniform(*FIRST_DAILY))
        elif now >= self._forgets_at:
            await self._database.write(lambda connection: forget(connection, now))
            self._forgets_at = now + DAY

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return
