"""Seeing people off who asked to be forgotten: the last word is delivered, then their files and the last of their rows go.

What they said is erased by the press of the button itself (`orchestrator/triage/forgetting.py`); what is left to do here
stands in the database, so that a stop in between loses none of it.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from orchestrator.contracts import Clock, Role
from orchestrator.execution import engine_tables
from orchestrator.people import make_pairing_code
from orchestrator.tasks.people import owners
from storage import belongings
from storage.database import Database

GRACE = timedelta(seconds=3)
"""The live view of the web chat shows the last word, too, and what ran for them has met its end."""
PATIENCE = timedelta(minutes=10)
"""After this nobody waits any longer for a platform that does not take the last word."""
LOOK = 0.5
AGAIN = 10.0
"""Seconds before something that failed is tried again."""
CHECKPOINTS = 20

logger = logging.getLogger(__name__)


class Leaving:
    """One work of the house. `forget` drops what is remembered of who is who; `pairs` is whether an owner comes in by a code."""

    def __init__(self, database: Database, clock: Clock, files: Path, forget: Callable[[], None], *, is_leader: Callable[[], bool], pairs: bool) -> None:
        self._database = database
        self._clock = clock
        self._files = files
        self._forget = forget
        self._is_leader = is_leader
        self._pairs = pairs
        self._wanted = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled. Whoever was leaving when the house stopped is seen off first."""
        unsubscribe = self._database.signals.subscribe(belongings.TOPIC, lambda _: self._left())
        self._wanted.set()
        try:
            while True:
                await self._wanted.wait()
                self._wanted.clear()
                try:
                    await self._see_off()
                except Exception:
                    logger.exception("somebody who asked to be forgotten could not be seen off; it is tried again")
                    self._wanted.set()
                    await asyncio.sleep(AGAIN)
        finally:
            unsubscribe()

    def _left(self) -> None:
        self._forget()
        self._wanted.set()

    async def _see_off(self) -> None:
        gone = 0
        while leaving := await self._database.read(belongings.leaving):
            now = self._clock.now()
            for person_id, since in leaving.items():
                if not self._is_leader():
                    continue
                told = await self._database.read(lambda connection, person_id=person_id: belongings.told(connection, person_id))  # type: ignore[misc]
                if now - since > PATIENCE or (told and now - since > GRACE):
                    gone += await self._finish(person_id)
            await asyncio.sleep(LOOK)
        if gone:
            self._forget()
            await self._empty_log()
            await self._pair_anew()

    async def _finish(self, person_id: str) -> int:
        """Files first: as long as they are there, the row says whose they are."""
        try:
            await asyncio.to_thread(_remove, self._files / person_id)
        except OSError as error:
            logger.error("files of somebody who left cannot be deleted; it is tried again", extra={"person": person_id, "error": error.strerror})
            await asyncio.sleep(AGAIN)
            return 0

        def work(connection: sa.Connection) -> None:
            engine_tables.forget(connection, person_id)
            belongings.finish(connection, person_id)

        await self._database.write(work)
        return 1

    async def _empty_log(self) -> None:
        for _ in range(CHECKPOINTS):
            if await asyncio.to_thread(belongings.empty_log, self._database.engine):
                return
            await asyncio.sleep(LOOK)
        logger.warning("the write-ahead log is in use and was not emptied; what was erased leaves it with the next checkpoint")

    async def _pair_anew(self) -> None:
        """Where nobody owns the house any more, a code to become its owner, as at the first start."""
        if not self._pairs or await self._database.read(lambda connection: bool(owners(connection))):
            return
        code = await self._database.write(lambda connection: make_pairing_code(connection, Role.OWNER, self._clock.now()))
        print(f"Nobody owns this Majordomo any more. To be its owner in Telegram, send the bot this code within 10 minutes:  {code}", flush=True)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
