"""Durable agents over the real engine: steps once, waits that hold nothing, answers, retries, stops, children."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from orchestrator.clock import SystemClock
from orchestrator.contracts import Card, Context, Done, Effect, Option, Task, TaskState, ToolError, TransientError
from orchestrator.execution.engine import Engine
from orchestrator.execution.hands import Fenced
from orchestrator.execution.runner import Limits, Runner
from orchestrator.tasks import journal, manager, questions
from orchestrator.tasks.manager import NewTask
from orchestrator.tasks.people import person_of
from storage.database import Database
from tests.catalogue import ScriptedAgent, ScriptedTool, SmallCatalogue, make_runner
from tests.people import Somebody, replies, settle

PATIENCE = 15.0


@dataclass
class Workshop:
    """A running engine with one agent."""

    database: Database
    engine: Engine
    runner: Runner
    catalogue: SmallCatalogue
    somebody: Somebody
    start: Callable[[], Awaitable[None]]

    async def begin(self, task_type: str = "errand", **slots: Any) -> Task:
        def work(connection: sa.Connection) -> Task:
            agent = self.catalogue.agent_for(task_type)
            assert agent is not None
            new = NewTask(
                type=task_type, agent=agent.name, person_id=self.somebody.person.id, chat_id=self.somebody.chat_id, language="en", title=task_type, slots=slots
            )
            task = manager.create(connection, new, datetime.now(UTC))
            return self.runner.start(connection, task, self.somebody.person)

        return await self.database.write(work)

    def now(self, task: Task) -> Task:
        found = self.database.read_now(lambda connection: manager.load(connection, task.id))
        assert found is not None
        return found

    async def until(self, task: Task, *states: TaskState) -> Task:
        async with asyncio.timeout(PATIENCE):
            while self.now(task).state not in states:
                await asyncio.sleep(0.02)
        return self.now(task)

    async def answer(self, task: Task, value: Any) -> bool:
        """As the desk does it: close the question, journal, wake."""

        def work(connection: sa.Connection) -> bool:
            question = questions.open_in_chat(connection, self.somebody.chat_id, self.somebody.person.id)[0]
            if not questions.answer(connection, question, value, datetime.now(UTC)):
                return False
            present = manager.load(connection, task.id)
            assert present is not None
            questions.journal_answer(connection, present, question, value, datetime.now(UTC))
            if present.state is TaskState.AWAITING_INPUT:
                self.runner.wake(connection, present, None)
            return True

        return await self.database.write(work)


Make = Callable[..., Awaitable[Workshop]]


@pytest.fixture
async def workshop(database: Database) -> AsyncIterator[Make]:
    opened: list[Workshop] = []

    async def make(*agents: ScriptedAgent, tools: tuple[ScriptedTool, ...] = (), limits: Limits | None = None, started: bool = True) -> Workshop:
        clock = SystemClock()
        catalogue = SmallCatalogue(agents, tools)
        engine = Engine(database, clock)
        await engine.prepare()
        runner = make_runner(database, clock, catalogue, engine, limits)

        async def run(task_id: str, number: int) -> None:
            task = await database.write(lambda connection: manager.take(connection, task_id, number, clock.now()))
            if task is not None:
                person, steps = await database.read(lambda connection: (person_of(connection, task.person_id), journal.read(connection, task_id)))
                await runner.run_segment(task, person, Fenced(database, clock), steps)

        opened.append(Workshop(database, engine, runner, catalogue, settle(database), lambda: engine.start(run)))
        if started:
            await opened[-1].start()
        return opened[-1]

    yield make
    for one in opened:
        await one.engine.stop()


async def test_a_task_asks_holds_nothing_and_goes_on_where_it_was(workshop: Make) -> None:
    counted = ScriptedTool("count", lambda scope, arguments: 1, Effect.IDEMPOTENT)

    async def script(task: Task, context: Context) -> Done:
        await context.call("count", key="before")
        day = await context.ask("day", "Which day?")
        await context.progress("asked", 50)
        await context.call("count", key="after")
        return Done(Card(f"It is {day}."), {"day": day})

    shop = await workshop(ScriptedAgent("errand", script), tools=(counted,))
    task = await shop.begin()
    await shop.until(task, TaskState.AWAITING_INPUT)
    assert await shop.answer(task, "Tuesday")
    done = await shop.until(task, TaskState.COMPLETED)
    assert done.result == {"day": "Tuesday"}
    assert len(counted.calls) == 2
    assert replies(shop.database, shop.somebody.chat_id)[-1] == "It is Tuesday."


async def test_the_first_task_of_a_new_database_is_queued_before_the_engine_is_loaded(workshop: Make) -> None:
    """DBOS's tables are not there yet, and the transaction that queues the task holds the only place to write."""

    async def script(task: Task, context: Context) -> Done:
        return Done(Card("Done."))

    shop = await workshop(ScriptedAgent("errand", script), started=False)
    async with asyncio.timeout(60):
        tasks = [await shop.begin() for _ in range(2)]
    await shop.start()
    for task in tasks:
        await shop.until(task, TaskState.COMPLETED)
    assert replies(shop.database, shop.somebody.chat_id) == ["Done.", "Done."]


async def test_tables_made_in_a_transaction_that_is_undone_are_made_again(workshop: Make) -> None:
    async def script(task: Task, context: Context) -> Done:
        return Done(Card("Done."))

    shop = await workshop(ScriptedAgent("errand", script), started=False)
    person = shop.somebody.person

    def fail(connection: sa.Connection) -> None:
        new = NewTask(type="errand", agent="errand", person_id=person.id, chat_id=shop.somebody.chat_id, language="en")
        shop.engine.enqueue(connection, manager.create(connection, new, datetime.now(UTC)))
        raise RuntimeError("after all not")

    with pytest.raises(RuntimeError, match="after all not"):
        await shop.database.write(fail)
    task = await shop.begin()
    await shop.start()
    await shop.until(task, TaskState.COMPLETED)


async def test_two_answers_one_counts(workshop: Make) -> None:
    async def script(task: Task, context: Context) -> Done:
        choice = await context.choose("which", "Which?", [Option("A", "a"), Option("B", "b")])
        return Done(Card(str(choice)))

    shop = await workshop(ScriptedAgent("errand", script))
    task = await shop.begin()
    await shop.until(task, TaskState.AWAITING_INPUT)

    def race(value: str) -> Callable[[sa.Connection], bool]:
        return lambda connection: questions.answer(
            connection, questions.open_in_chat(connection, shop.somebody.chat_id, shop.somebody.person.id)[0], value, datetime.now(UTC)
        )

    results = await asyncio.gather(*(shop.database.write(race(value)) for value in "abab"), return_exceptions=True)
    assert [result for result in results if result is True] == [True]


async def test_a_transient_failure_is_tried_again_and_given_up_as_a_dead_letter(workshop: Make) -> None:
    tried: list[int] = []

    def flaky(scope: Any, arguments: Any) -> str:
        tried.append(1)
        raise TransientError("the other side is busy")

    async def script(task: Task, context: Context) -> Done:
        await context.call("flaky", key="call")
        return Done(Card("never"))

    shop = await workshop(ScriptedAgent("errand", script), tools=(ScriptedTool("flaky", flaky),), limits=Limits(attempts=2, backoff=0.05))
    task = await shop.begin()
    await shop.until(task, TaskState.FAILED)
    assert len(tried) == 3
    assert "the other side is busy" in replies(shop.database, shop.somebody.chat_id)[-1]


async def test_a_tool_error_is_the_agents_to_handle_and_the_same_in_every_run(workshop: Make) -> None:
    def broken(scope: Any, arguments: Any) -> str:
        raise ToolError("no such page")

    tool = ScriptedTool("broken", broken)

    async def script(task: Task, context: Context) -> Done:
        try:
            await context.call("broken", key="call")
        except ToolError as error:
            told = await context.ask("what", f"{error}. What now?")
            return Done(Card(f"Then {told}."))
        return Done(Card("never"))

    shop = await workshop(ScriptedAgent("errand", script), tools=(tool,))
    task = await shop.begin()
    await shop.until(task, TaskState.AWAITING_INPUT)
    await shop.answer(task, "stop here")
    await shop.until(task, TaskState.COMPLETED)
    assert len(tool.calls) == 1


@pytest.mark.parametrize("act", ["cancel", "pause"])
async def test_stop_takes_effect_before_the_next_step(workshop: Make, act: str) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()
    effects: list[str] = []
    tool = ScriptedTool("write", lambda scope, arguments: effects.append("done"), Effect.IRREVERSIBLE)
    loop = asyncio.get_running_loop()

    async def script(task: Task, context: Context) -> Done:
        await context.say("first", key="first")
        loop.call_soon_threadsafe(reached.set)
        while not go_on.is_set():
            await asyncio.sleep(0.01)
        await context.call("write", key="write")
        return Done(Card("finished"))

    shop = await workshop(ScriptedAgent("errand", script), tools=(tool,))
    task = await shop.begin()
    await asyncio.wait_for(reached.wait(), PATIENCE)
    running = shop.now(task)
    change = manager.cancel if act == "cancel" else manager.pause
    await shop.database.write(lambda connection: change(connection, running, datetime.now(UTC)))
    go_on.set()
    await asyncio.sleep(0.5)
    assert effects == []
    assert shop.now(task).state is (TaskState.CANCELLED if act == "cancel" else TaskState.PAUSED)
    if act == "pause":
        paused = shop.now(task)

        def resume(connection: sa.Connection) -> None:
            after = manager.resume(connection, paused, datetime.now(UTC))
            shop.runner.start(connection, after, shop.somebody.person)

        await shop.database.write(resume)
        await shop.until(task, TaskState.COMPLETED)
        assert effects == ["done"]
        assert replies(shop.database, shop.somebody.chat_id).count("first") == 1


async def test_a_parent_waits_for_its_children(workshop: Make) -> None:
    async def child(task: Task, context: Context) -> Done:
        return Done(Card(""), {"double": 2 * int(task.slots["number"])})

    async def parent(task: Task, context: Context) -> Done:
        first, second = await context.all(context.subtask("one", "child", number=1), context.subtask("two", "child", number=2))
        return Done(Card(f"{first['double']} and {second['double']}"))

    shop = await workshop(ScriptedAgent("errand", parent), ScriptedAgent("child", child))
    task = await shop.begin()
    await shop.until(task, TaskState.COMPLETED)
    assert replies(shop.database, shop.somebody.chat_id)[-1] == "2 and 4"


async def test_a_failed_child_is_a_tool_error_to_its_parent(workshop: Make) -> None:
    async def child(task: Task, context: Context) -> Done:
        raise ToolError("no luck")

    async def parent(task: Task, context: Context) -> Done:
        try:
            await context.subtask("one", "child")
        except ToolError:
            return Done(Card("did without"))
        return Done(Card("never"))

    shop = await workshop(ScriptedAgent("errand", parent), ScriptedAgent("child", child))
    task = await shop.begin()
    await shop.until(task, TaskState.COMPLETED)
    assert replies(shop.database, shop.somebody.chat_id)[-1] == "did without"
