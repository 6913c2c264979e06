"""Plans: references without evaluation, a card that binds the whole plan, steps side by side, stops, and what reality says to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pydantic
import pytest

from agents.custom import Custom
from agents.general import General
from orchestrator.actions.approvals import Kind
from orchestrator.contracts import Plan, PlanStep, Task, TaskState, ToolError, TransientError
from orchestrator.execution import planner
from orchestrator.execution.references import resolve
from orchestrator.language_model import LanguageModel, ModelSettings
from orchestrator.outside import Outside, Result
from orchestrator.tasks import journal
from storage.database import Database
from tests.actions.stage import Erase, Letter, Look, Mail, Page, Stage, World
from tests.servers.openai_api import ModelServer, ToolUse

Open = Callable[..., Stage]
FETCH = {"id": "fetch", "tool": "page.read", "arguments": {"url": "http://news.example/today"}, "note": "look"}
SEND = {"id": "send", "tool": "mail.send", "arguments": {"to": ["ann@example.com"], "subject": "News", "body": "It says: {fetch.result.text}"}}
PLENTY = {"budgets": {"task": 100_000, "day": 1_000_000, "month": 1_000_000}}


def plan(*steps: dict[str, Any]) -> Plan:
    return Plan.model_validate({"goal": "News for Ann", "steps": list(steps)})


# --- references ---

RESULTS = {"fetch": {"title": "Rain", "list": [1, 2, 3, 4, 5, 6, 7], "deep": [{"x": {"y": "z"}}], "text": "{fetch.result.title}"}, "item": {"id": 9}}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{fetch.result.list[0:5]}", [1, 2, 3, 4, 5]),
        ("{fetch.result.list[-2:]}", [6, 7]),
        ("{fetch.result.list[:]}", [1, 2, 3, 4, 5, 6, 7]),
        ("{fetch.result.list[2]}", 3),
        ("{fetch.result.list[-1]}", 7),
        ("{fetch.result.title}", "Rain"),
        ("{fetch.result.deep[0].x.y}", "z"),
        ("Today: {fetch.result.title}, {fetch.result.list[0:2]}.", "Today: Rain, [1, 2]."),
        ("{item.id}", 9),
        ("http://a.example/{item.id}.json", "http://a.example/9.json"),
        ("{fetch.result.text}", "{fetch.result.title}"),
        ("<{fetch.result.text}>", "<{fetch.result.title}>"),
        ("{}", "{}"),
        ('{"json": 1}', '{"json": 1}'),
        ("{fetch}", "{fetch}"),
        ("{fetch.result.__class__.__mro__()}", "{fetch.result.__class__.__mro__()}"),
        ("{fetch.result.slice(0,5)}", "{fetch.result.slice(0,5)}"),
        (["{fetch.result.title}", {"a": "{item.id}"}], ["Rain", {"a": 9}]),
    ],
)
def test_references_stand_for_values_and_nothing_is_evaluated(written: Any, meant: Any) -> None:
    assert resolve(written, RESULTS) == meant


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("{fetch.result.nothing}", "has no nothing"),
        ("{fetch.result.__class__}", "has no __class__"),
        ("{fetch.result.title[0]}", "is no list"),
        ("{fetch.result.list[7]}", "has 7 entries"),
        ("{other.result.x}", "no result of other"),
    ],
)
def test_a_reference_to_what_is_not_there_says_so(written: str, why: str) -> None:
    with pytest.raises(ToolError, match=why):
        resolve(written, RESULTS)


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [SEND],
        [FETCH, FETCH],
        [{**FETCH, "depends_on": ["fetch"]}],
        [FETCH, {**SEND, "each": "fetch.result"}],
        [{**FETCH, "approved": True}],
        [{**FETCH, "id": "item"}],
        [{**FETCH, "id": f"a{n}"} for n in range(21)],
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(steps: list[dict[str, Any]]) -> None:
    with pytest.raises(pydantic.ValidationError):
        plan(*steps)


def test_only_hosts_named_letter_by_letter_count_as_named() -> None:
    named = [FETCH, {**FETCH, "id": "b", "arguments": {"url": "HTTPS://Other.example:8443/{fetch.result.text}"}}]
    hidden = [
        {"id": f"h{n}", "tool": "page.read", "arguments": {"url": url}}
        for n, url in enumerate(("http://{fetch.result.text}/", "http://a{fetch.result.text}/", "http://u@b.example/"))
    ]
    assert planner.hosts(plan(*named, *hidden)) == {"news.example", "other.example"}


# --- on the stage ---


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def model() -> AsyncIterator[ModelServer]:
    async with ModelServer(default="Rain, in short.") as server:
        yield server


@pytest.fixture
def stage(database: Database, tmp_path: Path, world: World, model: ModelServer) -> Open:
    def make(*tools: Any, **more: Any) -> Stage:
        spoken = LanguageModel(ModelSettings("openai:test-model", model.base_url, "sk-key"), 2.0, 2.0)
        more.setdefault("policy", PLENTY)
        return Stage(
            database, tmp_path, agents=[Custom(), General()], tools=tools or (Look(world), Mail(world), Erase(world, back="")), **{"model": spoken, **more}
        )

    return make


def keys(on: Stage, task: Task) -> list[str]:
    return list(on.database.read_now(lambda connection: journal.read(connection, task.id)))


async def test_a_plan_that_writes_is_shown_started_and_carried_out(stage: Open, world: World) -> None:
    on = stage()
    task = await on.begin("custom", goal="News for Ann", steps=[FETCH, SEND])
    assert on.now(task).state is TaskState.AWAITING_APPROVAL
    card = on.cards()[-1]["text"]
    assert "Plan for #1" in card and "1. page.read" in card and "“look”" in card and 'to: ["ann@example.com"]' in card and "{fetch.result.text}" in card
    assert "About 15 credits and 6 seconds" in card
    assert on.buttons() == ["Start", "Change", "Cancel"]
    assert not world.done
    await on.press("Start")
    assert "A letter to ann@example.com" in on.heard(), "the letter still passes its own approval"
    assert "It says: hello" in on.cards()[-1]["text"]
    assert on.task_row(task).hosts == ["news.example"]
    await on.press("Approve")
    assert world.texts == ["ann@example.com: It says: hello"]
    assert on.now(task).state is TaskState.COMPLETED
    assert keys(on, task) == ["plan/start-0/plan", "plan/fetch", "plan/send", "plan/credits"]
    assert "2 steps, 15 credits" in on.heard()


async def test_a_cancelled_plan_does_nothing_and_so_does_silence(stage: Open, world: World) -> None:
    on = stage()
    first = await on.begin("custom", steps=[FETCH, SEND])
    await on.press("Cancel")
    assert on.now(first).state is TaskState.FAILED
    second = await on.begin("custom", steps=[FETCH, SEND])
    await on.wait(hours=25)
    assert on.now(second).state is TaskState.FAILED
    assert "in time" in on.heard()
    assert not world.done


async def test_a_plan_that_only_looks_needs_no_card(stage: Open, world: World) -> None:
    on = stage()
    task = await on.begin("custom", steps=[FETCH])
    assert on.now(task).state is TaskState.COMPLETED
    assert on.approvals() == []


async def test_change_puts_a_stop_before_a_step_and_the_new_plan_is_another_one(stage: Open, world: World) -> None:
    on = stage()
    task = await on.begin("custom", steps=[FETCH, SEND])
    start = on.token("Start")
    assert await on.press("Change") == "All right, what shall be different?"
    await on.say("Ask me before 1. page.read")
    assert "I stop and ask before this step" in on.cards()[-1]["text"]
    first, second = [ask for ask in on.approvals() if ask.kind == Kind.PLAN.value]
    assert first.digest != second.digest
    await on.press("", token=start)
    assert not world.done, "the old card's Start acts no more"
    await on.press("Start")
    assert not world.done and "Shall I do it?" in on.heard()
    await on.say("no")
    assert on.now(task).state is TaskState.FAILED
    assert not world.done


async def test_the_approval_binds_the_whole_plan(stage: Open, world: World) -> None:
    on = stage()
    task = await on.begin("custom", steps=[FETCH, SEND])
    person = on.somebody.person
    one, other = plan(FETCH, SEND), plan(FETCH, {**SEND, "arguments": {**SEND["arguments"], "to": ["evil@example.com"]}})  # type: ignore[dict-item]
    assert planner.digest(one, person, task) != planner.digest(other, person, task)
    assert planner.digest(one, person, task) == planner.digest(plan(FETCH, SEND), person, task)


class Meeting:
    """A page that is only answered when others are being read at the same time."""

    def __init__(self, wanted: int) -> None:
        self.wanted, self.now, self.most = wanted, 0, 0
        self.full = asyncio.Event()

    async def wait(self) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        if self.now == self.wanted:
            self.full.set()
        await asyncio.wait_for(self.full.wait(), 5)
        self.now -= 1


async def test_what_does_not_need_each_other_goes_side_by_side(stage: Open, world: World) -> None:
    meeting = Meeting(5)

    class Slow(Look):
        async def act(self, outside: Outside, arguments: Page) -> Result:
            await meeting.wait()
            return await super().act(outside, arguments)

    steps = [{"id": f"p{n}", "tool": "page.read", "arguments": {"url": f"http://news.example/{n}"}} for n in range(5)]
    on = stage(Slow(world))
    task = await on.begin("custom", steps=[*steps, {"id": "both", "tool": "think", "arguments": {"prompt": "{p0.result.text} and {p4.result.text}"}}])
    assert on.now(task).state is TaskState.COMPLETED
    assert meeting.most == 5
    assert len(set(keys(on, task))) == 8


async def test_what_cannot_be_taken_back_comes_last(stage: Open, world: World) -> None:
    on = stage()
    erase = {"id": "erase", "tool": "note.erase", "arguments": {"name": "milk"}}
    task = await on.begin("custom", steps=[{**SEND, "arguments": {"to": ["ann@example.com"], "body": "x"}}, erase, FETCH])
    await on.press("Start")
    assert world.done["note.erase milk"] == 1 and world.done["read http://news.example/today"] == 1
    assert len(world.texts) == 1
    order = keys(on, task)
    assert order.index("plan/send") > max(order.index("plan/erase"), order.index("plan/fetch"))


async def test_one_step_that_waits_does_not_hold_up_the_others(stage: Open, world: World) -> None:
    on = stage()
    letters = [{"id": f"l{n}", "tool": "mail.send", "arguments": {"to": [f"p{n}@example.com"], "body": "{fetch.result.text}"}} for n in range(2)]
    task = await on.begin("custom", steps=[FETCH, *letters])
    await on.press("Start")
    assert len([ask for ask in on.approvals() if ask.kind == "effect"]) == 2
    await on.press("Approve")
    await on.press("Approve")
    assert on.now(task).state is TaskState.COMPLETED
    assert len(world.texts) == 2


async def test_a_step_that_fails_is_reported_with_what_was_done(stage: Open, world: World) -> None:
    on = stage()
    task = await on.begin("custom", steps=[FETCH, {**FETCH, "id": "more", "arguments": {"url": "http://news.example/{fetch.result.next}"}}])
    assert on.now(task).state is TaskState.FAILED
    assert "“more” did not go as planned" in on.heard() and "has no next" in on.heard() and "Done before it: fetch" in on.heard()


async def test_a_step_that_is_away_for_a_moment_is_tried_again_and_nothing_is_repeated(stage: Open, world: World) -> None:
    class Away(Mail):
        tries = 0

        async def act(self, outside: Outside, arguments: Letter) -> Result:
            Away.tries += 1
            if Away.tries == 1:
                raise TransientError("not now")
            return await super().act(outside, arguments)

    on = stage(Look(world), Away(world))
    task = await on.begin("custom", steps=[FETCH, SEND])
    await on.press("Start")
    await on.press("Approve")
    await on.wait(seconds=5)
    assert on.now(task).state is TaskState.COMPLETED
    assert world.done["read http://news.example/today"] == 1 and len(world.texts) == 1


# --- plans of the model ---


async def test_the_model_plans_and_plans_again_where_reality_differs(stage: Open, world: World, model: ModelServer) -> None:
    wrong = {"id": "more", "tool": "page.read", "arguments": {"url": "{fetch.result.next}"}}
    model.script(tool=ToolUse("make_plan", {"goal": "Read on", "steps": [FETCH, wrong]}), times=1)
    model.script(
        tool=ToolUse("make_plan", {"goal": "Read another", "steps": [{**FETCH, "id": "other", "arguments": {"url": "http://news.example/2"}}]}), times=1
    )
    model.script(reply="It will rain.")
    on = stage()
    task = await on.begin("general", goal="What is new?")
    assert on.now(task).state is TaskState.COMPLETED
    assert world.done == {"read http://news.example/today": 1, "read http://news.example/2": 1}
    assert "The step more did not go as planned" in model.calls[1].prompt and "do not repeat it" in model.calls[1].prompt
    assert "It will rain." in on.heard()


async def test_what_the_person_wants_changed_makes_another_plan(stage: Open, world: World, model: ModelServer) -> None:
    model.script(tool=ToolUse("make_plan", {"goal": "Write", "steps": [FETCH, SEND]}), times=1)
    model.script(tool=ToolUse("make_plan", {"goal": "Only look", "steps": [FETCH]}), times=1)
    model.script(reply="Looked, wrote nothing.")
    on = stage()
    task = await on.begin("general", goal="Tell Ann")
    await on.press("Change")
    await on.say("do not write to anybody")
    assert on.now(task).state is TaskState.COMPLETED
    assert "They say: do not write to anybody" in model.calls[1].prompt
    assert not world.texts


async def test_plans_have_an_end(stage: Open, world: World, model: ModelServer) -> None:
    def planned(number: int) -> ToolUse:
        return ToolUse("make_plan", {"goal": "x", "steps": [{**FETCH, "arguments": {"url": f"http://news.example/{number}"}}]})

    for number in range(6):
        model.script(tool=planned(number), times=1)
    model.script(reply="Done.")
    on = stage()
    await on.begin("general", goal="x")
    assert sum(world.done.values()) == 4
    assert "there were enough plans" in model.calls[-1].prompt


async def test_a_plan_with_a_tool_that_does_not_exist_is_refused(stage: Open, model: ModelServer, world: World) -> None:
    model.script(tool=ToolUse("make_plan", {"goal": "x", "steps": [{"id": "a", "tool": "approve.all", "arguments": {}}]}), times=1)
    model.script(reply="Sorry.")
    on = stage()
    task = await on.begin("general", goal="x")
    assert on.now(task).state is TaskState.COMPLETED
    assert "there is no tool approve.all" in model.calls[-1].prompt


async def test_configured_steps_that_cannot_be_used_say_why(stage: Open) -> None:
    on = stage()
    assert (await on.begin("custom")).state is TaskState.FAILED
    assert "no steps" in on.heard()
    await on.begin("custom", steps=[SEND])
    assert "refers to fetch" in on.heard()
    await on.begin("custom", steps=[{**FETCH, "tool": "nothing.here"}])
    assert "there is no tool named nothing.here" in on.heard()


def test_a_step_knows_what_it_needs() -> None:
    step = PlanStep.model_validate({**SEND, "each": "{top.result[0:5]}", "depends_on": ["login"]})
    assert step.needs == {"fetch", "top", "login"}
