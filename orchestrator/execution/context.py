"""What a running agent may do: the hand that journals each step and hands finished ones back."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar, cast

import sqlalchemy as sa

from orchestrator.actions import taint
from orchestrator.actions.calls import Call, mended, outside_tool
from orchestrator.actions.credentials import Wanted
from orchestrator.contracts import (
    AnswerKind,
    Card,
    DuplicateKey,
    Effect,
    FatalError,
    JournalMismatch,
    Json,
    MajordomoError,
    Option,
    Person,
    Task,
    ToolError,
    TransientError,
    Waiting,
)
from orchestrator.execution import credential_steps, reasoning, subtasks, transcript
from orchestrator.execution.hands import Hand
from orchestrator.execution.outside_calls import OutsideCalls
from orchestrator.execution.reasoning import Prompt, Thoughts
from orchestrator.execution.surroundings import Surroundings
from orchestrator.language_model import Reply
from orchestrator.outside import Result
from orchestrator.tasks import events, journal, outgoing, questions
from orchestrator.tasks.journal import Step
from storage.database import savepoint
from storage.models import TaskRow
from storage.vault.credentials import CredentialKind

if TYPE_CHECKING:
    from orchestrator.plans import Carried, Finding, Plan

T = TypeVar("T")
LOOKED_AT_OWN = Result(None, private=True)


class RunningContext:
    """One run of one segment. See `contracts.Context` for what each method promises."""

    def __init__(self, task: Task, person: Person, hand: Hand, steps: dict[str, Step], around: Surroundings, message_id: str | None = None) -> None:
        self.person = person
        self._task = task
        self._hand = hand
        self._steps = steps
        self._around = around
        self._message_id = message_id
        self._used: set[str] = set()
        self._scope: tuple[str, ...] = ()
        self.parked = False
        """Whether a call waits for a person or an instant."""
        self.resume_at: datetime | None = None
        self._calls = sum(step.kind == "call" for step in steps.values())

    @property
    def seen(self) -> frozenset[str]:
        """The keys of every finished step this run knows of."""
        return frozenset(self._steps)

    @property
    def changed(self) -> bool:
        """Whether this task called anything that is not a mere look."""
        return any(step.kind == "call" and step.error is None and not self._is_read(step.name) for step in self._steps.values())

    @property
    def calls(self) -> int:
        """Tool calls begun so far."""
        return self._calls

    @property
    def worked(self) -> timedelta:
        """How long the steps of this task took, waiting left out."""
        return timedelta(milliseconds=sum(step.duration_ms for step in self._steps.values()))

    def words(self, message: str, /, **arguments: Any) -> str:
        return self._around.words(self._task.language, message, arguments)

    async def now(self, key: str = "now") -> datetime:
        value = await self._step(key, "now", "", None, lambda connection: self._around.clock.now().isoformat())
        return datetime.fromisoformat(str(value))

    async def random(self, key: str) -> float:
        value = await self._step(key, "random", "", None, lambda connection: random.random())
        return float(value)

    async def say(self, card: Card | str, *, key: str) -> None:
        await self._step(key, "say", "", None, lambda connection: outgoing.post(connection, self._envelope(), as_card(card)))

    async def progress(self, label: str, percent: int) -> None:
        percent = max(0, min(100, percent))

        def work(connection: sa.Connection) -> None:
            connection.execute(sa.update(TaskRow).where(TaskRow.id == self._task.id).values(progress=percent))
            events.record(connection, self._task, events.PROGRESS, {"percent": percent, "label": label}, self._around.clock.now())
            if not self._hand.instant and self._task.chat_id:
                text = self._around.words(self._task.language, "progress", {"number": self._task.number, "label": label, "percent": percent})
                outgoing.post(connection, self._envelope(), Card(text, silent=True, status_key=f"task:{self._task.id}"))

        await self._hand.write(self._task, work)

    async def ask(self, key: str, prompt: Card | str, kind: AnswerKind = AnswerKind.TEXT) -> Json:
        return await self._question(key, as_card(prompt), kind, ())

    async def choose(self, key: str, prompt: Card | str, options: Sequence[Option]) -> Json:
        if not options:
            raise FatalError(f"nothing to choose from at {key}")
        return await self._question(key, as_card(prompt), AnswerKind.CHOICE, options)

    async def call(self, tool: str, /, *, key: str, **arguments: Json) -> Json:
        key = self._key(key)
        known = self._steps.get(key)
        mark = journal.digest([tool, arguments])
        if known is not None and (known.digest == mark or not self._is_read(tool)):
            if known.digest != mark:
                raise JournalMismatch(f"{key} was called with other arguments before")
            return _replay(known)
        if self._hand.instant or outside_tool(self._around.dispatcher.tool(tool)) is None:
            await self._hand.write(self._task, lambda connection: self._call(connection, key, tool, arguments, mark))
        else:
            await self._call_outside(key, tool, arguments, mark)
        return _replay(self._steps[key])

    async def think(self, key: str, prompt: str) -> str:
        return (await self.reason(key, lambda: transcript.question(prompt))).text

    async def reason(self, key: str, prompt: Callable[[], Prompt]) -> Reply:
        """One thought in the books; `prompt` is built when it is needed. Raises ToolError where there is no model, or its answer was of no use."""
        key = self._key(key)
        if key not in self._steps:
            thoughts = Thoughts(self._around, self._hand, self._keep)
            if await thoughts.make(self.person, self._task, key, prompt, lambda: len(self._steps)) is not None:
                self.parked = True
                raise Waiting
        return reasoning.from_json(_replay(self._steps[key]))

    async def pursue(self, key: str, goal: str, *, own: Sequence[str] = ()) -> Finding:
        with self.scope(key):
            return cast("Finding", await _executor().pursue(self, self._task, self._around, goal, own))

    async def carry_out(self, key: str, plan: Plan) -> Carried:
        with self.scope(key):
            return cast("Carried", await _plan_runs().carry_out(self, self._task, self._around, plan))

    async def note(self, key: str, kind: str, work: Callable[[sa.Connection], Json], name: str = "") -> Json:
        """A step of the wing's own: done once, inside its transaction."""
        return await self._step(key, kind, name, None, work)

    async def private(self) -> None:
        """Mark the task: something of the person's own was read, by a tool that does not say so itself."""
        await self._hand.write(self._task, lambda connection: taint.mark(connection, self._task, LOOKED_AT_OWN))

    async def write(self, work: Callable[[sa.Connection], T]) -> T:
        """A transaction of the task's that is kept elsewhere than in the journal."""
        return await self._hand.write(self._task, work)

    def full(self, key: str) -> str:
        """The key with the present scope before it."""
        return "/".join((*self._scope, key))

    def knows(self, key: str) -> bool:
        """Whether a step of the present scope has ended in an earlier run."""
        return self.full(key) in self._steps

    async def credential(
        self, key: str, *, service: str, url: str, tools: Sequence[str], kind: str = "other", fields: Sequence[str] = ("username", "password"), reason: str = ""
    ) -> str:
        wanted = Wanted(service, CredentialKind(kind), url, tuple(tools), tuple(fields), reason)
        key = self._key(key)
        if (known := self._steps.get(key)) is not None:
            return str(_replay(known))
        count, task = len(self._steps), self._task
        settle = credential_steps.settle
        if not await self._hand.write(task, lambda connection: settle(connection, self._around, self.person, task, key, wanted, self._keep, count)):
            self.parked = True
            raise Waiting
        return str(_replay(self._steps[key]))

    async def subtask(self, key: str, task_type: str, **slots: Json) -> Json:
        key = self._key(key)
        if (known := self._steps.get(key)) is not None:
            return _replay(known)
        await self._hand.write(self._task, lambda connection: subtasks.start(connection, self._task, key, task_type, slots, self._around))
        raise Waiting

    @contextmanager
    def scope(self, name: object) -> Iterator[None]:
        before = self._scope
        self._scope = (*before, str(name))
        try:
            yield
        finally:
            self._scope = before

    async def all(self, *waits: Awaitable[Any]) -> list[Any]:
        results: list[Any] = []
        waiting = False
        for wait in waits:
            try:
                results.append(await wait)
            except Waiting:
                waiting = True
        if waiting:
            raise Waiting
        return results

    # --- how a step is kept ---

    async def _question(self, key: str, prompt: Card, kind: AnswerKind, options: Sequence[Option]) -> Json:
        key = self._key(key)
        if (known := self._steps.get(key)) is not None:
            return _replay(known)
        await self._hand.write(self._task, lambda connection: questions.ask(connection, self._envelope(), self._task, key, prompt, kind, options))
        raise Waiting

    async def _step(self, key: str, kind: str, name: str, given: Json, work: Callable[[sa.Connection], Json]) -> Json:
        key = self._key(key)
        if (known := self._steps.get(key)) is not None:
            return _replay(known)

        def journaled(connection: sa.Connection) -> Json:
            begun = time.perf_counter()
            return self._write(connection, key, kind, name, given, work(connection), None, None, begun)

        return await self._hand.write(self._task, journaled)

    def _call(self, connection: sa.Connection, key: str, tool: str, arguments: dict[str, Json], mark: str) -> None:
        """Run a tool and journal how it ended; a failure is raised only after the commit, so that it is kept."""
        begun = time.perf_counter()
        output: Json = None
        failure: dict[str, Any] | None = None
        try:
            with savepoint(connection):
                output = self._around.dispatcher.dispatch(connection, self.person, self._task, key, tool, arguments, self._calls)
        except TransientError:
            raise
        except MajordomoError as error:
            failure = {"type": type(error).__name__, "message": str(error)}
        self._calls += 1
        self._write(connection, key, "call", tool, mended(arguments), output, failure, mark, begun)

    async def _call_outside(self, key: str, tool: str, arguments: dict[str, Json], mark: str) -> None:
        """Make a call outside, or leave `process` until it may be made."""
        begun = time.perf_counter()

        def keep(connection: sa.Connection, call: Call, output: Json, failure: MajordomoError | None, cost: float) -> None:
            error = {"type": type(failure).__name__, "message": str(failure)} if failure is not None else None
            spent = (time.perf_counter() - begun) * 1000
            ran = call.plain_arguments()
            self._keep(connection, Step(key, "call", tool, output, error, mark, ran, round(spent, 3), len(self._steps), credits=cost))

        self._calls += 1
        pending = await OutsideCalls(self._around, self._hand, keep).make(self.person, self._task, key, tool, arguments, self._calls - 1)
        if pending is not None:
            self.parked = True
            if pending.until is not None:
                self.resume_at = min(pending.until, self.resume_at) if self.resume_at else pending.until
            raise Waiting

    def _write(
        self, connection: sa.Connection, key: str, kind: str, name: str, given: Json, output: Json, error: dict[str, Any] | None, mark: str | None, begun: float
    ) -> Json:
        spent = (time.perf_counter() - begun) * 1000
        self._keep(connection, Step(key, kind, name, output, error, mark, given, round(spent, 3), len(self._steps)))
        return output

    def _keep(self, connection: sa.Connection, step: Step) -> None:
        journal.write(connection, self._task, step, self._around.clock.now())
        self._steps[step.key] = step

    def _key(self, key: str) -> str:
        full = self.full(key)
        if full in self._used:
            raise DuplicateKey(f"the step key {full} was used twice in one run")
        self._used.add(full)
        return full

    def _envelope(self) -> outgoing.Envelope:
        if self._task.chat_id is None:
            raise FatalError("this task has no chat to speak in")
        return outgoing.Envelope(self._task.chat_id, self._task.person_id, self._around.clock.now(), self._task.id, self._message_id)

    def _is_read(self, tool: str) -> bool:
        return self._around.dispatcher.effect(tool) is Effect.READ


def _executor() -> ModuleType:
    """Plans and the reasoning about them are loaded when somebody wants them."""
    from orchestrator.execution import executor  # noqa: PLC0415

    return executor


def _plan_runs() -> ModuleType:
    from orchestrator.execution import plan_runs  # noqa: PLC0415

    return plan_runs


def as_card(card: Card | str) -> Card:
    return Card(card) if isinstance(card, str) else card


_ERRORS: dict[str, type[MajordomoError]] = {"ToolError": ToolError, "FatalError": FatalError}


def _replay(step: Step) -> Json:
    """A finished step again: its value, or its error as first raised."""
    if step.error is not None:
        raise _ERRORS.get(step.error["type"], ToolError)(step.error["message"])
    return step.output
