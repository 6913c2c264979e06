"""A desk for notices on each database; SQLite's schema is made once and copied."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import schema
from storage.database import Database
from tests.conftest import MovedClock
from tests.notices.desk import Desk, desk_on


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "majordomo.db"
    made = Database(f"sqlite+aiosqlite:///{path}")
    schema.ensure(made.engine)
    made.engine.dispose()
    return path


@pytest.fixture
def sqlite_url(empty_database: Path, tmp_path: Path) -> str:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    shutil.copy(empty_database, folder / "majordomo.db")
    return f"sqlite+aiosqlite:///{folder}/majordomo.db"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
def desk(database: Database, tmp_path: Path, clock: MovedClock) -> Desk:
    return desk_on(database, tmp_path, clock)


@pytest.fixture
def small(sqlite_url: str, tmp_path: Path, clock: MovedClock) -> Iterator[Desk]:
    """A desk on SQLite alone: for what the database has no part in."""
    opened = Database(sqlite_url)
    yield desk_on(opened, tmp_path, clock)
    opened.engine.dispose()
