"""What fails in our own books before anything has left: tried again where the database is away, given up in time where it can never be taken."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from bot.channels.base import NotDelivered, Part
from bot.channels.recording import Recording
from orchestrator.clock import SystemClock
from storage.database import Database


@pytest.mark.parametrize(("fault", "told"), [(OperationalError, NotDelivered), (IntegrityError, IntegrityError)])
async def test_only_a_database_that_is_away_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: type[OperationalError | IntegrityError], told: type[Exception]
) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/books.db")

    async def fails(work: object, *, key: str = "") -> None:
        error: SQLAlchemyError = fault("INSERT", None, Exception("as the driver says it"))
        raise error

    monkeypatch.setattr(database, "write", fails)
    with pytest.raises(told):
        await Recording(database, SystemClock(), "web").send("chat", Part("hello"))
    await database.close()
