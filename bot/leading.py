"""On Postgres one `run` at a time receives, sends and keeps the schedules; a second one stands by and takes over.

The lease's row says who. A holder that is killed is succeeded at once, for its session ends with it; one that is
stopped or cut off is succeeded when its term is over, and knows by its own clock that it may not act any more.
"""

from __future__ import annotations

import asyncio
import logging
import time

from sqlalchemy.exc import SQLAlchemyError

from orchestrator.contracts import Clock
from orchestrator.errors import MajordomoError
from storage import leases
from storage.database import Database
from storage.models import new_id
from storage.presence import Loss, Presence

DUTY = "run"
RENEWED_EVERY = 4.0
AGAIN = 0.5
TERM = leases.TERM.total_seconds()
SAFE_TERM = TERM - 1.0
"""Seconds after its last renewal for which a holder takes itself for one: less than others wait."""

logger = logging.getLogger(__name__)


class DutyLost(MajordomoError):
    """Another process has taken over; this one stops."""

    def __init__(self) -> None:
        super().__init__("another process has taken over the channels; this one stops")


class Leadership:
    """The lease of the process that holds the channels. SQLite needs none: its data folder is locked."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._name = ""
        self._held: str | None = None
        self._presence = Presence(database.url)
        self._competes = False
        self._until = 0.0

    def holds(self) -> bool:
        """Whether this process may send and keep schedules now. A house that never competed for it may."""
        return not self._competes or moment() < self._until

    async def win(self) -> None:
        """Return once the duty is ours."""
        if self._database.is_sqlite:
            return
        self._competes = True
        told = False
        while not await self._renew(compete=True):
            if not told:
                logger.info("standing by: another process holds the channels")
                told = True

    async def keep(self) -> None:
        """Renew until cancelled. Raises DutyLost when another process has it."""
        while not self._database.is_sqlite:
            await self._presence.lost_within(RENEWED_EVERY)
            if await self._renew() is False:
                raise DutyLost

    async def give_up(self) -> None:
        """To be called when nothing is sent any more: who stands by takes over at once."""
        await self._presence.leave()

    async def _renew(self, *, compete: bool = False) -> bool | None:
        """Be there and take the duty; None when the database is away, for without it nobody else can take it either."""
        try:
            if not self._presence.there:
                self._until, self._name = 0.0, new_id()
                await self._presence.appear(self._name)
            return await self._take(await self._gone() if compete else self._held)
        except (Loss, SQLAlchemyError) as error:
            self._until = 0.0
            logger.warning("the duty could not be taken or renewed; trying again", extra={"reason": type(error).__name__})
            await asyncio.sleep(AGAIN)
            return None

    async def _gone(self) -> str | None:
        """The last holder, once it is dead; None while it may live on, or may only have been stopped."""
        last = await self._database.read(lambda connection: leases.holder_of(connection, DUTY))
        return last if last is not None and await self._presence.has_gone(last, RENEWED_EVERY / 2) else None

    async def _take(self, gone: str | None) -> bool:
        begun, name = moment(), self._name
        taken = await self._database.write(lambda connection: leases.acquire(connection, DUTY, name, self._clock.now(), gone=gone))
        self._until = begun + SAFE_TERM if taken else 0.0
        self._held = name if taken else None
        return taken


def moment() -> float:
    """Seconds that go on while this process, or where the kernel can tell the whole machine, is stopped."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
