"""Effects happen once, or are said to be unknown; what is held back can be stopped; nothing is spent beyond its limit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from agents.tools.undoing import SettleUndo
from agents.undo import Undo
from orchestrator.contracts import Card, Context, Declined, Done, FatalError, Outcome, Task, TaskState, ToolError, TransientError
from orchestrator.tasks import journal, manager
from storage.database import Database
from storage.models import CounterRow, EffectRow, SpendRow, StepRow
from tests.actions.stage import Erase, FindableMail, Look, Mail, Stage, World, errand

FREELY = {"deeds": {"mail": "allow"}}
"""These stories are not about approvals."""


class Killed(BaseException):
    """The process died here: nothing after this runs."""


async def send(task: Task, context: Context) -> Outcome:
    try:
        sent = await context.call("mail.send", key="send", to=["dentist@example.com"], body="I'm late")
    except ToolError as error:
        return Declined(Card(f"Not sent: {error}"), str(error))
    return Done(Card("Sent."), sent)


@pytest.fixture
def world() -> World:
    return World()


Open = Callable[..., Stage]


@pytest.fixture
def stage(database: Database, tmp_path: Path, world: World) -> Open:
    def make(*tools: Any, script: Any = send, policy: Any = FREELY, agents: tuple[Any, ...] = (), **more: Any) -> Stage:
        return Stage(database, tmp_path, agents=[errand(script), *agents], tools=tools or (Mail(world),), policy=policy, **more)

    return make


def dies_at(moment: str, world: World) -> Callable[[str], None]:
    """The first time the world comes to this moment, the process dies; the next process lives."""

    def trouble(reached: str) -> None:
        if reached == moment:
            world.trouble = None
            raise Killed

    return trouble


async def killed_and_restarted(on: Stage, world: World, moment: str) -> Task:
    world.trouble = dies_at(moment, world)
    with pytest.raises(Killed):
        await on.begin()
    row = on.database.read_now(lambda connection: connection.execute(sa.text("SELECT id, segment FROM tasks WHERE number = 1")).one())
    await on.run_segment(row.id, row.segment)
    await on.pump()
    found = on.database.read_now(lambda connection: manager.load(connection, row.id))
    assert found is not None
    return found


def effect_states(on: Stage) -> list[str]:
    return list(on.database.read_now(lambda connection: connection.execute(sa.select(EffectRow.state).order_by(EffectRow.id)).scalars().all()))


# --- killed ---


async def test_killed_before_the_irreversible_moment_it_is_done_once_after_all(stage: Open, world: World) -> None:
    on = stage()
    task = await killed_and_restarted(on, world, "before")
    assert task.state is TaskState.COMPLETED
    assert list(world.done.values()) == [1]


async def test_killed_after_it_the_traces_are_looked_for_and_nothing_is_repeated(stage: Open, world: World) -> None:
    on = stage(FindableMail(world))
    task = await killed_and_restarted(on, world, "after")
    assert task.state is TaskState.COMPLETED
    assert list(world.done.values()) == [1]
    assert effect_states(on) == ["done"]


async def test_killed_after_it_and_without_traces_the_person_is_asked(stage: Open, world: World) -> None:
    on = stage()
    task = await killed_and_restarted(on, world, "after")
    assert task.state is TaskState.AWAITING_APPROVAL
    assert "cannot find out whether it happened" in on.cards()[-1]["text"]
    assert on.buttons() == ["It was done", "Do it again", "Leave it"]
    await on.press("It was done")
    assert on.now(task).state is TaskState.COMPLETED
    assert list(world.done.values()) == [1]


@pytest.mark.parametrize(("choice", "times", "state"), [("Do it again", 2, TaskState.COMPLETED), ("Leave it", 1, TaskState.FAILED)])
async def test_what_the_person_says_of_it_counts(stage: Open, world: World, choice: str, times: int, state: TaskState) -> None:
    on = stage()
    task = await killed_and_restarted(on, world, "after")
    await on.press(choice)
    assert on.now(task).state is state
    assert list(world.done.values()) == [times]


async def test_without_the_ledger_it_would_have_been_done_twice(stage: Open, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    on = stage()
    on.dispatcher.admission = on.dispatcher.admission[:-1]
    task = await killed_and_restarted(on, world, "after")
    assert task.state is TaskState.COMPLETED
    assert list(world.done.values()) == [2]


async def test_a_connection_that_breaks_after_the_moment_is_not_tried_again_unseen(stage: Open, world: World) -> None:
    def breaks(moment: str) -> None:
        if moment == "after":
            raise TransientError("connection reset")

    world.trouble = breaks
    on = stage()
    task = await on.begin()
    assert task.state is TaskState.AWAITING_APPROVAL
    assert list(world.done.values()) == [1] and effect_states(on) == ["unknown"]


async def test_stopped_in_the_middle_what_happened_is_still_in_the_ledger(stage: Open, world: World) -> None:
    on = stage()
    seen: list[Task] = []

    def stop(moment: str) -> None:
        if moment == "after":
            task = on.database.read_now(lambda connection: manager.recent(connection, on.somebody.person.id)[0])
            on.database.write_now(lambda connection: manager.cancel(connection, task, on.clock.now()))
            seen.append(task)

    world.trouble = stop
    task = await on.begin()
    assert task.state is TaskState.CANCELLED and seen
    assert effect_states(on) == ["done"]


async def test_stopped_before_the_moment_nothing_happens(stage: Open, world: World) -> None:
    on = stage()

    def stop(moment: str) -> None:
        if moment == "before":
            task = on.database.read_now(lambda connection: manager.recent(connection, on.somebody.person.id)[0])
            on.database.write_now(lambda connection: manager.cancel(connection, task, on.clock.now()))

    world.trouble = stop
    task = await on.begin()
    assert task.state is TaskState.CANCELLED
    assert not world.done


async def test_a_failure_after_something_was_done_says_so(stage: Open, world: World) -> None:
    async def half(task: Task, context: Context) -> Outcome:
        await context.call("mail.send", key="send", to=["dentist@example.com"], body="I'm late")
        raise FatalError("the rest is impossible")

    on = stage(script=half)
    await on.begin()
    assert "already done: A letter to dentist@example.com" in on.heard()
    assert "Nothing was changed" not in on.heard()


async def test_retried_by_hand_what_is_done_is_not_repeated(stage: Open, world: World) -> None:
    tries: list[int] = []

    async def half(task: Task, context: Context) -> Outcome:
        await context.call("mail.send", key="send", to=["dentist@example.com"], body="I'm late")
        tries.append(1)
        if len(tries) == 1:
            raise FatalError("the rest is impossible")
        return Done(Card("All done."))

    on = stage(script=half)
    task = await on.begin()
    await on.database.write(lambda connection: on.runner.start(connection, manager.retry(connection, on.now(task), on.clock.now()), on.somebody.person))
    await on.pump()
    assert on.now(task).state is TaskState.COMPLETED
    assert list(world.done.values()) == [1]


# --- held back and taken back ---


async def test_mail_waits_some_seconds_and_leaves(stage: Open, world: World) -> None:
    on = stage(Mail(world, hold=10))
    task = await on.begin()
    assert on.buttons() == ["Undo"] and not world.done
    await on.wait(seconds=9)
    assert not world.done
    await on.wait(seconds=1)
    assert on.now(task).state is TaskState.COMPLETED and list(world.done.values()) == [1]
    assert "cannot be taken back" in await on.press("Undo")


async def test_undo_in_time_stops_it(stage: Open, world: World) -> None:
    on = stage(Mail(world, hold=10))
    task = await on.begin()
    assert "nothing happened" in await on.press("Undo")
    await on.wait(seconds=20)
    assert not world.done
    assert on.now(task).state is TaskState.FAILED and "you took it back" in on.heard()


async def test_a_stop_while_it_is_held_drops_it(stage: Open, world: World) -> None:
    on = stage(Mail(world, hold=10))
    task = await on.begin()
    await on.database.write(lambda connection: manager.cancel(connection, on.now(task), on.clock.now()))
    await on.wait(seconds=20)
    assert not world.done and effect_states(on) == ["dropped"]


async def test_an_undo_counts_once_and_a_failed_one_leaves_the_effect_as_done(stage: Open, world: World) -> None:
    async def erase(task: Task, context: Context) -> Outcome:
        await context.call("note.erase", key="erase", name="milk")
        return Done(Card("Erased."))

    class Stuck(Erase):
        async def act(self, outside: Any, arguments: Any) -> Any:
            raise ToolError("the bin is empty")

    on = stage(Erase(world), Stuck(world, name="note.bring_back", back=""), SettleUndo(), script=erase, agents=(Undo(),))
    await on.begin()
    token = on.token("Undo")
    await on.press("", token=token)
    assert "could not undo" in on.heard()
    assert effect_states(on)[0] == "done"
    assert await on.press("", token=token) == "This button was used already."


# --- money ---


async def spend(task: Task, context: Context) -> Outcome:
    for n in range(10):
        with context.scope(n):
            await context.call("page.read", key="read", url=f"http://news.example/{n}")
    return Done(Card("Read all."))


def taken(on: Stage) -> dict[str, float]:
    rows = on.database.read_now(lambda connection: connection.execute(sa.select(CounterRow.__table__)).all())
    return {row.scope: row.spent + row.reserved for row in rows}


async def test_at_the_limit_the_task_asks_and_goes_on_when_more_is_allowed(stage: Open, world: World) -> None:
    on = stage(Look(world), script=spend, policy={"budgets": {"task": 22}})
    task = await on.begin()
    assert task.state is TaskState.AWAITING_APPROVAL
    assert sum(world.done.values()) == 4 and taken(on)["task"] == 20
    assert "budget of task #1 is reached: 20 of 22" in on.cards()[-1]["text"]
    await on.press("Allow +500")
    assert on.now(task).state is TaskState.COMPLETED
    assert sum(world.done.values()) == 10 and taken(on)["task"] == 50


async def test_at_the_limit_stop_means_stop(stage: Open, world: World) -> None:
    on = stage(Look(world), script=spend, policy={"budgets": {"day": 12}})
    task = await on.begin()
    await on.press("Stop here")
    assert on.now(task).state is TaskState.FAILED
    assert sum(world.done.values()) == 2 and taken(on)["day"] == 10


async def test_a_failed_call_costs_nothing(stage: Open, world: World) -> None:
    def refuses(moment: str) -> None:
        raise ToolError("no such page")

    world.trouble = refuses

    async def once(task: Task, context: Context) -> Outcome:
        try:
            await context.call("page.read", key="read", url="http://news.example/1")
        except ToolError:
            return Done(Card("No."))
        return Done(Card("Read."))

    on = stage(Look(world), script=once)
    await on.begin()
    assert set(taken(on).values()) == {0.0}


async def test_what_a_task_had_set_aside_is_free_when_it_ends(stage: Open, world: World) -> None:
    world.trouble = lambda moment: (_ for _ in ()).throw(TransientError("away"))
    on = stage(Look(world), script=spend)
    task = await on.begin()
    assert taken(on)["task"] == 5
    await on.database.write(lambda connection: manager.cancel(connection, on.now(task), on.clock.now()))
    await on.wait(minutes=1)
    assert taken(on)["task"] == 0
    assert on.database.read_now(lambda connection: connection.execute(sa.select(SpendRow.state)).scalars().all()) == ["released"]


async def test_the_journal_says_what_each_step_cost(stage: Open, world: World) -> None:
    on = stage(Look(world), script=spend)
    await on.begin()
    costs = on.database.read_now(lambda connection: connection.execute(sa.select(StepRow.credits).where(StepRow.kind == "call")).scalars().all())
    assert costs == [5.0] * 10


async def test_a_result_too_large_for_the_journal_goes_to_a_file(stage: Open, world: World) -> None:
    async def big(task: Task, context: Context) -> Outcome:
        found = await context.call("page.read", key="read", url="http://news.example/1")
        return Done(Card("Read."), found)

    on = stage(Look(world, content="x" * 200_000), script=big)
    task = await on.begin()
    assert task.result["file"].startswith("results/") and task.result["bytes"] > 200_000
    folder = on.around.folder_of(on.somebody.person.id)
    assert (folder / task.result["file"]).stat().st_size == task.result["bytes"]
    assert journal.LIMIT == 64 * 1024
