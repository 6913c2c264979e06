"""A fresh SQLite database without its price: migrated once in a session, copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage import schema
from storage.database import Database


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database file with the present schema."""
    file = tmp_path_factory.mktemp("migrated") / "empty.db"
    database = Database(f"sqlite:///{file}")
    schema.ensure(database.engine)
    database.engine.dispose()
    return file


@pytest.fixture
async def plain(migrated: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """SQLite, for what does not depend on the database."""
    shutil.copy(migrated, tmp_path / "plain.db")
    opened = Database(f"sqlite:///{tmp_path}/plain.db")
    yield opened
    await opened.close()
