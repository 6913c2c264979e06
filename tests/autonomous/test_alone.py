"""Never two runs of a person at once, by two processes neither; and a process killed at any place leaves no run half done or done twice."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from orchestrator.autonomous import runs
from orchestrator.autonomous.modes import Interval
from orchestrator.contracts import Concern, LostRace
from storage import schema
from storage.database import Database
from storage.models import AutonomousMatterRow, AutonomousRow, AutonomousRunRow
from tests.autonomous.stage import Stage, set_up
from tests.conftest import MovedClock, count

ROOT = Path(__file__).parents[2]
ROUNDS = 60 if os.environ.get("MAJORDOMO_SOAK") else 12
WITHOUT_LEASE = """
from datetime import timedelta
import sqlalchemy as sa
import orchestrator.autonomous.runs as runs
from storage.models import AutonomousRunRow as Row
runs.LEASE = timedelta(0)
runs._end = sa.update(Row).where(Row.id == sa.bindparam("run"), sa.bindparam("by") >= 0).values(state="ended", ended_at=sa.bindparam("now"))
"""
"""The twin: a run may be begun by anybody at any time, and its account written by anybody."""


def start(url: str, now: datetime, notes: Path, sweeps: int, kill_at: str = "", twin: str = "") -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.autonomous.worker", url, now.isoformat(), str(notes), str(sweeps), kill_at]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "TWIN": twin}, stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    return process


def overlaps(notes: Path) -> int:
    """How often a look began while another one was under way."""
    open_looks, found = 0, 0
    for line in notes.read_text().splitlines():
        open_looks += 1 if line.startswith("begin") else -1
        found += open_looks > 1
    return found


def make_due(stage: Stage, number: int) -> None:
    """One more due instant, at once."""
    due = stage.clock.now() - timedelta(seconds=60 - number)
    change = sa.update(AutonomousRow).values(next_due=due, anchor_at=due, minutes=1440)
    stage.database.write_now(lambda connection: connection.execute(change))


async def race(stage: Stage, notes: Path, twin: str) -> None:
    """Two processes look for what is due, again and again, while one instant after the other comes due. The twin ends when it is caught."""
    workers = [start(stage.database.url, stage.clock.now(), notes, 10_000, twin=twin) for _ in range(2)]
    try:
        for number in range(ROUNDS):
            if twin and number and overlaps(notes):
                break
            make_due(stage, number)
            for _ in range(400):
                if count(stage.database, sa.select(sa.func.count()).select_from(AutonomousRunRow).where(AutonomousRunRow.state == "ended")) > number:
                    break
                await stage.database.read(lambda connection: connection.execute(sa.text("SELECT pg_sleep(0.01)")))
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


@pytest.mark.postgres
class TestTwoProcesses:
    """On Postgres, where several processes share the database."""

    @pytest.fixture
    async def stage(self, postgres_url: str, clock: MovedClock) -> Stage:
        database = Database(postgres_url)
        schema.ensure(database.engine)
        stage = set_up(database, clock)
        stage.switch(Interval.DAY)
        return stage

    async def test_each_due_instant_is_carried_out_by_one(self, stage: Stage, tmp_path: Path) -> None:
        notes = tmp_path / "notes"
        await race(stage, notes, "")
        accounts = stage.accounts()
        assert len(accounts) == ROUNDS and {row.state for row in accounts} == {"ended"}
        assert overlaps(notes) == 0
        assert notes.read_text().count("begin") == sum(row.outcome in {"ran", "late"} for row in accounts)
        assert len(stage.notes()) == 1
        await stage.database.close()

    async def test_without_the_lease_two_are_at_it_at_once(self, stage: Stage, tmp_path: Path) -> None:
        notes = tmp_path / "notes"
        await race(stage, notes, WITHOUT_LEASE)
        assert overlaps(notes) > 0
        await stage.database.close()


@pytest.mark.parametrize("place", ["look", "before the commit", "after the commit"])
async def test_killed_anywhere_it_is_done_once(database: Database, clock: MovedClock, tmp_path: Path, place: str) -> None:
    """kill -9 while it looks, when it has acted but not committed, and after: the next process makes it one account, one message."""
    if not database.is_sqlite and place != "before the commit":
        pytest.skip("the other places are tried on SQLite")
    stage, notes = set_up(database, clock), tmp_path / "notes"
    stage.switch(Interval.HOUR)
    clock.move(hours=1)
    killed = start(database.url, clock.now(), notes, 1, place)
    assert killed.wait(60) == -9
    committed = place == "after the commit"
    assert len(stage.notes()) == int(committed) and [row.state for row in stage.accounts()] == (["ended"] if committed else ["running"])
    stage.watcher.seen = [Concern("only-once", "something to tell")]
    clock.move(minutes=1)
    await stage.autonomous.sweep()
    assert len(stage.notes()) == int(committed), "the lease still holds"
    clock.move(minutes=2)
    await stage.autonomous.sweep()
    assert [(row.outcome, row.result, row.attempt) for row in stage.accounts()] == [("ran", "acted", 1) if committed else ("late", "acted", 2)]
    assert len(stage.notes()) == 1 and len(stage.told()) == 1
    assert count(database, sa.select(sa.func.count()).select_from(AutonomousMatterRow)) == 1
    assert stage.mode().running is False


async def test_who_was_taken_over_may_not_write_any_more(database: Database, clock: MovedClock) -> None:
    stage = set_up(database, clock)
    stage.watcher.seen = [Concern("once", "told once")]
    requested = stage.ask_for_a_run()
    first = stage.autonomous._begin
    begun = database.write_now(lambda connection: first(connection, str(requested.run_id)))
    assert begun is not None
    clock.move(minutes=3)
    await stage.autonomous.sweep()
    assert len(stage.notes()) == 1
    with pytest.raises(LostRace):
        database.write_now(lambda connection: stage.autonomous._finish(connection, begun, []))
    assert [row.result for row in stage.accounts()] == ["acted"]


async def test_a_run_that_breaks_off_three_times_is_given_up_and_told(database: Database, clock: MovedClock) -> None:
    stage = set_up(database, clock)
    stage.ask_for_a_run()
    for _ in range(3):
        database.write_now(lambda connection: runs.begin(connection, runs.open_runs(connection, clock.now())[0], clock.now()))
        clock.move(minutes=3)
    await stage.autonomous.sweep()
    account = stage.accounts()[0]
    assert (account.result, account.reason, account.state) == ("failed", "gave_up", "ended")
    assert "broke off three times" in stage.told()[-1] and stage.mode().running is False


async def test_only_one_run_of_a_person_is_open(database: Database, clock: MovedClock) -> None:
    stage = set_up(database, clock)
    assert stage.ask_for_a_run().run_id is not None
    clock.move(minutes=5)
    second = stage.ask_for_a_run()
    assert (second.run_id, second.running) == (None, True)
    assert len(stage.accounts()) == 1


async def test_without_the_one_place_two_are_open(database: Database, clock: MovedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: asking does not look whether the place is free."""
    from orchestrator.autonomous import modes

    loose = sa.update(AutonomousRow).where(AutonomousRow.person_id == sa.bindparam("person"), sa.bindparam("before", type_=sa.DateTime()).is_not(None))
    monkeypatch.setattr(modes, "_request", loose.values(open_run_id=sa.bindparam("run"), requested_at=sa.bindparam("at")))
    stage = set_up(database, clock)
    stage.ask_for_a_run()
    clock.move(minutes=5)
    assert stage.ask_for_a_run().run_id is not None
    assert len(runs_open(stage)) == 2


def runs_open(stage: Stage) -> list[str]:
    return stage.database.read_now(lambda connection: runs.open_runs(connection, stage.clock.now()))
