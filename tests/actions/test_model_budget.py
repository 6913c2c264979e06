"""No model call begins that could cost more than is left: the task pauses, asks, and goes on with what it is allowed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from orchestrator.actions import budgets, prices
from orchestrator.actions.prices import Prices
from orchestrator.contracts import Card, Context, Done, Outcome, Task, TaskState
from orchestrator.execution import transcript
from orchestrator.execution.reasoning import Prompt, Thoughts
from orchestrator.language_model import LanguageModel, ModelSettings
from orchestrator.tasks import journal
from storage.database import Database
from storage.models import CounterRow
from tests.actions.stage import Stage, errand
from tests.servers.openai_api import ModelServer
from tests.servers.openai_api.answers import count_tokens

PRICED = Prices.model_validate(
    {"models": {"openai:test-model": {"prompt": 1000, "answer": 10_000}}, "unknown": {"prompt": 1, "answer": 1}, "steps": {"reasoning": 1}}
)
"""A call of 1,000 answer tokens costs at most a little over 10 credits."""
ANSWER = "word " * 900
BUDGET = 50.0


async def spend_five_euros(task: Task, context: Context) -> Outcome:
    for number in range(int(task.slots.get("times", 550))):
        await context.think(f"thought-{number}", "Spend more. " * 20)
    return Done(Card("Spent it all."))


@pytest.fixture
async def model() -> AsyncIterator[ModelServer]:
    async with ModelServer(default=ANSWER) as server:
        yield server


@pytest.fixture
def stage(database: Database, tmp_path: Path, model: ModelServer) -> Callable[..., Stage]:
    def make(**more: Any) -> Stage:
        spoken = LanguageModel(ModelSettings("openai:test-model", model.base_url, "sk-key"), 2.0, 2.0)
        more.setdefault("policy", {"budgets": {"task": BUDGET}})
        return Stage(database, tmp_path, agents=[errand(more.pop("script", spend_five_euros))], tools=[], model=spoken, prices=PRICED, **more)

    return make


def counters(on: Stage) -> dict[str, tuple[float, float, float]]:
    rows = on.database.read_now(lambda connection: connection.execute(sa.select(CounterRow.__table__)).all())
    return {row.scope: (round(row.spent, 6), round(row.reserved, 6), row.added) for row in rows}


def really_cost(model: ModelServer) -> float:
    """What the provider would put on the bill, in credits."""
    return sum(PRICED.of("openai:test-model").credits(call.prompt_tokens, call.completion_tokens) for call in model.calls)


async def test_it_pauses_before_the_call_that_would_overrun_and_goes_on_after_a_top_up(stage: Callable[..., Stage], model: ModelServer) -> None:
    on = stage()
    task = await on.begin()
    assert on.now(task).state is TaskState.AWAITING_APPROVAL
    assert 0 < len(model.calls) < 10
    assert really_cost(model) <= BUDGET
    assert counters(on)["task"] == (round(really_cost(model), 6), 0.0, 0.0)
    assert "budget of task #1 is reached" in on.heard()
    assert on.buttons() == ["Allow +500 credits", "Allow +1000 credits", "Stop here"]
    before = len(model.calls)
    await on.press("Allow +500")
    assert on.now(task).state is TaskState.AWAITING_APPROVAL
    assert len(model.calls) > before
    assert really_cost(model) <= BUDGET + 500
    assert BUDGET + 500 - really_cost(model) < 12, "what was allowed is used"
    count = len(model.calls)
    await on.press("Stop here")
    assert on.now(task).state is TaskState.FAILED
    assert len(model.calls) == count
    assert "chose to stop" in on.heard()


async def test_the_steps_keep_tokens_and_credits_and_sum_up_to_the_counter(stage: Callable[..., Stage], model: ModelServer) -> None:
    on = stage()
    task = await on.begin(times=3)
    assert on.now(task).state is TaskState.COMPLETED
    steps = on.database.read_now(lambda connection: journal.read(connection, task.id)).values()
    assert [step.tokens for step in steps] == [call.prompt_tokens + call.completion_tokens for call in model.calls]
    assert round(sum(step.credits for step in steps), 6) == counters(on)["task"][0]
    assert on.database.read_now(lambda connection: budgets.spent_by_task(connection, task.id)) == pytest.approx(really_cost(model))


async def test_thoughts_side_by_side_cannot_take_the_same_credit(stage: Callable[..., Stage], model: ModelServer) -> None:
    async def all_at_once(task: Task, context: Context) -> Outcome:
        await asyncio.gather(*(context.think(f"t{n}", "x" * 100) for n in range(20)), return_exceptions=True)
        return Done(Card("Done."))

    on = stage(script=all_at_once)
    await on.begin()
    assert 0 < len(model.calls) <= 4, "each sets aside a little over 10 of the 50 credits before any of them is settled"
    assert really_cost(model) <= BUDGET


@pytest.mark.parametrize(("fault", "counted"), [("rate_limit", False), ("server_error", False), ("timeout", True), ("close", True), ("garbage", True)])
async def test_what_may_have_been_paid_for_counts_in_full(stage: Callable[..., Stage], model: ModelServer, fault: Any, counted: bool) -> None:
    model.script(fault=fault, reply="half", times=1, seconds=3.0)
    on = stage()
    await on.begin(times=1)
    spent, reserved, _ = counters(on)["task"]
    assert reserved == 0.0
    assert (spent > 10) is counted


async def test_an_attempt_cut_off_in_the_middle_counts_in_full(stage: Callable[..., Stage], model: ModelServer) -> None:
    on = stage()
    task = await on.begin(times=0)

    def killed_while_thinking(connection: sa.Connection) -> None:
        limits = budgets.limits_for(on.rules.policy.budgets, on.somebody.person, task, on.clock.now())
        assert budgets.reserve(connection, on.somebody.person, task, "thought", "m", 12.0, limits, on.clock.now()) is None

    await on.database.write(killed_while_thinking)
    thoughts = Thoughts(on.around, None, lambda connection, step: None)  # type: ignore[arg-type]
    await on.database.write(lambda connection: thoughts._reserve(connection, on.somebody.person, task, "thought", "m", 11.0))
    assert counters(on)["task"] == (12.0, 11.0, 0.0)


async def test_a_days_limit_holds_over_tasks(stage: Callable[..., Stage], model: ModelServer) -> None:
    on = stage(policy={"budgets": {"task": 1000, "day": 30}})
    await on.begin(times=3)
    await on.begin(times=3)
    assert really_cost(model) <= 30
    assert "Today's budget is reached" in on.heard()


async def test_without_the_reservation_it_would_have_overrun(stage: Callable[..., Stage], model: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "reserve", lambda *given: None)
    on = stage()
    task = await on.begin(times=10)
    assert on.now(task).state is TaskState.COMPLETED
    assert really_cost(model) > BUDGET


async def test_the_bound_is_never_below_what_is_counted(model: ModelServer) -> None:
    spoken = LanguageModel(ModelSettings("openai:test-model", model.base_url, "sk-key"))
    await spoken.ready()
    for text in ("hello", "你好，世界 " * 50, "a b c d " * 200, "🙂" * 40, "x"):
        asked: Prompt = transcript.question(text)
        reply = await spoken.converse(asked.messages, asked.tools, most_tokens=asked.most_tokens)
        assert reply.prompt_tokens <= asked.bound()
        assert count_tokens(text) <= prices.most_tokens(text)


def test_the_longest_pattern_prices_a_model_and_an_unknown_one_is_dear() -> None:
    table = prices.load()
    assert table.of("openai:gpt-5-mini-2025").prompt < table.of("openai:gpt-5").prompt
    assert table.of("somebody:new") == table.unknown
    assert table.of("ollama:llama3").credits(10_000, 10_000) == 0
