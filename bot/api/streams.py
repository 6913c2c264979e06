"""Open streams: how many there may be, and whether whoever opened one may still read."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import cast

import sqlalchemy as sa
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from bot.api.access import Caller
from bot.api.problems import Problem
from bot.app import House
from bot.event_stream import Ended, Listener
from orchestrator import access

EVERY = 2.0
"""Seconds between two looks at the rights of everybody who listens."""
MOST = 2000
"""Streams that one person may have open in this process."""
SCOPE = "tasks:read"

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Rights:
    """Who listens with which key. One look for all of them, however many they are."""

    house: House
    closing: asyncio.Event
    _open: dict[Listener, Caller] = field(default_factory=dict)
    _watching: asyncio.Task[None] | None = None

    def make_room(self, caller: Caller) -> None:
        """Raises Problem 429 where the person has too many open already."""
        if sum(1 for known in self._open.values() if known.person.id == caller.person.id) >= MOST:
            raise Problem(
                429, "too-many-streams", "There are too many open streams.", f"At most {MOST} may be open.", remedy="close some; one stream tells all tasks"
            )  # fmt: skip

    def admit(self, listener: Listener, caller: Caller) -> None:
        """Watch over a stream that begins."""
        self._open[listener] = caller
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch(), name="rights of listeners")

    def dismiss(self, listener: Listener) -> None:
        self._open.pop(listener, None)

    async def _watch(self) -> None:
        """While somebody listens: end the streams of keys that do not count any more, and all of them when the house closes."""
        while self._open:
            try:
                async with asyncio.timeout(EVERY):
                    await self.closing.wait()
            except TimeoutError:
                await self._look()
            else:
                self.house.live.close()
                return

    async def _look(self) -> None:
        keys = {caller.key_id for caller in self._open.values()}
        now = self.house.clock.now()

        def refused(connection: sa.Connection) -> set[str]:
            return {key for key in keys if (known := access.still_known(connection, key, now)) is None or SCOPE not in known.scopes}

        try:
            gone = await self.house.database.read(refused)
        except SQLAlchemyError:
            logger.exception("the rights of listeners could not be read; trying again")
            return
        for listener, caller in list(self._open.items()):
            if caller.key_id in gone:
                listener.end(Ended.REFUSED)


def rights_of(api: FastAPI) -> Rights:
    """The API's watch over its streams, begun with the first of them."""
    if not hasattr(api.state, "rights"):
        api.state.rights = Rights(api.state.house, api.state.closing)
    return cast(Rights, api.state.rights)
