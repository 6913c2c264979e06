"""Forwarding over a desk: the real senders, a way out that may reach the test servers, and a clock that runs ahead to the next attempt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.forwarding import Duty, Forwarding
from bot.forwarding_house import load_senders
from bot.settings import read
from orchestrator.tasks import deliveries
from storage.models import NoticeDeliveryRow
from tests.notices.desk import WORDS, Desk

WAITING = ("queued", "sending", "retry")


@dataclass
class Post:
    """Forwarding at work. `until_done` moves the clock over every wait."""

    desk: Desk
    forwarding: Forwarding

    async def until_done(self, timeout: float = 20.0, *, most: int = 200) -> None:
        async with asyncio.timeout(timeout):
            for _ in range(most):
                await self.until(lambda: not self._busy())
                due = self.desk.database.read_now(deliveries.next_due)
                if due is None:
                    return
                if due > self.desk.clock.now():
                    self.desk.clock.moment = due
                self.wake()
                await asyncio.sleep(0.01)
        raise AssertionError("deliveries never end")

    def _busy(self) -> bool:
        due = (NoticeDeliveryRow.not_before.is_(None)) | (NoticeDeliveryRow.not_before <= self.desk.clock.now())
        query = sa.select(sa.func.count()).select_from(NoticeDeliveryRow)
        under_way = sa.select(sa.func.count()).select_from(NoticeDeliveryRow).where(NoticeDeliveryRow.state == "sending")
        waits = query.where(NoticeDeliveryRow.state.in_(("queued", "retry")), due)
        busy = self.desk.database.read_now(lambda connection: connection.execute(waits).scalar_one() + connection.execute(under_way).scalar_one())
        if busy:
            self.wake()
        return bool(busy)

    def wake(self) -> None:
        self.forwarding._wake.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def post(desk: Desk, *, code: Any = None, private: tuple[str, ...] = (), **environment: str) -> AsyncIterator[Post]:
    settings = read({"DATABASE_URL": desk.database.url, **environment})
    duty = Duty(desk.database, desk.places, desk.clock, WORDS, lambda: load_senders(settings, desk.database, WORDS, private), discord=settings.discord_webhook)
    forwarding = Forwarding(duty)
    running = asyncio.create_task(forwarding.run())
    try:
        yield Post(desk, forwarding)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
