"""The engine's own life: it is one in a process, so it must be wholly gone before another comes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from dbos import DBOS, _core, _queue

import orchestrator.execution.engine as engine_module
from orchestrator.clock import SystemClock
from orchestrator.contracts import Task
from orchestrator.execution import engine_tables
from orchestrator.execution.engine import Engine
from orchestrator.tasks import manager
from orchestrator.tasks.manager import NewTask
from storage import schema
from storage.database import Database
from tests.people import Somebody, settle

PATIENCE = 15.0


@asynccontextmanager
async def opened(file: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{file}")
    schema.ensure(database.engine)
    yield database
    await database.close()


async def queue(database: Database, engine: Engine, somebody: Somebody) -> Task:
    """A task that the engine is to begin."""

    def work(connection: sa.Connection) -> Task:
        new = NewTask("errand", "errand", somebody.person.id, somebody.chat_id, "en", title="errand")
        task = manager.create(connection, new, datetime.now(UTC))
        engine.enqueue(connection, task)
        return task

    return await database.write(work)


async def begun(database: Database, engine: Engine) -> None:
    """Start it and see it begin a task."""
    seen: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    async def run(task_id: str, number: int) -> None:
        loop.call_soon_threadsafe(seen.put_nowait, task_id)

    await engine.start(run)
    try:
        task = await queue(database, engine, settle(database))
        async with asyncio.timeout(PATIENCE):
            assert await seen.get() == task.id
    finally:
        await engine.stop()


async def nothing(task_id: str, number: int) -> None:
    raise AssertionError("nobody queued anything here")


async def test_one_that_is_stopped_while_it_comes_up_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reached, go_on = threading.Event(), threading.Event()
    launch = DBOS.launch

    def held() -> None:
        reached.set()
        assert go_on.wait(PATIENCE)
        launch()

    async with opened(tmp_path / "first.db") as first, opened(tmp_path / "second.db") as second:
        engine = Engine(first, SystemClock())
        with monkeypatch.context() as patched:
            patched.setattr(DBOS, "launch", held)
            starting = asyncio.create_task(engine.start(nothing))
            await asyncio.to_thread(reached.wait, PATIENCE)
            starting.cancel()
            stopping = asyncio.create_task(engine.stop())
            await asyncio.sleep(0.05)
            go_on.set()
            await stopping
        with pytest.raises(asyncio.CancelledError):
            await starting
        await begun(second, Engine(second, SystemClock()))


async def test_one_whose_start_failed_may_try_again_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError("the disk is full")

    async with opened(tmp_path / "first.db") as first, opened(tmp_path / "second.db") as second:
        engine = Engine(first, SystemClock())
        with monkeypatch.context() as patched:
            patched.setattr(DBOS, "launch", broken)
            with pytest.raises(OSError, match="full"):
                await engine.start(nothing)
        await begun(second, Engine(second, SystemClock()))
        await begun(first, engine)


async def test_what_was_claimed_and_not_begun_is_queued_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the database goes away between DBOS's claim and its look at what it has claimed."""
    begin, dropped = _core.execute_dequeued_workflow, threading.Event()

    def drop_the_first(*given: Any) -> Any:
        if dropped.is_set():
            return begin(*given)
        dropped.set()
        raise OSError("the line was cut")

    monkeypatch.setattr(_queue, "execute_dequeued_workflow", drop_the_first)
    monkeypatch.setattr(engine_module, "LOOKED_FOR_EVERY", 0.2)
    async with opened(tmp_path / "one.db") as database:
        await begun(database, Engine(database, SystemClock()))
    assert dropped.is_set()


def test_after_an_outage_nobody_is_taken_for_dead_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(engine_module, "monotonic", lambda: now)
    patience = engine_module.Patience(heard_at=now)
    for seconds, over in (
        (3, True),
        (3, True),
        (20, False),
        (3, False),
        (3, False),
        (3, False),
        (3, True),
        (7, False),
        (12, False),
        (3, False),
        (9.5, False),
        (3, False),
    ):
        now += seconds
        assert patience.is_over() is over, f"at {now}"


async def test_what_runs_here_is_not_taken_for_dropped(tmp_path: Path) -> None:
    begun_here, go_on = threading.Event(), threading.Event()

    async def run(task_id: str, number: int) -> None:
        begun_here.set()
        await asyncio.to_thread(go_on.wait, PATIENCE)

    async with opened(tmp_path / "one.db") as database:
        engine = Engine(database, SystemClock())
        await engine.start(run)
        task = await queue(database, engine, settle(database))
        assert await asyncio.to_thread(begun_here.wait, PATIENCE)
        assert await database.read(lambda connection: engine_tables.claimed_by(connection, engine.executor_id)) == {f"{task.id}:0": engine_module.WORK}
        assert await engine._begin_what_was_dropped(set()) == set()
        go_on.set()
        await engine.stop()
