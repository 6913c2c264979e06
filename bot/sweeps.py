"""The clockwork: schedules to the second, questions each minute, health every five, retention daily."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import datetime

from bot.inbox import release_old_ids
from orchestrator import access
from orchestrator.actions import late_audit
from orchestrator.contracts import Clock
from orchestrator.execution.due import DueWork
from orchestrator.execution.due_asks import DueAsks
from orchestrator.tasks import retention, schedules
from storage.database import Database

LONGEST_SLEEP = 30.0
MINUTE, FIVE_MINUTES, DAY = 60.0, 300.0, 86400.0
FIRST_DAILY = (300.0, 900.0)
"""Seconds after the start within which what is daily is done first: a house that is restarted every day does it, too, and not all processes at once."""

logger = logging.getLogger(__name__)


class Sweeps:
    """Runs in the process that holds the sweeper's duty; every act is a compare-and-set, so a second one does no harm."""

    def __init__(self, database: Database, work: DueWork, clock: Clock, is_leader: Callable[[], bool] = lambda: True) -> None:
        self._database = database
        self._work = work
        self._asks = DueAsks(work.runner)
        self._clock = clock
        self._is_leader = is_leader
        self._changed = asyncio.Event()

    async def run(self) -> None:
        unsubscribe = self._database.signals.subscribe(schedules.TOPIC, lambda _: self._changed.set())
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._schedules())
                group.create_task(self._every(MINUTE, self._expire))
                group.create_task(self._every(FIVE_MINUTES, self._health))
                group.create_task(self._daily(self._retire))
        finally:
            unsubscribe()

    async def _schedules(self) -> None:
        while True:
            self._changed.clear()
            upcoming: datetime | None = None
            if self._is_leader():
                try:
                    upcoming = await self._database.read(schedules.next_due)
                    if upcoming is not None and upcoming <= self._clock.now():
                        upcoming = await self._database.write(self._work.sweep)
                except Exception:
                    logger.exception("the schedule sweep failed; it is tried again")
                    await asyncio.sleep(1)
            wait = LONGEST_SLEEP if upcoming is None else max(0.0, min(LONGEST_SLEEP, (upcoming - self._clock.now()).total_seconds()))
            try:
                async with asyncio.timeout(wait + 0.005):  # not wait_for: it can swallow a cancellation that comes with the wake-up
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            if self._is_leader():
                try:
                    await work()
                except Exception:
                    logger.exception("house-keeping failed; it is tried again later")

    async def _daily(self, work: Callable[[], Awaitable[None]]) -> None:
        """First some minutes after the start; where another process has the duty or it failed, soon again."""
        wait = random.uniform(*FIRST_DAILY)
        while True:
            await asyncio.sleep(wait)
            wait = FIVE_MINUTES
            if self._is_leader():
                try:
                    await work()
                    wait = DAY
                except Exception:
                    logger.exception("daily house-keeping failed; it is tried again soon")

    async def _expire(self) -> None:
        await self._database.write(self._work.expire_questions)
        await self._database.write(self._asks.sweep)
        words, now = self._work.runner.around.words, self._clock.now()
        await self._database.write(lambda connection: access.hide(connection, words, now))
        if (log := self._work.runner.around.dispatcher.rules.audit) is not None:
            await self._database.write(lambda connection: late_audit.sweep(connection, log, self._clock.now()))

    async def _health(self) -> None:
        words, now = self._work.runner.around.words, self._clock.now()
        stuck = await self._database.write(lambda connection: retention.cancel_stuck(connection, now, words))
        waiting = await self._database.read(retention.waiting_messages)
        logger.info("health", extra={"stuck_cancelled": stuck, "messages_waiting": waiting})

    async def _retire(self) -> None:
        now = self._clock.now()
        archived = await self._database.write(lambda connection: retention.archive(connection, now))
        await self._database.write(lambda connection: release_old_ids(connection, now))
        forgotten = await self._database.write(lambda connection: retention.forget_spent(connection, now))
        logger.info("retention", extra={"archived": archived, "forgotten": forgotten})
