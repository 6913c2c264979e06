"""Writes are transactions: all or nothing, in order for one key, durable before they are reported."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from storage.database import Database
from storage.models import Base, LeaseRow, PersonRow
from storage.signals import announce
from tests.conftest import NOW, count


def person(name: str) -> dict[str, object]:
    return {"id": name, "role": "owner", "created_at": NOW}


async def test_a_failed_write_leaves_nothing_and_does_not_hurt_the_others(database: Database) -> None:
    def fails(connection: sa.Connection) -> None:
        connection.execute(sa.insert(PersonRow).values(**person("lost")))
        raise ValueError("on purpose")

    writes = [database.write(lambda c, n=n: (c.execute(sa.insert(PersonRow).values(**person(f"p{n}"))), 1)[1]) for n in range(20)]  # type: ignore[misc]
    results = await asyncio.gather(*writes, database.write(fails), return_exceptions=True)
    assert results[:20] == [1] * 20
    assert isinstance(results[20], ValueError)
    assert count(database, sa.select(sa.func.count()).select_from(PersonRow)) == 20


async def test_writes_of_one_key_keep_their_order(database: Database) -> None:
    seen: list[int] = []
    await asyncio.gather(*(database.write(lambda _, n=n: seen.append(n), key="chat") for n in range(50)))  # type: ignore[misc]
    assert seen == list(range(50))


async def test_a_signal_comes_after_the_commit_and_never_from_a_rollback(database: Database) -> None:
    heard: list[str] = []
    database.signals.subscribe("topic", heard.append)

    def undone(connection: sa.Connection) -> None:
        announce(connection, "topic", "undone")
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        await database.write(undone)
    await database.write(lambda connection: announce(connection, "topic", "done"))
    await asyncio.sleep(0.05)
    assert heard == ["done"]


async def test_sqlite_commits_survive_power_loss(tmp_path: object) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/x.db")
    pragmas = ("journal_mode", "synchronous", "foreign_keys")
    found = database.read_now(lambda c: [c.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas])
    assert found == ["wal", 2, 1]
    await database.close()


async def test_migrations_make_exactly_the_declared_tables(database: Database) -> None:
    from alembic import command

    from storage import schema

    assert schema.revision(database.engine) == schema.HEAD
    with database.engine.begin() as connection:
        command.check(schema.alembic_config(connection))
    names = set(sa.inspect(database.engine).get_table_names())
    assert set(Base.metadata.tables) <= names


async def test_a_newer_schema_is_refused(database: Database) -> None:
    from storage import schema

    await database.write(lambda c: c.execute(sa.text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(schema.SchemaTooNew, match="9999"):
        schema.ensure(database.engine)


async def test_one_duty_has_one_holder(database: Database) -> None:
    from datetime import timedelta

    from storage import leases

    async def take(holder: str, minutes: float = 0) -> bool:
        return await database.write(lambda c: leases.acquire(c, "sender", holder, NOW + timedelta(minutes=minutes)))

    assert await take("a")
    assert not await take("b")
    assert await take("a")
    assert await take("b", minutes=5)
    assert not await take("a", minutes=5)
    assert count(database, sa.select(sa.func.count()).select_from(LeaseRow)) == 1
