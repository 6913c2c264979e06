"""On Postgres, what other processes announce: NOTIFY wakes our listeners; lost notices cost a poll interval, no more."""

from __future__ import annotations

import asyncio
import logging

from storage.database import POSTGRES_REACH, Database, sync_url
from storage.signals import CHANNEL

AGAIN = 1.0

logger = logging.getLogger(__name__)


async def listen(database: Database) -> None:
    """Hand on notices of other processes until cancelled; reconnects by itself. Returns at once on SQLite."""
    if database.is_sqlite:
        return
    import psycopg  # noqa: PLC0415 - only where Postgres is used

    address = sync_url(database.url).set(drivername="postgresql").update_query_dict(POSTGRES_REACH).render_as_string(hide_password=False)
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                async for notice in connection.notifies():
                    topic, _, subject = notice.payload.partition(":")
                    database.signals.deliver([(topic, subject)])
        except psycopg.Error as error:
            logger.warning("notices of other processes are not heard; trying again", extra={"reason": type(error).__name__})
            await asyncio.sleep(AGAIN)
