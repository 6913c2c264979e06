"""Every tool call passes here: one ordered list of checks before it, one ordered list of consequences after it.

A local tool passes its lists and runs between them in one transaction. A call outside is admitted in one transaction,
made without any, and settled in another; `orchestrator.execution.outside_calls` drives it, injects credentials and
redacts what comes back. Epoch and lease are compared by the fence of each of these transactions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import sqlalchemy as sa

from orchestrator.actions import checks
from orchestrator.actions.calls import Call, Pending
from orchestrator.actions.limits import Breaker
from orchestrator.actions.policy import load
from orchestrator.actions.rules import Rules
from orchestrator.contracts import Catalogue, Clock, Effect, FatalError, Json, LocalTool, Person, Task, Tool, ToolScope, Words
from orchestrator.outside import Result

Check = Callable[[Rules, Call], Pending | None]
"""None lets the call go on, Pending parks it; ToolError or FatalError refuse it, TransientError delays it."""
Consequence = Callable[[Rules, Call, Result], None]

LOCAL_ADMISSION: tuple[Check, ...] = (checks.call_limit, checks.schema, checks.local_policy)
LOCAL_SETTLEMENT: tuple[Consequence, ...] = (checks.record_undo,)
ADMISSION: tuple[Check, ...] = (
    checks.schema,
    checks.call_limit,
    checks.rates,
    checks.marks,
    checks.policy,
    checks.doubt,
    checks.approval,
    checks.budget,
    checks.ledger,
)
SETTLEMENT: tuple[Consequence, ...] = (checks.settle_effect, checks.settle_budget, checks.mark_task, checks.audit)


class Dispatcher:
    """The only way to a tool."""

    def __init__(
        self, catalogue: Catalogue, clock: Clock, words: Words, rules: Rules | None = None, *, admission: Sequence[Check] = ADMISSION
    ) -> None:  # fmt: skip
        policy = load()
        self.rules = rules or Rules(policy, clock, words, Breaker(policy.limits))
        self.admission = tuple(admission)
        self._catalogue = catalogue
        self._clock = clock

    def tool(self, name: str) -> Tool:
        """Raises FatalError for a tool that is not installed."""
        tool = self._catalogue.tool(name)
        if tool is None:
            raise FatalError(f"there is no tool named {name}")
        return tool

    def effect(self, name: str) -> Effect:
        """What a tool does to the world; an unknown one counts as irreversible."""
        tool = self._catalogue.tool(name)
        return tool.effect if tool else Effect.IRREVERSIBLE

    def dispatch(self, connection: sa.Connection, person: Person, task: Task, key: str, name: str, arguments: Mapping[str, Json], calls_before: int) -> Json:
        """Run a local tool inside the step's transaction. Raises ToolError, TransientError or FatalError."""
        call = Call(connection, person, task, key, self.tool(name), arguments, self._clock.now(), calls_before)
        if call.outside is not None:
            raise FatalError(f"{name} reaches outside: only an agent of the durable lane can call it")
        self._pass(call, LOCAL_ADMISSION)
        output = cast(LocalTool, call.tool).run(ToolScope(connection, person, task, call.now), call.arguments)
        for consequence in LOCAL_SETTLEMENT:
            consequence(self.rules, call, Result(output))
        return output

    def admit(self, call: Call) -> Pending | None:
        """Pass the checks of a call outside. None: it may be made now, or `call.known` has its result already."""
        return self._pass(call, self.admission)

    def settle(self, call: Call, result: Result) -> None:
        """What follows a call that was made."""
        for consequence in SETTLEMENT:
            consequence(self.rules, call, result)

    def _pass(self, call: Call, admission: tuple[Check, ...]) -> Pending | None:
        for check in admission:
            if (pending := check(self.rules, call)) is not None:
                return pending
            if call.known is not None:
                return None
        return None
