"""A plan before it begins: what it would cost and take, whether the person is asked, and the card they decide by."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import sqlalchemy as sa

from orchestrator.actions import approvals, asking, taint
from orchestrator.actions.approvals import Ask, Kind, Shown
from orchestrator.actions.calls import outside_tool
from orchestrator.actions.rules import oneself
from orchestrator.contracts import Action, Button, Card, Effect, Person, Plan, PlanStep, Task, ToolError, Waiting
from orchestrator.execution import plan_effects
from orchestrator.execution.plan_effects import Foreseen
from orchestrator.execution.surroundings import Surroundings
from orchestrator.outside import Phrase
from orchestrator.plans import THINK, texts
from storage.audit import AuditKind

if TYPE_CHECKING:
    from orchestrator.execution.context import RunningContext

ASK_ABOVE = 150.0
"""Credits from which a plan that only looks is shown first; one that changes something always is."""
SECONDS_THINKING, SECONDS_CALLING = 10, 3
SOME_ITEMS = 5
"""How many items a step is reckoned to be done for where the plan does not say."""
MOST_CHANGES = 5
SLICE = re.compile(r"\[(\d*):(\d+)\]\}$")
ADDRESS = re.compile(r"https?://[^/?#{}\s@]+(?=[/?#]|$)", re.I)
CHANGE = "edit"


async def start(context: RunningContext, task: Task, around: Surroundings, plan: Plan) -> tuple[Plan, str]:
    """The plan as the person started it, and "" ; or what they want changed. Raises ToolError where they cancel, Waiting."""
    keys = {step.id: context.full(step.id) for step in plan.steps}
    if not asks(around, plan) or await _is_permitted(context, task, around, plan, keys):
        await context.note("plan", "plan", lambda connection: plan.model_dump(mode="json"))
        return plan, ""
    for round_number in range(MOST_CHANGES):
        with context.scope(f"start-{round_number}"):
            verdict = await _decision(context, task, around, plan, keys)
            if verdict == approvals.APPROVE:
                return plan, ""
            choices = {context.words("plan-stop-choice", step=_title(number, step)): step.id for number, step in enumerate(plan.steps, 1)}
            said = str(await context.ask("change", Card(context.words("plan-change"), _say_buttons(choices))))
            if said not in choices:
                return plan, said
            plan = plan.model_copy(update={"steps": tuple(_stopping(step) if step.id == choices[said] else step for step in plan.steps)})
    raise ToolError("the plan was changed too often")


def asks(around: Surroundings, plan: Plan) -> bool:
    """Whether a person is asked before it begins: it changes something, or it costs."""
    writes = any(step.tool != THINK and around.dispatcher.effect(step.tool) is not Effect.READ for step in plan.steps)
    return writes or credits(around, plan) > ASK_ABOVE


async def _is_permitted(context: RunningContext, task: Task, around: Surroundings, plan: Plan, keys: Mapping[str, str]) -> bool:
    """Whether it may begin without being shown: all that it changes is under standing permissions, and it costs little."""
    if context.knows("plan"):
        return True
    if credits(around, plan) > ASK_ABOVE:
        return False
    ask = context.full("start-0/ask")
    return await context.write(lambda connection: plan_effects.needs_no_start(connection, around, context.person, task, plan, keys, ask))


def credits(around: Surroundings, plan: Plan) -> float:
    """What the plan is reckoned to cost."""
    return sum(_cost(around, step) * _times(step) for step in plan.steps)


def duration(plan: Plan) -> timedelta:
    """How long the longest chain of steps is reckoned to take."""
    ends: dict[str, int] = {}
    for step in plan.steps:
        ends[step.id] = max((ends[name] for name in step.needs), default=0) + (SECONDS_THINKING if step.tool == THINK else SECONDS_CALLING)
    return timedelta(seconds=max(ends.values()))


def hosts(plan: Plan) -> frozenset[str]:
    """Hosts that the plan names letter by letter; one that a result would be put into is not named."""
    found = (ADDRESS.match(text) for step in plan.steps for text in texts(step.arguments))
    return frozenset(_host(match.group()) for match in found if match) - {""}


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


def described(step: PlanStep, words: Phrase) -> str:
    """What a step does, from its arguments; what the planner says of it stands in quotes."""
    lines = [f"“{step.note}”"] if step.note else []
    lines += [f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}" for name, value in step.arguments.items()]
    lines += [words("plan-each", list=step.each)] if step.each else []
    lines += [words("plan-asks-first")] if step.stop_before else []
    return "\n".join(lines)


def yes_and_no(words: Phrase) -> tuple[tuple[Button, ...], ...]:
    return _say_buttons([words("plan-yes"), words("plan-no")])


async def _decision(context: RunningContext, task: Task, around: Surroundings, plan: Plan, keys: Mapping[str, str]) -> str:
    """APPROVE or CHANGE, once the person has said so."""
    if context.knows("plan"):
        return approvals.APPROVE
    key = context.full("ask")
    verdict = await context.write(lambda connection: _ask(connection, around, context.person, task, key, plan, keys))
    if verdict is None:
        context.parked = True
        raise Waiting
    if verdict == approvals.APPROVE:
        await context.note("plan", "plan", lambda connection: plan.model_dump(mode="json"))
    return verdict


def _ask(connection: sa.Connection, around: Surroundings, person: Person, task: Task, key: str, plan: Plan, keys: Mapping[str, str]) -> str | None:
    """What was decided about exactly this plan; None while it is open. Its hosts join the task's allow-list with the approval."""

    def words(message: str, /, **given: object) -> str:
        return around.words(task.language, message, given)

    bound = digest(plan, person, task)
    found = approvals.latest(connection, task, key, Kind.PLAN)
    if found is None or (found.state == approvals.DECIDED and found.digest != bound):
        rules, judge, now = around.dispatcher.rules, oneself(connection, person, task), around.clock.now()
        effects = plan_effects.foresee(connection, around, person, task, plan, keys)
        facts = taint.facts(connection, person, task)
        title = words("plan-title", number=task.number, title=task.title or plan.goal)
        new = Ask(
            Kind.PLAN, task, key, bound, Shown(title, _details(plan, effects, words), _notes(around, plan, effects, facts.sources, words)), judge.person.id,
            judge.chat_id, now, timedelta(hours=rules.policy.approvals.hours), arguments=plan.model_dump(mode="json"),
            tainted=facts.tainted, covers={one.key: one.digest for one in effects if one.digest},
        )  # fmt: skip
        asking.open_ask(connection, new, judge.person, around.words)
        return None
    if found.state == approvals.PENDING:
        return None
    if found.state != approvals.DECIDED or found.decision == approvals.DECLINE:
        raise ToolError(words("plan-expired" if found.state == approvals.EXPIRED else "plan-cancelled"))
    if found.decision == approvals.APPROVE:
        taint.allow_hosts(connection, task, hosts(plan))
        around.dispatcher.rules.note(connection, AuditKind.APPROVAL, "plan", person.id, task.id, digest=bound)
    return found.decision


def digest(plan: Plan, person: Person, task: Task) -> str:
    """SHA-256 over the whole plan, for whom and for which task."""
    bound = {"plan": plan.model_dump(mode="json"), "person": person.id, "task": task.id, "epoch": task.epoch}
    return hashlib.sha256(json.dumps(bound, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def _details(plan: Plan, effects: Sequence[Foreseen], words: Phrase) -> tuple[tuple[str, str], ...]:
    by_step = {one.step.id: one for one in effects}
    return tuple((_title(number, step), _detail(step, by_step.get(step.id), words)) for number, step in enumerate(plan.steps, 1))


def _detail(step: PlanStep, effect: Foreseen | None, words: Phrase) -> str:
    """A step, and what becomes of its approval: an effect that is approved by the start is shown in its tool's own words, whole."""
    if effect is None or not effect.asked:
        return described(step, words)
    if effect.permitted:
        return f"{described(step, words)}\n{words('plan-permitted')}"
    if not effect.digest:
        return f"{described(step, words)}\n{words('plan-asked-later')}"
    said = [f"“{step.note}”"] if step.note else []
    return "\n".join([*said, effect.shown, *([words("plan-asks-first")] if step.stop_before else []), words("plan-approved-by-start")])


def _notes(around: Surroundings, plan: Plan, effects: Sequence[Foreseen], sources: Sequence[str], words: Phrase) -> tuple[str, ...]:
    notes = [words("plan-estimate", credits=round(credits(around, plan)), seconds=round(duration(plan).total_seconds()))]
    if any(one.asked and one.digest for one in effects):
        notes.append(words("plan-start-approves"))
    if any(one.asked and not one.digest and not one.permitted for one in effects):
        notes.append(words("plan-asks-later"))
    return (*notes, words("note-sources", sources=", ".join(sources[:5]))) if sources else tuple(notes)


def _title(number: int, step: PlanStep) -> str:
    return f"{number}. {step.tool}"


def _stopping(step: PlanStep) -> PlanStep:
    return step.model_copy(update={"stop_before": True})


def _say_buttons(labels: Sequence[str] | dict[str, str]) -> tuple[tuple[Button, ...], ...]:
    return tuple((Button(label, Action("say", value=label)),) for label in labels)


def _cost(around: Surroundings, step: PlanStep) -> float:
    if step.tool == THINK:
        return around.prices.steps.reasoning
    tool = outside_tool(around.dispatcher.tool(step.tool))
    return float(tool.credits) if tool is not None else 0.0


def _times(step: PlanStep) -> int:
    if not step.each:
        return 1
    match = SLICE.search(step.each)
    return max(1, int(match.group(2)) - int(match.group(1) or 0)) if match else SOME_ITEMS
