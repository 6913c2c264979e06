"""Who is there, on Postgres: a session that holds a lock of its own for as long as its process lives.

The kernel closes the connections of a process that was killed, Postgres then frees the lock, and who waits for it
learns of the death at once. A process that is merely stopped keeps its lock: that is what terms of leases are for.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any

from storage.database import POSTGRES_REACH, sync_url

if TYPE_CHECKING:
    from psycopg import AsyncConnection

Loss = OSError
"""What `appear` and `has_gone` raise when the database cannot be reached."""


class Presence:
    """One session. `appear` again after a loss takes a new name, for the old session may not have ended yet."""

    def __init__(self, url: str) -> None:
        self._address = sync_url(url).set(drivername="postgresql").update_query_dict(POSTGRES_REACH).render_as_string(hide_password=False)
        self._connection: AsyncConnection[Any] | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def there(self) -> bool:
        """Whether the session stands, as far as we know."""
        return self._connection is not None and not self._connection.closed and not (self._watch is not None and self._watch.done())

    async def appear(self, name: str) -> None:
        """Be there under `name`, which nobody has had before; an earlier session ends. Raises Loss."""
        import psycopg  # noqa: PLC0415 - only where Postgres is used

        await self.leave()
        try:
            self._connection = await psycopg.AsyncConnection.connect(self._address, autocommit=True)
            await self._connection.execute("SELECT pg_advisory_lock(%s)", (key_of(name),))
        except psycopg.Error as error:
            raise Loss(f"no session of one's own: {type(error).__name__}") from error

    async def has_gone(self, name: str, seconds: float) -> bool:
        """Wait until whoever appeared under `name` has gone; False if they are there after `seconds`. Raises Loss."""
        import psycopg  # noqa: PLC0415 - only where Postgres is used

        assert self._connection is not None
        try:
            await self._connection.execute(f"SET lock_timeout = {int(seconds * 1000)}")
            await self._connection.execute("SELECT pg_advisory_lock(%s)", (key_of(name),))
            await self._connection.execute("SELECT pg_advisory_unlock(%s)", (key_of(name),))
        except psycopg.errors.LockNotAvailable:
            return False
        except psycopg.Error as error:
            raise Loss(f"the session was lost: {type(error).__name__}") from error
        return True

    async def lost_within(self, seconds: float) -> bool:
        """Watch the session; True as soon as it has ended, False after `seconds`."""
        if not self.there:
            return True
        if self._watch is None:
            self._watch = asyncio.create_task(self._until_lost())
        await asyncio.wait([self._watch], timeout=seconds)
        return self._watch.done()

    async def leave(self) -> None:
        """Close the session: whoever waits for us to go learns of it."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            await asyncio.wait([watch])
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _until_lost(self) -> None:
        import psycopg  # noqa: PLC0415 - only where Postgres is used

        assert self._connection is not None
        try:
            async for _ in self._connection.notifies():
                continue
        except psycopg.Error:
            return


def key_of(name: str) -> int:
    """The number of the lock that stands for `name`: 64 bits, so that names of other programs' locks do not meet ours."""
    return int.from_bytes(hashlib.blake2b(f"majordomo:{name}".encode(), digest_size=8).digest(), signed=True)
