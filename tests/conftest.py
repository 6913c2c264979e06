"""What the tests share: a database of each kind, a clock that is moved by hand, a house on top of them."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from storage import schema
from storage.database import Database
from tests.servers import postgres

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
def postgres_server() -> Iterator[str]:
    if postgres.server_programs() is None:
        pytest.skip("Postgres is not installed: apt-get install postgresql")
    with postgres.running() as address:
        yield address


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A database of this test's own."""
    name = f"t_{secrets.token_hex(6)}"
    admin = postgres_server.replace("postgresql+psycopg", "postgresql") + "postgres"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield postgres_server + name
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Each test that asks for it runs on both databases."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/data/majordomo.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    schema.ensure(opened.engine)
    yield opened
    await opened.close()


def count(database: Database, query: sa.Select[Any]) -> int:
    """A number from the database, in the test's own thread."""
    return int(database.read_now(lambda connection: connection.execute(query).scalar_one()))
