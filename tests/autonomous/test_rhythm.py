"""How often, and what becomes of every due instant: over a week with the change of the clock inside, and over times when nobody was there."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from orchestrator.autonomous import due, modes
from orchestrator.autonomous.modes import Interval
from storage.database import Database
from tests.autonomous.stage import set_up, week_of
from tests.conftest import MovedClock

BERLIN = ZoneInfo("Europe/Berlin")
SPRING = datetime(2026, 3, 26, 8, 0, tzinfo=BERLIN)
"""Thursday; on Sunday the 29th the clock goes from 2 to 3."""
AUTUMN = datetime(2026, 10, 22, 8, 0, tzinfo=BERLIN)
"""Thursday; on Sunday the 25th the clock goes from 3 back to 2."""
SOAK = bool(os.environ.get("MAJORDOMO_SOAK"))
HOURS = {SPRING: 167, AUTUMN: 169}


@pytest.mark.parametrize("begin", [SPRING, AUTUMN], ids=["spring", "autumn"])
@pytest.mark.parametrize("interval", list(Interval) if SOAK else [Interval.SIX_HOURS, Interval.TWELVE_HOURS, Interval.DAY], ids=str)
async def test_every_due_run_of_a_week_is_accounted_for(plain: Database, begin: datetime, interval: Interval) -> None:
    clock = MovedClock(begin.astimezone(UTC))
    stage = set_up(plain, clock)
    stage.switch(interval)
    _, end = week_of(begin)
    count = await stage.pass_time(end.astimezone(UTC) + timedelta(seconds=1))
    accounts = stage.accounts()
    assert len(accounts) == count
    assert Counter((row.outcome, row.result, row.state) for row in accounts) == {("ran", "idle", "ended"): count}
    wanted = HOURS[begin] * 60 // interval.minutes if interval.minutes < 720 else 7 * 24 * 60 // interval.minutes
    assert count == wanted
    if interval.minutes >= 720:
        assert {f"{row.due_at.astimezone(BERLIN):%H:%M}" for row in accounts} <= {"08:00", "20:00"}
    else:
        gaps = {later.due_at - earlier.due_at for earlier, later in pairwise(accounts)}
        assert gaps == {timedelta(minutes=interval.minutes)}
    assert stage.notes() == [] and stage.told() == []


def test_a_time_of_day_that_spring_skips_runs_at_the_first_instant_after_it() -> None:
    anchor = datetime(2026, 3, 28, 2, 30, tzinfo=BERLIN).astimezone(UTC)
    skipped = modes.following(anchor, Interval.DAY.minutes, "Europe/Berlin", anchor)
    after = modes.following(anchor, Interval.DAY.minutes, "Europe/Berlin", skipped)
    assert [f"{moment.astimezone(BERLIN):%d %H:%M}" for moment in (skipped, after)] == ["29 03:00", "30 02:30"]


def test_a_time_of_day_that_autumn_repeats_runs_once() -> None:
    anchor = datetime(2026, 10, 24, 2, 30, tzinfo=BERLIN).astimezone(UTC)
    first = modes.following(anchor, Interval.DAY.minutes, "Europe/Berlin", anchor)
    second = modes.following(anchor, Interval.DAY.minutes, "Europe/Berlin", first)
    assert [f"{moment.astimezone(BERLIN):%d %H:%M}" for moment in (first, second)] == ["25 02:30", "26 02:30"]
    assert second - first == timedelta(hours=25)


async def test_what_was_missed_is_told_from_what_came_late(database: Database, clock: MovedClock) -> None:
    """Nobody ran for five hours: of five due instants four were missed, the latest is made up for, once."""
    stage = set_up(database, clock)
    stage.switch(Interval.HOUR)
    clock.move(hours=5, minutes=10)
    await stage.autonomous.sweep()
    assert [row.outcome for row in stage.accounts()] == ["missed"] * 4 + ["late"]
    assert stage.mode().next_run == stage.accounts()[-1].due_at + timedelta(hours=1)


async def test_a_due_instant_beside_an_open_run_is_skipped(database: Database, clock: MovedClock) -> None:
    stage = set_up(database, clock)
    stage.switch(Interval.QUARTER)
    assert stage.ask_for_a_run().run_id is not None
    clock.move(minutes=16)
    assert database.write_now(lambda connection: due(connection, clock.now())) == 1
    assert [(row.asked, row.outcome, row.reason) for row in stage.accounts()] == [(True, "", ""), (False, "skipped", "running")]
    await stage.autonomous.sweep()
    assert [row.outcome for row in stage.accounts()] == ["late", "skipped"]


async def test_off_means_off(database: Database, clock: MovedClock) -> None:
    stage = set_up(database, clock)
    stage.switch(Interval.QUARTER)
    assert stage.switch(Interval.QUARTER, enabled=False).next_run is None
    clock.move(days=1)
    assert await stage.autonomous.sweep() is None
    assert stage.accounts() == [] and stage.watcher.asked == 0


async def test_saying_again_what_holds_does_not_put_the_next_run_off(database: Database, clock: MovedClock) -> None:
    stage = set_up(database, clock)
    first = stage.switch(Interval.HOUR).next_run
    clock.move(minutes=40)
    assert stage.switch(Interval.HOUR).next_run == first
    assert stage.switch(Interval.HALF).next_run == clock.now() + timedelta(minutes=30)


async def test_it_survives_a_restart(database: Database, clock: MovedClock) -> None:
    """Everything stands in the database: another process goes on where the first was."""
    stage = set_up(database, clock)
    stage.switch(Interval.SIX_HOURS)
    again = set_up(database, clock, somebody=stage.somebody)
    assert again.mode() == stage.mode()
    clock.move(hours=6)
    await again.autonomous.sweep()
    assert [row.outcome for row in again.accounts()] == ["ran"]
    assert again.mode().last_run == clock.now()
