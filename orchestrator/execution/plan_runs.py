"""Carrying out a plan: shown first where it costs or writes, then step by step, what does not need each other side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from orchestrator.actions import budgets
from orchestrator.actions.calls import outside_tool
from orchestrator.contracts import AnswerKind, Card, Carried, Effect, FatalError, Json, LostRace, Plan, PlanStep, Task, ToolError, TransientError, Waiting
from orchestrator.execution import planner, transcript
from orchestrator.execution.references import resolve
from orchestrator.execution.surroundings import Surroundings
from orchestrator.plans import ITEM, THINK

if TYPE_CHECKING:
    from orchestrator.execution.context import RunningContext

SIDE_BY_SIDE = 5
"""Calls of one task that are under way at once."""
MOST_ITEMS = 50
"""Items for which one step is done."""


async def carry_out(context: RunningContext, task: Task, around: Surroundings, plan: Plan) -> Carried:
    """See `contracts.Context.carry_out`."""
    started, wish = await planner.start(context, task, around, plan)
    if wish:
        return Carried(wish=wish)
    return await PlanRun(context, task, around, started).run()


@dataclass(slots=True)
class PlanRun:
    """One run over the journal of one plan."""

    context: RunningContext
    task: Task
    around: Surroundings
    plan: Plan
    results: dict[str, Json] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    under_way: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SIDE_BY_SIDE))

    async def run(self) -> Carried:
        """Raises Waiting after everything that can go on without the person has gone on."""
        while ready := self._ready():
            ended = await asyncio.gather(*(self._step(step) for step in ready), return_exceptions=True)
            _raise_worst(ended)
            failed = None
            for step, result in zip(ready, ended, strict=True):
                if isinstance(result, Waiting):
                    self.waiting.add(step.id)
                elif isinstance(result, ToolError):
                    failed = failed or (step.id, str(result))
                elif isinstance(result, BaseException):
                    raise result
                else:
                    self.results[step.id] = result
            if failed is not None:
                return await self._carried(*failed)
        if self.waiting:
            raise Waiting
        return await self._carried("", "")

    def _ready(self) -> list[PlanStep]:
        """Steps whose needs are met; what cannot be taken back only when nothing else is left to do first."""
        open_steps = [step for step in self.plan.steps if step.id not in self.results and step.id not in self.waiting]
        ready = [step for step in open_steps if step.needs <= self.results.keys()]
        return [step for step in ready if not self._is_final(step)] or ready

    def _is_final(self, step: PlanStep) -> bool:
        return step.tool != THINK and self.around.dispatcher.effect(step.tool) is Effect.IRREVERSIBLE

    async def _step(self, step: PlanStep) -> Json:
        if step.stop_before:
            await self._stop_before(step)
        if not step.each:
            return await self._do(step, step.id, self.results)
        items = resolve(step.each, self.results)
        if not isinstance(items, list):
            raise ToolError(f"{step.id}: {step.each} is no list")
        if len(items) > MOST_ITEMS:
            raise ToolError(f"{step.id}: {len(items)} items are too many, at most {MOST_ITEMS}")
        done = await asyncio.gather(
            *(self._do(step, f"{step.id}/{number}", {**self.results, ITEM: item}) for number, item in enumerate(items)), return_exceptions=True
        )
        _raise_worst(done)
        for result in done:
            if isinstance(result, BaseException):
                raise result
        return list(done)

    async def _do(self, step: PlanStep, key: str, known: dict[str, Json]) -> Json:
        async with self.under_way:
            if step.tool == THINK:
                mark = transcript.Transcript(self.task, "", "").mark
                prompt = resolve(step.arguments.get("prompt", ""), known, written=lambda text: transcript.data(text, mark))
                return await self.context.think(key, prompt if isinstance(prompt, str) else transcript.data(prompt, mark))
            arguments: dict[str, Any] = resolve(step.arguments, known)
            if "key" in arguments:
                raise ToolError(f"{step.tool} takes no argument key")
            tool = self.around.dispatcher.tool(step.tool)
            if outside_tool(tool) is None and not self.context.knows(key):
                await self.context.private()
            return await self.context.call(step.tool, key=key, **arguments)

    async def _stop_before(self, step: PlanStep) -> None:
        said = self.context.words
        prompt = said("plan-stop-before", step=planner.described(step, said), goal=self.plan.goal)
        if await self.context.ask(f"{step.id}-stop", Card(prompt, planner.yes_and_no(said)), AnswerKind.YES_NO) != "yes":
            raise ToolError(said("plan-stopped-before", step=step.note or step.id))

    async def _carried(self, failed: str, reason: str) -> Carried:
        spent = await self.context.note("credits", "credits", lambda connection: budgets.spent_by_task(connection, self.task.id))
        return Carried(dict(self.results), float(spent), failed=failed, reason=reason)


def _raise_worst(ended: Sequence[Any]) -> None:
    """What ends the whole run comes before what ends a step."""
    for kind in (LostRace, FatalError, TransientError):
        for result in ended:
            if isinstance(result, kind):
                raise result
