"""Steps that the configuration gives: fetch, think, send, in the order and with the stops that were written down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from pydantic import ValidationError

from orchestrator.contracts import Card, Context, Declined, Done, Lane, Outcome, Role, Task, ToolError

if TYPE_CHECKING:
    from orchestrator.contracts import Plan

MARKUP = re.compile(r"([\\*_`\[\]])")
NONE: Mapping[str, Plan] = MappingProxyType({})


class Custom:
    """Carries out the named tasks of the configuration, by task type; and the plan in a task's slots: `steps`, and `goal` for its title."""

    name = "custom"
    lane = Lane.DURABLE

    def __init__(self, plans: Mapping[str, Plan] = NONE) -> None:
        self._plans = plans
        self.task_types = frozenset({"custom", *plans})

    def can_handle(self, task: Task) -> bool:
        return task.type in self.task_types

    async def process(self, task: Task, context: Context) -> Outcome:
        if context.person.role is Role.GUEST:
            return Declined(Card(context.words("custom-not-for-guests")), "guests cannot run configured steps")
        if (named := self._plans.get(task.type)) is not None:
            return await run(named, context)
        if not task.slots.get("steps"):
            return Declined(Card(context.words("custom-no-steps")), "no steps")
        from orchestrator.contracts import Plan  # noqa: PLC0415 - plans are loaded when they are wanted

        try:
            plan = Plan.model_validate({"goal": str(task.slots.get("goal") or task.title)[:500], "steps": task.slots["steps"]})
        except ValidationError as error:
            return Declined(Card(context.words("custom-wrong-steps", reason=shown(faults(error)))), "the steps cannot be used")
        return await run(plan, context)


async def run(plan: Plan, context: Context) -> Outcome:
    """Carry it out and report: what was done, what it cost, or where it stopped."""
    try:
        carried = await context.carry_out("plan", plan)
    except ToolError as refusal:
        return Declined(Card(context.words("custom-not-started", reason=shown(str(refusal)))), str(refusal))
    credits = round(carried.credits, 1)
    if carried.wish:
        return Declined(Card(context.words("custom-change", wish=shown(carried.wish))), "the person wants other steps")
    if carried.failed:
        given = {"step": carried.failed, "reason": shown(carried.reason), "done": ", ".join(carried.results) or "-"}
        return Declined(Card(context.words("custom-failed", **given)), f"{carried.failed}: {carried.reason}")
    text = context.words("custom-done", goal=shown(plan.goal), steps=len(plan.steps), credits=credits)
    return Done(Card(text), {"results": dict(carried.results), "credits": credits})


def faults(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:3])


def shown(text: str) -> str:
    """Somebody's words inside a card: no mark of theirs is ours, and no link."""
    return MARKUP.sub(r"\\\1", text)
