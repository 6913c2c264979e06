"""A disk that is full in the middle of a transaction, and what else must not silence the only writer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.database import Database, TransactionLost, Work, database_failed, savepoint

PAGES = 20


@pytest.fixture
async def notes(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(f"sqlite+aiosqlite:///{tmp_path}/notes.db")
    opened.write_now(lambda connection: connection.execute(sa.text("CREATE TABLE notes (text TEXT, much BLOB)")))
    yield opened
    await opened.close()


def note(text: str) -> Work[int]:
    return lambda connection: connection.execute(sa.text("INSERT INTO notes VALUES (:text, NULL)"), {"text": text}).rowcount


def too_much(connection: sa.Connection) -> None:
    """SQLite undoes the whole transaction where there is no room in its middle, not only the statement."""
    connection.exec_driver_sql(f"PRAGMA max_page_count = {PAGES}")
    connection.execute(sa.text("INSERT INTO notes VALUES ('much', zeroblob(1000000))"))


def swallowed(connection: sa.Connection) -> None:
    """One who goes on as if nothing had been."""
    try:
        with savepoint(connection):
            too_much(connection)
    except TransactionLost:
        note("stands alone")(connection)


async def together(database: Database, *works: Work[object]) -> list[object]:
    """How each ended, all in one transaction."""
    go_on = threading.Event()
    first = asyncio.create_task(database.write(lambda connection: go_on.wait()))
    await asyncio.sleep(0.05)
    others = [asyncio.create_task(database.write(work)) for work in works]
    await asyncio.sleep(0.05)
    go_on.set()
    await first
    return list(await asyncio.gather(*others, return_exceptions=True))


async def kept(database: Database) -> list[str]:
    return list(await database.read(lambda connection: connection.execute(sa.text("SELECT text FROM notes")).scalars().all()))


async def test_nobody_hears_that_what_was_undone_was_written(notes: Database) -> None:
    ended = await together(notes, note("before"), too_much, note("behind"))
    assert all(isinstance(error, OperationalError) and database_failed(error) for error in ended), ended
    assert "full" in str(ended[1])
    assert await kept(notes) == []
    notes.write_now(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 100000"))
    assert await notes.write(note("again")) == 1
    assert await kept(notes) == ["again"]


async def test_who_goes_on_without_a_transaction_fails_with_all_of_it(notes: Database) -> None:
    ended = await together(notes, note("before"), swallowed, note("behind"))
    assert all(isinstance(error, OperationalError) for error in ended), ended
    assert "before" not in await kept(notes)
    assert "behind" not in await kept(notes)


async def test_a_writer_that_gets_no_connection_says_so_and_lives(notes: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:

        def none_free() -> sa.Connection:
            raise PoolTimeout("QueuePool limit reached")

        patched.setattr(notes.engine, "connect", none_free)
        with pytest.raises(PoolTimeout):
            await notes.write(note("lost"))
    async with asyncio.timeout(10):
        assert await notes.write(note("kept")) == 1
    assert await kept(notes) == ["kept"]
