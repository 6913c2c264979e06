"""The line to the database is cut in the middle of a task: it goes on as after a crash, once, and no attempt is counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

import orchestrator.triage.segments as segments_module
from orchestrator.contracts import Card, Context, Done, Effect, Outcome, Task, TaskState
from orchestrator.tasks import manager
from orchestrator.tasks.manager import NewTask
from orchestrator.triage.segments import Segments
from storage.database import Database, Work
from storage.models import TaskRow
from tests.actions.stage import Mail, Stage, World, errand
from tests.actions.test_effects import FREELY
from tests.catalogue import Recording, ScriptedAgent, ScriptedTool, SmallCatalogue, make_runner
from tests.conftest import MovedClock
from tests.people import replies, settle

STEPS = 4


def cut() -> OperationalError:
    """As SQLAlchemy raises it where the server has closed the connection."""
    return OperationalError("COMMIT", None, Exception("server closed the connection unexpectedly"), connection_invalidated=True)


class Cuts:
    """A database whose writes fail as told: before they are made, or when they are committed and nobody hears of it."""

    def __init__(self, database: Database, before: set[int], unheard: set[int]) -> None:
        self._database, self._before, self._unheard = database, before, unheard
        self.writes = 0

    async def write(self, work: Work[Any], *, key: str = "") -> Any:
        self.writes += 1
        number = self.writes
        if number in self._before:
            raise cut()
        result = await self._database.write(work, key=key)
        if number in self._unheard:
            raise cut()
        return result


async def told(database: Database, before: set[int], unheard: set[int]) -> tuple[Any, list[str], int]:
    """A task of some steps over such a line; its row, what its chat was told, and how many steps were done."""
    somebody, tool = settle(database), ScriptedTool("count", lambda scope, arguments: 1, Effect.IRREVERSIBLE)

    async def script(task: Task, context: Context) -> Outcome:
        for number in range(STEPS):
            await context.call("count", key=f"step-{number}")
        await context.say("half", key="half")
        return Done(Card("All done."))

    clock, catalogue = MovedClock(), SmallCatalogue((ScriptedAgent("errand", script),), (tool,))
    runner = make_runner(database, clock, catalogue, Recording())
    new = NewTask("errand", "errand", somebody.person.id, somebody.chat_id, "en", title="errand")
    task = await database.write(lambda connection: manager.create(connection, new, datetime.now(UTC)))
    over: Any = Cuts(database, before, unheard)
    async with asyncio.timeout(30):
        await Segments(over, runner, None, None).run(task.id, 0)  # type: ignore[arg-type]
    row = await database.read(lambda connection: connection.execute(sa.select(TaskRow.__table__).where(TaskRow.id == task.id)).one())
    return row, replies(database, somebody.chat_id), len(tool.calls)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments_module, "AGAIN", 0.0)


WHERE: list[tuple[set[int], set[int]]] = [({n}, set()) for n in range(1, STEPS + 5)] + [(set(), {n}) for n in range(1, STEPS + 5)]
TWICE = [({4}, {5}), ({4}, {5, 6}), (set(), {1, 2}), ({3, 5}, {4, 6}), (set(), {3, 4, 5}), ({4, 5, 6, 7}, set())]


@pytest.mark.parametrize(("before", "unheard"), [*WHERE, *TWICE])
async def test_wherever_it_is_cut_the_task_ends_once(database: Database, before: set[int], unheard: set[int]) -> None:
    row, texts, done = await told(database, before, unheard)
    assert row.state == "completed"
    assert row.attempts == 0
    assert texts == ["half", "All done."]
    assert done == STEPS


async def test_what_somebody_else_has_taken_over_is_theirs(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the cut and the next begin another worker raises the lease and begins."""
    somebody, runs = settle(database), Counter[str]()

    async def taken_over(error: Any, task_id: str, number: int) -> None:
        values = {"lease": TaskRow.lease + 2}
        await database.write(lambda connection: connection.execute(sa.update(TaskRow).where(TaskRow.id == task_id).values(values)))

    monkeypatch.setattr(segments_module, "_wait_for_database", taken_over)

    async def script(task: Task, context: Context) -> Outcome:
        runs["errand"] += 1
        raise cut()

    runner = make_runner(database, MovedClock(), SmallCatalogue((ScriptedAgent("errand", script),)), Recording())
    new = NewTask("errand", "errand", somebody.person.id, somebody.chat_id, "en", title="errand")
    task = await database.write(lambda connection: manager.create(connection, new, datetime.now(UTC)))
    await Segments(database, runner, None, None).run(task.id, 0)  # type: ignore[arg-type]
    found = await database.read(lambda connection: manager.load(connection, task.id))
    assert found is not None
    assert (runs["errand"], found.state, found.attempts) == (1, TaskState.IN_PROGRESS, 0)


async def test_a_task_that_is_always_cut_in_the_same_place_fails_in_the_end(database: Database) -> None:
    """As where a tool's own database is away: ours answers, and the task must not go round for ever."""
    somebody, runs, queue = settle(database), Counter[str](), Recording()

    async def script(task: Task, context: Context) -> Outcome:
        runs["errand"] += 1
        raise cut()

    runner = make_runner(database, MovedClock(), SmallCatalogue((ScriptedAgent("errand", script),)), queue)
    new = NewTask("errand", "errand", somebody.person.id, somebody.chat_id, "en", title="errand")
    task = await database.write(lambda connection: manager.create(connection, new, datetime.now(UTC)))
    run = Segments(database, runner, None, None).run  # type: ignore[arg-type]
    async with asyncio.timeout(30):
        await run(task.id, 0)
        while queue.jobs:
            _, segment, _ = queue.jobs.pop()
            await run(task.id, segment)
    found = await database.read(lambda connection: manager.load(connection, task.id))
    assert found is not None
    assert found.state is TaskState.FAILED
    assert runs["errand"] == (segments_module.MOST_FRUITLESS + 1) * (runner.limits.attempts + 1)
    assert len(replies(database, somebody.chat_id)) == 1


async def test_a_call_outside_that_had_not_begun_is_made_after_all(database: Database, tmp_path: Path) -> None:
    """A tool writes to our database, too: what fails there is not the tool's fault, and nothing has happened yet."""
    world, fails = World(), [cut()]

    def trouble(moment: str) -> None:
        if moment == "before" and fails:
            raise fails.pop()

    async def script(task: Task, context: Context) -> Outcome:
        await context.call("mail.send", key="send", to=["ann@example.com"], subject="Hello", body="Hello")
        return Done(Card("Sent."))

    world.trouble = trouble
    stage = Stage(database, tmp_path, agents=[errand(script)], tools=[Mail(world)], policy=FREELY)
    with pytest.raises(OperationalError):
        await stage.begin()
    task_id = await database.read(lambda connection: connection.execute(sa.select(TaskRow.id)).scalar_one())
    await stage.run_segment(task_id, 0)
    found = await database.read(lambda connection: manager.load(connection, task_id))
    assert found is not None
    assert (found.state, sum(world.done.values())) == (TaskState.COMPLETED, 1)
