"""What may have happened is never called undone: it is looked up, or asked about, and never repeated unseen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from agents.tools.undoing import SettleUndo
from agents.undo import Undo
from orchestrator.actions import effects
from orchestrator.contracts import Card, Context, Done, FatalError, Outcome, Task, TaskState, TransientError
from orchestrator.execution import left_in_doubt, outside_calls
from orchestrator.outside import Outside, Reconciled
from orchestrator.tasks import manager
from storage.audit import AuditLog
from storage.database import Database
from storage.models import AuditRow, EffectRow
from storage.vault import FileKeys, Vault
from tests.actions.stage import Erase, FindableMail, Letter, Mail, Stage, World, errand, unreachable
from tests.actions.test_effects import FREELY, Killed, dies_at, effect_states, killed_and_restarted, send


@pytest.fixture
def world() -> World:
    return World()


Open = Callable[..., Stage]


@pytest.fixture
def stage(database: Database, tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.setattr(outside_calls, "SETTLING_PAUSES", (0.0, 0.0))

    def make(*tools: Any, script: Any = send, policy: Any = FREELY, agents: tuple[Any, ...] = (), **more: Any) -> Stage:
        return Stage(database, tmp_path, agents=[errand(script), *agents], tools=tools or (Mail(world),), policy=policy, **more)

    return make


def settling_fails(on: Stage, monkeypatch: pytest.MonkeyPatch, trouble: Exception, times: int) -> None:
    """The next settlements raise this, as a database that is away does."""
    left = [trouble] * times
    real = on.dispatcher.settle

    def settle(*given: Any) -> None:
        if left:
            raise left.pop()
        real(*given)

    monkeypatch.setattr(on.dispatcher, "settle", settle)


def away() -> sa.exc.OperationalError:
    return sa.exc.OperationalError("COMMIT", {}, Exception("the server closed the connection"))


async def try_again(on: Stage, task: Task) -> Task:
    await on.database.write(lambda connection: on.runner.start(connection, manager.retry(connection, on.now(task), on.clock.now()), on.somebody.person))
    await on.pump()
    return on.now(task)


# --- recorded after all ---


async def test_a_database_away_for_a_moment_loses_nothing(stage: Open, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    on = stage()
    settling_fails(on, monkeypatch, away(), 2)
    task = await on.begin()
    assert task.state is TaskState.COMPLETED
    assert effect_states(on) == ["done"] and list(world.done.values()) == [1]


async def test_a_database_that_stays_away_leaves_it_to_be_looked_up(stage: Open, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    on = stage(FindableMail(world))
    settling_fails(on, monkeypatch, away(), 3)
    task = await on.begin()
    await on.wait(seconds=60)
    assert on.now(task).state is TaskState.COMPLETED
    assert effect_states(on) == ["done"] and list(world.done.values()) == [1]


@pytest.mark.parametrize("trouble", [away(), RuntimeError("broken")])
async def test_what_could_never_be_recorded_is_asked_about_and_not_called_undone(
    stage: Open, world: World, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    on = stage()
    settling_fails(on, monkeypatch, trouble, 3)
    task = await on.begin()
    await on.wait(minutes=5)
    assert on.now(task).state is TaskState.AWAITING_APPROVAL
    assert "Nothing was changed" not in on.heard() and "cannot find out whether it happened" in on.heard()
    monkeypatch.undo()
    await on.press("It was done")
    assert on.now(task).state is TaskState.COMPLETED
    assert effect_states(on) == ["done"] and list(world.done.values()) == [1]


async def test_a_look_that_breaks_tells_nothing_and_the_person_is_asked(stage: Open, world: World) -> None:
    class Blind(FindableMail):
        async def reconcile(self, outside: Outside, arguments: Letter) -> Reconciled:
            raise ValueError("the folder's answer makes no sense")

    on = stage(Blind(world))
    task = await killed_and_restarted(on, world, "after")
    assert task.state is TaskState.AWAITING_APPROVAL and effect_states(on) == ["unknown"]


async def test_without_the_question_the_failure_would_have_been_told_as_nothing_done(stage: Open, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    on = stage()
    settling_fails(on, monkeypatch, RuntimeError("broken"), 1)
    monkeypatch.setattr(left_in_doubt, "ask", lambda *given: False)
    monkeypatch.setattr(effects, "unclear_in", lambda *given: [])
    await on.begin()
    assert "Nothing was changed" in on.heard()


# --- tried again ---


async def left_open(on: Stage, world: World) -> Task:
    task = await killed_and_restarted(on, world, "after")
    await on.press("Leave it")
    return on.now(task)


async def test_what_was_left_open_stays_unknown(stage: Open, world: World) -> None:
    on = stage()
    task = await left_open(on, world)
    assert task.state is TaskState.FAILED and effect_states(on) == ["unknown"]


@pytest.mark.parametrize(("choice", "times", "states"), [("It was done", 1, ["done"]), ("Do it again", 2, ["unknown", "done"])])
async def test_tried_again_it_is_asked_about_first(stage: Open, world: World, choice: str, times: int, states: list[str]) -> None:
    on = stage()
    task = await try_again(on, await left_open(on, world))
    assert task.state is TaskState.AWAITING_APPROVAL and sum(world.done.values()) == 1
    assert "you left it open whether it happened" in on.cards()[-1]["text"]
    await on.press(choice)
    assert on.now(task).state is TaskState.COMPLETED
    assert sum(world.done.values()) == times and effect_states(on) == states


async def test_without_looking_back_it_would_have_been_done_twice(stage: Open, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    on = stage()
    task = await left_open(on, world)
    monkeypatch.setattr(effects, "open_before", lambda connection, call: None)
    await try_again(on, task)
    assert sum(world.done.values()) == 2


async def test_a_failure_beside_something_unclear_says_both(stage: Open, world: World) -> None:
    async def gives_up(task: Task, context: Context) -> Outcome:
        await context.call("note.erase", key="erase", name="milk")
        await context.call("mail.send", key="send", to=["dentist@example.com"], body="I'm late")
        raise FatalError("no more")

    on = stage(Mail(world), Erase(world), script=gives_up)
    task = await killed_and_restarted(on, world, "after")
    await on.press("Leave it")
    assert on.now(task).state is TaskState.FAILED
    assert "It is not known whether this was done: A letter to dentist@example.com" in on.heard()
    assert "This was done: note.erase milk" in on.heard() and "Nothing was changed" not in on.heard()


# --- ended meanwhile ---


async def test_of_what_a_stopped_task_left_in_doubt_the_person_is_told(stage: Open, world: World) -> None:
    on = stage()
    world.trouble = dies_at("after", world)
    with pytest.raises(Killed):
        await on.begin()
    task = on.database.read_now(lambda connection: manager.recent(connection, on.somebody.person.id)[0])
    await on.database.write(lambda connection: manager.cancel(connection, task, on.clock.now()))
    await on.wait(minutes=1)
    assert effect_states(on) == ["in_doubt"], "a worker may still be at it"
    await on.wait(minutes=20)
    await on.wait(minutes=1)
    assert effect_states(on) == ["unknown"]
    assert on.heard().count("I cannot find out whether it happened: A letter to dentist@example.com") == 1


async def test_stopped_while_it_leaves_its_effect_and_its_price_are_still_noted(stage: Open, world: World, database: Database, tmp_path: Path) -> None:
    on = stage(audit=AuditLog(Vault(FileKeys(tmp_path / "key"))))

    def stop(moment: str) -> None:
        if moment == "after":
            task = on.database.read_now(lambda connection: manager.recent(connection, on.somebody.person.id)[0])
            on.database.write_now(lambda connection: manager.cancel(connection, task, on.clock.now()))

    world.trouble = stop
    await on.begin()
    assert effect_states(on) == ["done"] and noted(database) == ["mail.send"]


async def test_what_a_person_says_was_done_is_noted(stage: Open, world: World, database: Database, tmp_path: Path) -> None:
    on = stage(audit=AuditLog(Vault(FileKeys(tmp_path / "key"))))
    await killed_and_restarted(on, world, "after")
    await on.press("It was done")
    assert noted(database) == ["mail.send"]


def noted(database: Database) -> list[str]:
    query = sa.select(AuditRow.subject).where(AuditRow.kind == "effect").order_by(AuditRow.seq)
    return list(database.read_now(lambda connection: connection.execute(query).scalars().all()))


# --- taking back ---


async def erase(task: Task, context: Context) -> Outcome:
    await context.call("note.erase", key="erase", name="milk")
    return Done(Card("Erased."))


async def test_taking_back_is_tried_again_while_the_other_side_is_away(stage: Open, world: World) -> None:
    class Flaky(Erase):
        async def act(self, outside: Any, arguments: Any) -> Any:
            world.at("back")
            return await super().act(outside, arguments)

    def once(moment: str) -> None:
        world.trouble = None
        raise TransientError("away")

    on = stage(Erase(world), Flaky(world, name="note.bring_back", back=""), SettleUndo(), script=erase, agents=(Undo(),))
    await on.begin()
    world.trouble = once
    await on.press("Undo")
    await on.wait(seconds=60)
    assert effect_states(on)[0] == "undone" and world.done["note.bring_back milk"] == 1


async def test_taking_back_that_never_works_leaves_the_effect_as_done(stage: Open, world: World) -> None:
    class Away(Erase):
        async def act(self, outside: Any, arguments: Any) -> Any:
            unreachable("back")

    on = stage(Erase(world), Away(world, name="note.bring_back", back=""), SettleUndo(), script=erase, agents=(Undo(),))
    await on.begin()
    await on.press("Undo")
    for _ in range(5):
        await on.wait(minutes=10)
    states = on.database.read_now(lambda connection: connection.execute(sa.select(EffectRow.state).where(EffectRow.tool == "note.erase")).scalars().all())
    assert states == ["done"]
