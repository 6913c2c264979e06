"""One call outside, from admission to settlement: the moment between two transactions in which the world may change."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from orchestrator.actions import budgets, effects
from orchestrator.actions.calls import Call, FilesNeeded, Pending, outside_tool
from orchestrator.actions.redaction import Redactor
from orchestrator.contracts import FatalError, Json, LostRace, MajordomoError, Person, Task, ToolError, TransientError
from orchestrator.execution.hands import Hand
from orchestrator.execution.surroundings import Surroundings
from orchestrator.outside import Found, OutsideTool, Reconciled, Reconciling, Result, Secret
from orchestrator.tasks.journal import LIMIT
from storage.database import savepoint

logger = logging.getLogger(__name__)

Keep = Callable[[sa.Connection, Call, Json, MajordomoError | None, float], None]
"""Journals how a call ended, inside the transaction that settles it; the last argument is what it cost."""


@dataclass(slots=True)
class OutsideHand:
    """What a tool is handed for one call. See `orchestrator.outside.Outside`."""

    person: Person
    task: Task
    now: datetime
    key: str
    folder: Path
    hand: Hand
    around: Surroundings
    tool: str
    effect_id: str | None
    doubtful: bool = False
    revealed: list[str] = field(default_factory=list, repr=False)

    async def in_doubt(self) -> None:
        if self.effect_id is None:
            return
        effect_id = self.effect_id
        await self.hand.write(self.task, lambda connection: effects.into_doubt(connection, effect_id, self.around.clock.now()))
        self.doubtful = True

    async def secret(self, handle: str, url: str) -> Secret:
        if self.around.secrets is None:
            raise ToolError("this house keeps no credentials")
        found = await self.around.secrets.reveal(self.person, self.task, self.tool, handle, url)
        self.revealed.extend(found.fields.values())
        return found


@dataclass(frozen=True, slots=True)
class OutsideCalls:
    """Drives calls of one run. `keep` journals; `make` returns None when the call has ended and is journaled, else what it waits for."""

    around: Surroundings
    hand: Hand
    keep: Keep

    async def make(self, person: Person, task: Task, key: str, name: str, arguments: Mapping[str, Json], calls_before: int) -> Pending | None:
        """Raises TransientError where it should be tried again, LostRace where the task was stopped."""
        tool = self.around.dispatcher.tool(name)
        outside = outside_tool(tool)
        if outside is None:
            raise FatalError(f"{name} is no tool that reaches outside")
        folder = self.around.folder_of(person.id)
        files: dict[str, str] = {}
        while True:
            call = Call(None, person, task, key, tool, arguments, self.around.clock.now(), calls_before, dict(files))  # type: ignore[arg-type]
            try:
                pending, ended = await self.hand.write(task, lambda connection, call=call: self._admit(connection, call))  # type: ignore[misc]
                break
            except FilesNeeded as needed:
                files |= await asyncio.to_thread(_hashes, folder, needed.names)
        if pending is not None or ended:
            return pending
        scoped = OutsideHand(person, task, call.now, call.idempotency_key, folder, self.hand, self.around, name, call.effect_id, call.unsettled)
        if call.unsettled:
            return await self._after_doubt(outside, scoped, call, None)
        return await self._act(outside, scoped, call)

    def _admit(self, connection: sa.Connection, call: Call) -> tuple[Pending | None, bool]:
        """The checks; a refusal is journaled in the same transaction, so that a later run meets it in the same place."""
        call.connection = connection
        try:
            with savepoint(connection):
                pending = self.around.dispatcher.admit(call)
        except (TransientError, LostRace, FilesNeeded):
            raise
        except MajordomoError as refusal:
            if call.effect_id is not None:
                effects.fail(connection, call.effect_id, call.now)
            budgets.release(connection, call.task, call.key, call.now)
            self.keep(connection, call, None, refusal, 0.0)
            return None, True
        if call.known is not None:
            self.keep(connection, call, call.known.value, None, 0.0)
        return pending, call.known is not None

    async def _act(self, tool: OutsideTool, scoped: OutsideHand, call: Call) -> Pending | None:
        breaker = self.around.dispatcher.rules.breaker
        try:
            async with asyncio.timeout(tool.seconds):
                result = await tool.act(scoped, call.arguments)
        except LostRace:
            raise
        except (TransientError, TimeoutError) as trouble:
            breaker.failed(tool.name, self.around.clock.now())
            if scoped.doubtful:
                return await self._after_doubt(tool, scoped, call, trouble)
            raise TransientError(self._clean(scoped, str(trouble) or f"{tool.name} did not answer in {tool.seconds:g} s")) from None
        except ToolError as refusal:
            breaker.succeeded(tool.name)
            await self._refused(scoped, call, ToolError(self._clean(scoped, str(refusal))))
        except FatalError as failure:
            if scoped.doubtful:
                return await self._after_doubt(tool, scoped, call, failure)
            await self._refused(scoped, call, FatalError(self._clean(scoped, str(failure))))
        except Exception as error:
            logger.error("a tool broke", extra={"tool": tool.name, "task": call.task.id, "error": type(error).__name__})
            if scoped.doubtful:
                return await self._after_doubt(tool, scoped, call, error)
            await self._refused(scoped, call, FatalError(f"{tool.name} broke with an unexpected error"))
        else:
            breaker.succeeded(tool.name)
            await self._done(scoped, call, result)
        return None

    async def _after_doubt(self, tool: OutsideTool, scoped: OutsideHand, call: Call, trouble: Exception | None) -> Pending | None:
        """It was interrupted after the irreversible moment: look for its traces, never repeat it unseen, else ask."""
        seen = await self._look(tool, scoped, call)
        if seen.found is Found.DONE:
            await self._done(scoped, call, seen.result or Result(None))
            return None
        if seen.found is Found.NOT_DONE and call.effect_id is not None:
            effect_id = call.effect_id
            await self.hand.write(call.task, lambda connection: effects.claim(connection, effect_id, (effects.IN_DOUBT,)))
            if trouble is not None:
                raise TransientError(f"{tool.name} was interrupted; nothing had happened yet")
            scoped.doubtful = False
            return await self._act(tool, scoped, call)

        def ask(connection: sa.Connection) -> Pending:
            call.connection = connection
            self.around.dispatcher.rules.ask_what_became(call)
            return Pending()

        return await self.hand.write(call.task, ask)

    async def _look(self, tool: OutsideTool, scoped: OutsideHand, call: Call) -> Reconciled:
        if not isinstance(tool, Reconciling):
            return Reconciled(Found.UNKNOWN)
        try:
            async with asyncio.timeout(tool.seconds):
                return await tool.reconcile(scoped, call.arguments)
        except (MajordomoError, TimeoutError, OSError) as trouble:
            logger.warning("an interrupted effect could not be looked up", extra={"tool": tool.name, "task": call.task.id, "error": type(trouble).__name__})
            return Reconciled(Found.UNKNOWN)

    async def _done(self, scoped: OutsideHand, call: Call, result: Result) -> None:
        """Settle and journal. What happened is recorded even where the task was stopped meanwhile: the world does not roll back."""
        value = self._redactor(scoped).value(result.value)
        value = await asyncio.to_thread(fit, value, scoped.folder, call.idempotency_key)

        def settle(connection: sa.Connection) -> None:
            call.connection = connection
            cleaned = Result(value, result.source, result.private, result.undo, result.credits)
            self.around.dispatcher.settle(call, cleaned)
            self.keep(connection, call, value, None, call.estimate if result.credits is None else result.credits)

        try:
            await self.hand.write(call.task, settle)
        except LostRace:
            await self.hand.write_anyway(call.task, lambda connection: self._too_late(connection, call, result, value))
            raise

    def _too_late(self, connection: sa.Connection, call: Call, result: Result, value: Json) -> None:
        if call.effect_id is not None:
            effects.settle(connection, call.effect_id, result, value, self.around.clock.now())
        budgets.settle(connection, call.task, call.key, call.estimate, self.around.clock.now())

    async def _refused(self, scoped: OutsideHand, call: Call, refusal: MajordomoError) -> None:
        """It certainly did not happen: the entry is closed, its credits are free, and the agent meets the refusal here in every run."""

        def close(connection: sa.Connection) -> None:
            now = self.around.clock.now()
            if call.effect_id is not None:
                effects.fail(connection, call.effect_id, now)
            budgets.release(connection, call.task, call.key, now)
            self.keep(connection, call, None, refusal, 0.0)

        await self.hand.write(call.task, close)

    def _redactor(self, scoped: OutsideHand) -> Redactor:
        return Redactor(scoped.revealed)

    def _clean(self, scoped: OutsideHand, text: str) -> str:
        return self._redactor(scoped).text(text)


def _hashes(folder: Path, names: tuple[str, ...]) -> dict[str, str]:
    """SHA-256 of files in a person's folder; one that is missing has no hash, and its tool will say so."""
    found = {}
    for name in names:
        path = (folder / name).resolve()
        inside = path.is_relative_to(folder.resolve()) and path.is_file()
        found[name] = hashlib.sha256(path.read_bytes()).hexdigest() if inside else ""
    return found


def fit(value: Json, folder: Path, key: str) -> Json:
    """A value too large for the journal goes to a file of the person's; the journal keeps its name and its beginning."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text.encode()) <= LIMIT:
        return value
    results = folder / "results"
    results.mkdir(exist_ok=True)
    path = results / f"{key}.json"
    path.write_text(text, encoding="utf-8")
    return {"file": f"results/{path.name}", "bytes": len(text.encode()), "beginning": text[:2000]}
