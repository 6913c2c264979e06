"""What a plan would do to the world, as far as it is known before the plan begins.

An effect whose arguments are final is shown whole on the plan's card, and starting the plan approves it; one whose
arguments come out of earlier steps is asked about when they are there; one under a standing permission is not asked about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pydantic
import sqlalchemy as sa

from orchestrator.actions import approvals, asking, permissions, taint
from orchestrator.actions.approvals import Kind
from orchestrator.actions.calls import Call, FilesNeeded, outside_tool, reach_of
from orchestrator.actions.policy import Verdict
from orchestrator.contracts import Effect, Person, Plan, PlanStep, Task, ToolError, Words
from orchestrator.execution.surroundings import Surroundings
from orchestrator.plans import REFERENCE, THINK, texts

ROOM = 300
"""Characters of a card's part that are left for what the planner and we say of the step."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One step that would change something. `shown` and `digest` are empty unless starting the plan approves it."""

    step: PlanStep
    key: str
    asked: bool
    """Whether policy asks about it."""
    permitted: bool = False
    """Whether a standing permission fits it at present."""
    shown: str = ""
    digest: str = ""


def foresee(connection: sa.Connection, around: Surroundings, person: Person, task: Task, plan: Plan, keys: Mapping[str, str]) -> tuple[Foreseen, ...]:
    """Every step of a plan that changes something outside; `keys` are the step keys under which they will be done."""
    rules = around.dispatcher.rules
    facts = taint.facts(connection, person, task, rules.policy.addresses)
    facts = replace(facts, hosts=facts.hosts | rules.house_hosts)
    decides = rules.approver(connection, person, task).person.id == person.id
    found = []
    for step in _changing(around, plan):
        call = Call(connection, person, task, keys[step.id], around.dispatcher.tool(step.tool), dict(step.arguments), around.clock.now(), facts=facts)
        try:
            call.arguments = call.tool.arguments.model_validate(call.arguments)
            call.reach = reach_of(call.tool, call.arguments)
        except (pydantic.ValidationError, ToolError):
            found.append(Foreseen(step, call.key, True))
            continue
        asked = rules.policy.judge(call.tool.effect, call.reach, facts).verdict is not Verdict.ALLOW
        permitted = asked and permissions.would_cover(rules.policy.standing, call)
        shown, digest = _final(step, call, around.words) if decides and not permitted else ("", "")
        found.append(Foreseen(step, call.key, asked, permitted, shown, digest))
    return tuple(found)


def needs_no_start(connection: sa.Connection, around: Surroundings, person: Person, task: Task, plan: Plan, keys: Mapping[str, str], ask: str) -> bool:
    """Whether everything that the plan changes is under standing permissions, and nobody was asked (under the key `ask`) to start it yet."""
    if approvals.latest(connection, task, ask, Kind.PLAN) is not None:
        return False
    steps = foresee(connection, around, person, task, plan, keys)
    local = [step for step in plan.steps if step.tool != THINK and outside_tool(around.dispatcher.tool(step.tool)) is None]
    own = [step for step in local if around.dispatcher.effect(step.tool) is not Effect.READ]
    return bool(steps) and not own and all(one.permitted for one in steps)


def _changing(around: Surroundings, plan: Plan) -> Iterator[PlanStep]:
    for step in plan.steps:
        if step.tool != THINK and outside_tool(around.dispatcher.tool(step.tool)) is not None and around.dispatcher.effect(step.tool) is not Effect.READ:
            yield step


def _final(step: PlanStep, call: Call, words: Words) -> tuple[str, str]:
    """What the card shows of an effect whose arguments are final, and its digest; nothing where a part would be cut off, or a file is used."""
    if step.each or any(REFERENCE.search(text) for text in texts(step.arguments)):
        return "", ""
    preview = call.preview(words)
    shown = "\n".join([preview.summary, *(f"{name}: {value}" for name, value in preview.details)])
    try:
        digest = call.digest()
    except FilesNeeded:
        return "", ""
    return (shown, digest) if len(asking.visible(shown)) <= asking.LONGEST_VALUE - ROOM else ("", "")
