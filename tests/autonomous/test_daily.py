"""What is done daily is done first some minutes after the start, so that a house which is restarted every day does it, too."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot import autonomous, sweeps
from bot.autonomous import AutonomousClock
from bot.sweeps import DAY, FIVE_MINUTES, Sweeps
from orchestrator.autonomous.runs import KEPT
from orchestrator.execution.due import DueWork
from storage.database import Database
from storage.models import AutonomousRunRow
from tests.autonomous.stage import Stage, set_up
from tests.conftest import MovedClock, count

ROWS = sa.select(sa.func.count()).select_from(AutonomousRunRow)


class Enough(Exception):
    """Ends a clockwork that would go on for ever."""


async def old_run(stage: Stage) -> None:
    """One run that has long ended, and nothing switched on."""
    stage.switch()
    await stage.look_now()
    stage.switch(enabled=False)
    stage.clock.move(days=(KEPT + timedelta(days=2)).days)


async def looks(stage: Stage, database: Database, minutes: int) -> int:
    """A house that runs for some minutes; how many old runs are left."""
    clockwork = AutonomousClock(database, stage.autonomous, stage.clock)
    for _ in range(minutes):
        await clockwork._look()
        stage.clock.move(minutes=1)
    return count(database, ROWS)


async def test_old_runs_are_forgotten_some_minutes_after_the_start(plain: Database, clock: MovedClock) -> None:
    stage = set_up(plain, clock)
    await old_run(stage)
    assert await looks(stage, plain, 4) == 1
    assert await looks(stage, plain, 17) == 0


async def test_after_a_day_of_waiting_a_house_restarted_daily_would_keep_them(plain: Database, clock: MovedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin."""
    monkeypatch.setattr(autonomous, "FIRST_DAILY", (DAY, DAY))
    stage = set_up(plain, clock)
    await old_run(stage)
    for _ in range(3):
        assert await looks(stage, plain, 17) == 1


async def test_retention_runs_soon_after_the_start_then_daily_and_soon_again_after_trouble(
    plain: Database, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, slept, done = set_up(plain, clock), list[float](), list[str]()
    leads = iter([False, True, True, True])

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 6:
            raise Enough

    async def retire(self: Any) -> None:
        done.append("tried")
        if len(done) == 1:
            raise RuntimeError("the disk is full")

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(Sweeps, "_retire", retire)
    works = Sweeps(plain, DueWork(stage.runner), clock, lambda: next(leads, True))
    with pytest.raises(Enough):
        await works._daily(works._retire)
    assert sweeps.FIRST_DAILY[0] <= slept[0] <= sweeps.FIRST_DAILY[1] < DAY
    assert slept[1:] == [FIVE_MINUTES, FIVE_MINUTES, DAY, DAY, DAY]
    assert len(done) == 4
