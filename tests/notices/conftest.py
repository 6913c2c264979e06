"""A desk for notices on each database."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.database import Database
from tests.conftest import MovedClock
from tests.notices.desk import Desk, desk_on


@pytest.fixture
def desk(database: Database, tmp_path: Path, clock: MovedClock) -> Desk:
    return desk_on(database, tmp_path, clock)


@pytest.fixture
def small(plain: Database, tmp_path: Path, clock: MovedClock) -> Desk:
    """A desk on SQLite alone: for what the database has no part in."""
    return desk_on(plain, tmp_path, clock)
