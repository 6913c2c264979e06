"""On Postgres one `run` at a time receives, sends and keeps the schedules; a second one stands by and takes over."""

from __future__ import annotations

import asyncio
import logging

from orchestrator.contracts import Clock
from orchestrator.errors import MajordomoError
from storage import leases
from storage.database import Database
from storage.models import new_id

DUTY = "run"
RENEWED_EVERY = 4.0

logger = logging.getLogger(__name__)


class DutyLost(MajordomoError):
    """Another process has taken over; this one stops."""


class Leadership:
    """The lease of the process that holds the channels. SQLite needs none: its data folder is locked."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._holder = new_id()

    async def win(self) -> None:
        """Return once the duty is ours."""
        told = False
        while not await self._take():
            if not told:
                logger.info("standing by: another process holds the channels")
                told = True
            await asyncio.sleep(RENEWED_EVERY)

    async def keep(self) -> None:
        """Renew until cancelled. Raises DutyLost when another process has it."""
        if self._database.is_sqlite:
            return
        while True:
            await asyncio.sleep(RENEWED_EVERY)
            if not await self._take():
                raise DutyLost

    async def give_up(self) -> None:
        if not self._database.is_sqlite:
            await self._database.write(lambda connection: leases.release(connection, DUTY, self._holder))

    async def _take(self) -> bool:
        if self._database.is_sqlite:
            return True
        return await self._database.write(lambda connection: leases.acquire(connection, DUTY, self._holder, self._clock.now()))
