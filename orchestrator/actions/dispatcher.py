"""Every tool call passes here, through one ordered list of checks folded around the call itself.

Today's list: the fence (was the task stopped?), the schema, the call. Policy, approval, budget, the effect ledger,
credentials and redaction take their places between schema and call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pydantic
import sqlalchemy as sa

from orchestrator.contracts import Catalogue, Clock, Effect, FatalError, Json, LocalTool, Person, Task, Tool, ToolError, ToolScope

DEFAULT_CALL_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call on its way through the checks."""

    tool: Tool
    arguments: Any
    scope: ToolScope
    calls_before: int


Next = Callable[[Call], Json]
Check = Callable[[Call, Next], Json]


def schema(call: Call, proceed: Next) -> Json:
    """Arguments must fit the tool's model."""
    try:
        typed = call.tool.arguments.model_validate(call.arguments)
    except pydantic.ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ToolError(f"{call.tool.name}: {wrong}") from error
    return proceed(Call(call.tool, typed, call.scope, call.calls_before))


def call_limit(limit: int) -> Check:
    """At most `limit` tool calls a task."""

    def check(call: Call, proceed: Next) -> Json:
        if call.calls_before >= limit:
            raise FatalError(f"the limit of {limit} tool calls for one task is reached")
        return proceed(call)

    return check


def run_tool(call: Call) -> Json:
    return cast(LocalTool, call.tool).run(call.scope, call.arguments)


class Dispatcher:
    """The only way to a tool."""

    def __init__(self, catalogue: Catalogue, clock: Clock, checks: Sequence[Check] | None = None) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self.checks: tuple[Check, ...] = tuple(checks) if checks is not None else (call_limit(DEFAULT_CALL_LIMIT), schema)
        self._chain = self._fold()

    def dispatch(self, connection: sa.Connection, person: Person, task: Task, name: str, arguments: dict[str, Json], calls_before: int) -> Json:
        """Run a tool inside the step's transaction. Raises ToolError, TransientError or FatalError."""
        tool = self._catalogue.tool(name)
        if tool is None:
            raise FatalError(f"there is no tool named {name}")
        scope = ToolScope(connection, person, task, self._clock.now())
        return self._chain(Call(tool, arguments, scope, calls_before))

    def effect(self, name: str) -> Effect:
        """What a tool does to the world; an unknown one counts as irreversible."""
        tool = self._catalogue.tool(name)
        return tool.effect if tool else Effect.IRREVERSIBLE

    def _fold(self) -> Next:
        chain: Next = run_tool
        for check in reversed(self.checks):
            chain = _around(check, chain)
        return chain


def _around(check: Check, proceed: Next) -> Next:
    return lambda call: check(call, proceed)
