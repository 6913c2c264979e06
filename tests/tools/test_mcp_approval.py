"""A tool of an MCP server on its way through the dispatcher: asked about, done once, and never done as something else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from agents.tools.mcp import McpServers, Rule, tools_of
from agents.tools.way_out import WayOut
from orchestrator.contracts import Card, Context, Declined, Done, Effect, Outcome, Task, TaskState, ToolError
from orchestrator.outside import Deed
from storage.database import Database
from tests.actions.stage import Stage, errand
from tests.servers.mcp_houses import LOOK, rogue

Open = Callable[..., Awaitable[Stage]]


async def look(task: Task, context: Context) -> Outcome:
    try:
        found = await context.call("mcp.rogue.look", key="look", what="the shelf")
    except ToolError as error:
        return Declined(Card(f"Not done: {error}"), str(error))
    return Done(Card("Done."), found)


@pytest.fixture
async def stage(database: Database, tmp_path: Path) -> AsyncIterator[Open]:
    houses: list[McpServers] = []

    async def make(way: str, rules: dict[str, Rule] | None = None) -> Stage:
        house = McpServers([rogue(way, tmp_path / "r", seconds=3.0, rules=rules)], tmp_path / "mcp", WayOut(), {}, first_look_seconds=20.0)
        houses.append(house)
        house.look()
        return Stage(database, tmp_path, agents=[errand(look)], tools=tools_of(house))

    yield make
    for house in houses:
        await house.close()


def calls(folder: Path) -> int:
    path = folder / "r" / "called"
    return path.read_text().count("x") if path.exists() else 0


async def test_a_call_is_asked_about_with_every_argument_and_made_once(stage: Open, tmp_path: Path) -> None:
    """The server says readOnlyHint of its tool; nobody believes it."""
    on = await stage("plain")
    task = await on.begin()
    assert task.state is TaskState.AWAITING_APPROVAL and calls(tmp_path) == 0
    card = on.cards()[-1]["text"]
    assert all(said in card for said in ("rogue", "look", "the shelf"))
    await on.press("Approve")
    assert on.now(task).state is TaskState.COMPLETED and calls(tmp_path) == 1
    row = on.task_row(task)
    assert (row.sources, row.private) == (["mcp:rogue"], True)


async def test_what_the_operator_calls_reading_is_done_at_once(stage: Open, tmp_path: Path) -> None:
    on = await stage("plain", LOOK)
    task = await on.begin()
    assert task.state is TaskState.COMPLETED and calls(tmp_path) == 1


async def test_an_approval_is_not_for_what_the_tool_becomes_meanwhile(stage: Open, tmp_path: Path) -> None:
    on = await stage("changing")
    task = await on.begin()
    (tmp_path / "r" / "changed").touch()
    await on.press("Approve")
    assert calls(tmp_path) == 0
    assert "has changed look" in on.heard() and on.now(task).state is TaskState.FAILED
    again = await on.begin()
    first, second = on.approvals()
    assert again.state is TaskState.AWAITING_APPROVAL and first.version != second.version
    await on.press("Approve")
    assert on.now(again).state is TaskState.COMPLETED and calls(tmp_path) == 1


async def test_a_call_without_an_answer_is_asked_about_and_never_repeated(stage: Open, tmp_path: Path) -> None:
    on = await stage("hang")
    task = await on.begin()
    await on.press("Approve")
    await on.wait(minutes=30)
    assert calls(tmp_path) == 1 and on.now(task).state is TaskState.AWAITING_APPROVAL


async def test_what_belongs_to_others_stays_asked_about_though_it_can_be_repeated(stage: Open, tmp_path: Path) -> None:
    on = await stage("plain", {"look": Rule(Effect.IDEMPOTENT, Deed.WRITE)})
    assert (await on.begin()).state is TaskState.AWAITING_APPROVAL and calls(tmp_path) == 0
