"""What the tests share: a database of each kind, a clock that is moved by hand, a house on top of them."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from storage import schema
from storage.database import Database
from tests.fresh import migrated, plain
from tests.servers import postgres

__all__ = ["migrated", "plain"]

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
"""Saturday, 10:00 in Berlin."""


class MovedClock:
    """A clock that stands until a test moves it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.moment = now

    def now(self) -> datetime:
        return self.moment

    def move(self, **by: float) -> None:
        self.moment += timedelta(**by)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture(scope="session")
def postgres_installed() -> None:
    if postgres.server_programs() is None:
        pytest.skip("Postgres is not installed: apt-get install postgresql")


@pytest.fixture(scope="session")
def postgres_server(postgres_installed: None) -> Iterator[str]:
    with postgres.serving() as server:
        yield server.address


@pytest.fixture
def own_postgres(postgres_installed: None) -> Iterator[postgres.Server]:
    """A server of this test's own, which it may unplug."""
    with postgres.serving() as server:
        yield server


@contextmanager
def new_database(server: str, template: str = "template1") -> Iterator[str]:
    """A database on this Postgres, like the template; dropped at the end. Gives its address."""
    name = f"t_{secrets.token_hex(6)}"
    admin = server.replace("postgresql+psycopg", "postgresql") + "postgres"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield server + name
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """An empty database of this test's own."""
    with new_database(postgres_server) as address:
        yield address


@pytest.fixture(scope="session")
def migrated_on_postgres(postgres_server: str) -> Iterator[str]:
    """The name of a database with the present schema, to be copied."""
    with new_database(postgres_server) as address:
        opened = Database(address)
        schema.ensure(opened.engine)
        opened.engine.dispose()
        yield address.rsplit("/", 1)[-1]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Each test that asks for it runs on both databases. The schema is there."""
    if request.param == "sqlite":
        (tmp_path / "data").mkdir(mode=0o700, exist_ok=True)
        shutil.copy(request.getfixturevalue("migrated"), tmp_path / "data" / "majordomo.db")
        yield f"sqlite+aiosqlite:///{tmp_path}/data/majordomo.db"
    else:
        template = request.getfixturevalue("migrated_on_postgres")
        with new_database(request.getfixturevalue("postgres_server"), template) as address:
            yield address


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


def count(database: Database, query: sa.Select[Any]) -> int:
    """A number from the database, in the test's own thread."""
    return int(database.read_now(lambda connection: connection.execute(query).scalar_one()))
