"""Reason, act, observe, until the goal is reached or a limit says stop: one journaled step for each thought and each call.

The model names tools and arguments. Who the person is, what a call does to the world, whether it may be done and which
secret it uses come from elsewhere and cannot be said by it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pydantic

from orchestrator.actions import taint
from orchestrator.actions.calls import outside_tool
from orchestrator.contracts import Effect, Finding, Json, Plan, Task, Tool, ToolError
from orchestrator.execution import plan_runs, sign_ins
from orchestrator.execution.inert import inert
from orchestrator.execution.surroundings import Surroundings
from orchestrator.execution.transcript import Offered, Transcript
from orchestrator.language_model import Reply, ToolWish
from orchestrator.plans import THINK

if TYPE_CHECKING:
    from orchestrator.execution.context import RunningContext

MOST_THOUGHTS = 30
MOST_WISHES = 8
"""Calls that one thought may wish for; the rest is not made."""
MOST_FAULTS = 3
"""Answers in a row that cannot be used."""
SAME_CALLS, LOOPED = 3, 5
"""The same call with the same arguments is made twice; wished for a third time it is refused, a fifth time it is the end."""
MOST_PLANS = 4
"""One plan, and three more where reality differs."""
MAKE_PLAN = "make_plan"
PLAN_IS = "Propose a plan of several steps; the person starts, changes or cancels it. Use it where a task takes several calls that cost or write."
RESERVED = frozenset({"key"})
"""Names that no argument can have, because they are ours."""
SPOKEN = {"en": "English", "de": "German", "es": "Spanish", "zh": "Chinese"}


async def pursue(context: RunningContext, task: Task, around: Surroundings, goal: str, own: Sequence[str]) -> Finding:
    """See `contracts.Context.pursue`."""
    if around.model is None:
        raise ToolError("no language model is configured")
    transcript = Transcript(task, goal, SPOKEN.get(task.language, task.language))
    return await Pursuit(context, task, around, transcript, offered_by(around, own)).run()


def offered_by(around: Surroundings, own: Sequence[str]) -> Offered:
    """Every tool that reaches outside, and the local ones named that only look."""
    tools = [tool for tool in around.catalogue.tools if outside_tool(tool) is not None or (tool.name in own and tool.effect is Effect.READ)]
    extra: dict[str, tuple[str, type[Any]]] = {MAKE_PLAN: (PLAN_IS, Plan)}
    if around.credentials is not None and any(sign_ins.takes_credential(tool) for tool in tools):
        extra[sign_ins.ASK_ACCESS] = (sign_ins.ASK_IS, sign_ins.Access)
    return Offered.of(tools, extra)


@dataclass(slots=True)
class Pursuit:
    """One run over the journal of one goal. What it counts is counted from the journal, so that every run counts alike."""

    context: RunningContext
    task: Task
    around: Surroundings
    transcript: Transcript
    offered: Offered
    calls: Counter[str] = field(default_factory=Counter)
    faults: int = 0
    plans: int = 0

    async def run(self) -> Finding:
        number = 0
        while True:
            with self.context.scope(number):
                if self.context.knows("answer") or (not self.context.knows("thought") and self._limit(number)):
                    return await self._stop(self._limit(number) or "time")
                try:
                    reply = await self.context.reason("thought", lambda: self.transcript.prompt(self.offered))
                except ToolError as fault:
                    self.faults += 1
                    self.transcript.add(Reply(""), [f"Your last answer could not be used: {fault}. Answer again, shorter."])
                else:
                    self.faults = 0
                    if not reply.wishes:
                        return await self._found(reply.text, "")
                    await self._act(reply)
            number += 1

    async def _act(self, reply: Reply) -> None:
        taken = replace(reply, wishes=reply.wishes[:MOST_WISHES])
        observations = [await self._observe(index, wish) for index, wish in enumerate(taken.wishes)]
        self.transcript.add(taken, observations)

    async def _observe(self, index: int, wish: ToolWish) -> str:
        """What came of one wish: a result, a refusal, or why it was not even tried."""
        if wish.fault:
            return f"ERROR: {wish.fault}"
        if wish.name == MAKE_PLAN:
            return await self._plan(index, wish)
        if wish.name == sign_ins.ASK_ACCESS and sign_ins.ASK_ACCESS in self.offered.extra:
            return await self._access(index, wish)
        tool = self.offered.tools.get(wish.name)
        if tool is None:
            return f"ERROR: there is no tool {wish.name}; there are {', '.join(self.offered.tools)}"
        if taken := RESERVED & wish.arguments.keys():
            return f"ERROR: {tool.name} takes no argument {', '.join(taken)}"
        same = json.dumps([tool.name, wish.arguments], sort_keys=True)
        self.calls[same] += 1
        if self.calls[same] >= SAME_CALLS:
            return "ERROR: this very call was made before; its result stands above. Do something else, or answer."
        return await self._call(index, tool, wish)

    async def _call(self, index: int, tool: Tool, wish: ToolWish) -> str:
        key = str(index)
        if not self.context.knows(key):
            if self.context.calls >= self.around.dispatcher.rules.policy.limits.calls:
                return "ERROR: no more calls can be made in this task"
            if outside_tool(tool) is None:
                await self.context.private()
        try:
            value = await self.context.call(tool.name, key=key, **wish.arguments)
        except ToolError as refusal:
            return f"ERROR, it was not done:\n{self.transcript.data(str(refusal))}"
        return self.transcript.data(value)

    async def _access(self, index: int, wish: ToolWish) -> str:
        """The handle, once the person gave the login; asked for in the chat meanwhile."""
        try:
            with self.context.scope(f"{index}-access"):
                handle = await sign_ins.ask(self.context, self.task, self.around, self.offered.tools.values(), wish.arguments)
        except pydantic.ValidationError as error:
            return "ERROR: " + _faults(error)
        except ToolError as refusal:
            return f"ERROR, there is no access:\n{self.transcript.data(str(refusal))}"
        return f"The person gave it. Pass credential {handle} to the tool that needs it."

    async def _plan(self, index: int, wish: ToolWish) -> str:
        self.plans += 1
        if self.plans > MOST_PLANS:
            return "ERROR: there were enough plans; do it step by step, or answer"
        try:
            plan = self._read(wish.arguments)
            with self.context.scope(f"{index}-plan"):
                carried = await plan_runs.carry_out(self.context, self.task, self.around, plan)
        except pydantic.ValidationError as error:
            return "ERROR: " + _faults(error)
        except ToolError as refusal:
            return f"ERROR, the plan was not carried out:\n{self.transcript.data(str(refusal))}"
        if carried.wish:
            return f"The person wants the plan changed; nothing was done yet. Propose another plan. They say: {carried.wish}"
        results = self.transcript.data(dict(carried.results))
        if carried.failed:
            return f"The step {carried.failed} did not go as planned: {self.transcript.data(carried.reason)}\nDone before, do not repeat it:\n{results}"
        return results

    def _read(self, given: Json) -> Plan:
        """Raises ValidationError, ToolError for tools that do not exist or were not offered."""
        plan = Plan.model_validate(given)
        real = {**self.offered.tools, **{tool.name: tool for tool in self.offered.tools.values()}}
        if unknown := {step.tool for step in plan.steps if step.tool != THINK} - real.keys():
            raise ToolError(f"there is no tool {', '.join(sorted(unknown))}")
        return plan.model_copy(update={"steps": tuple(s if s.tool == THINK else s.model_copy(update={"tool": real[s.tool].name}) for s in plan.steps)})

    def _limit(self, thoughts: int) -> str:
        """Why it must stop now; empty while it may go on."""
        limits = self.around.dispatcher.rules.policy.limits
        if self.faults >= MOST_FAULTS:
            return "faults"
        if max(self.calls.values(), default=0) >= LOOPED:
            return "loop"
        if self.context.worked >= timedelta(minutes=limits.minutes):
            return "time"
        return "thoughts" if thoughts >= MOST_THOUGHTS or self.context.calls >= limits.calls else ""

    async def _stop(self, why: str) -> Finding:
        """One last answer without tools, out of what is known; nothing where the model itself is what fails."""
        if why == "faults":
            return await self._found("", why)
        try:
            reply = await self.context.reason("answer", lambda: self.transcript.prompt(self.offered, last=True))
        except ToolError:
            return await self._found("", why)
        return await self._found(reply.text, why)

    async def _found(self, text: str, why: str) -> Finding:
        sources = await self.context.note("sources", "sources", lambda connection: list(taint.facts(connection, self.context.person, self.task).sources))
        return Finding(inert(text), tuple(str(source) for source in sources or ()), why)


def _faults(error: pydantic.ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:5])
