"""One call outside, from admission to settlement: the moment between two transactions in which the world may change."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from orchestrator.actions import budgets, effects, taint
from orchestrator.actions.calls import Call, FilesNeeded, Pending, mended, outside_tool
from orchestrator.actions.redaction import Redactor
from orchestrator.contracts import FatalError, Json, LostRace, MajordomoError, Person, Task, ToolError, TransientError
from orchestrator.execution.hands import Hand
from orchestrator.execution.surroundings import Surroundings
from orchestrator.outside import Found, OutsideTool, Reconciled, Reconciling, Result, Secret
from orchestrator.tasks.journal import LIMIT
from storage.database import database_failed, savepoint

logger = logging.getLogger(__name__)

SETTLING_PAUSES = (0.1, 0.5, 2.0)
"""Seconds before what happened is recorded once more, where the database was away."""
SHELVES = ("results", "results-2", "results-3")
"""Folders for results too large for the journal: the first whose name is not taken by a file."""

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
    charged: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of the files that the call was judged by; a mere look is bound to none."""
    revealed: list[str] = field(default_factory=list, repr=False)

    def charging(self) -> None:
        self.charged = True

    def judged(self, name: str, content: bytes) -> bytes:
        if name in self.files and hashlib.sha256(content).hexdigest() != self.files[name]:
            raise ToolError(f"the file {name} was changed since this was decided; nothing was done with it")
        return content

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

    async def tried(self, handle: str, *, accepted: bool) -> None:
        if self.around.secrets is not None:
            await self.around.secrets.tried(self.person, self.task, handle, accepted=accepted)


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
        scoped = OutsideHand(
            person, task, call.now, call.idempotency_key, folder, self.hand, self.around, name, call.effect_id, call.unsettled, files=call.files
        )
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
            if scoped.charged:
                await self.hand.write(call.task, lambda connection: budgets.settle(connection, call.task, call.key, call.estimate, self.around.clock.now()))
            raise TransientError(await self._clean(scoped, str(trouble) or f"{tool.name} did not answer in {tool.seconds:g} s")) from None
        except ToolError as refusal:
            breaker.succeeded(tool.name)
            await self._refused(scoped, call, ToolError(await self._clean(scoped, str(refusal))))
        except FatalError as failure:
            if scoped.doubtful:
                return await self._after_doubt(tool, scoped, call, failure)
            await self._refused(scoped, call, FatalError(await self._clean(scoped, str(failure))))
        except Exception as error:
            if database_failed(error) and not scoped.doubtful:
                raise  # ours, not the tool's, and nothing has happened yet: as after a crash
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
        except LostRace:
            raise
        except Exception as trouble:
            # A look that breaks, in whatever way, tells nothing: failing here would call undone what may well be done.
            logger.warning("an interrupted effect could not be looked up", extra={"tool": tool.name, "task": call.task.id, "error": type(trouble).__name__})
            return Reconciled(Found.UNKNOWN)

    async def _done(self, scoped: OutsideHand, call: Call, result: Result) -> None:
        """Settle and journal. What happened is recorded even where the task was stopped meanwhile: the world does not roll back."""
        value = await self._kept(scoped, call, result.value)
        cleaned = replace(result, value=value)

        def settle(connection: sa.Connection) -> None:
            call.connection = connection
            self.around.dispatcher.settle(call, cleaned)
            self.keep(connection, call, value, None, call.estimate if result.credits is None else result.credits)

        def settle_late(connection: sa.Connection) -> None:
            call.connection = connection
            self.around.dispatcher.settle(call, cleaned)

        try:
            await self._surely(call, lambda: self.hand.write(call.task, settle))
        except LostRace:
            await self._surely(call, lambda: self.hand.write_anyway(call.task, settle_late))
            raise

    async def _surely(self, call: Call, write: Callable[[], Awaitable[None]]) -> None:
        """Write it, also where the database is away for a moment. Raises TransientError where it stays away: the next run looks what became of the effect."""
        for pause in (*SETTLING_PAUSES, None):
            try:
                return await write()
            except sa.exc.SQLAlchemyError as trouble:
                logger.warning("what happened could not be recorded", extra={"tool": call.tool.name, "task": call.task.id, "error": type(trouble).__name__})
                if pause is None:
                    raise TransientError(f"what {call.tool.name} did could not be recorded") from trouble
                await asyncio.sleep(pause)

    async def _kept(self, scoped: OutsideHand, call: Call, value: Json) -> Json:
        """What the journal keeps of a result: without secrets, as text that can be stored, cut where it is too large."""
        return await asyncio.to_thread(lambda: fit(mended(self._redactor(scoped).value(value)), scoped.folder, call.idempotency_key))

    async def _refused(self, scoped: OutsideHand, call: Call, refusal: MajordomoError) -> None:
        """It certainly did not happen: the entry is closed, and the agent meets the refusal here in every run.

        Its credits are free, unless the other side had been asked for something that it charges; what it says counts as read.
        """

        def close(connection: sa.Connection) -> None:
            now = self.around.clock.now()
            if call.effect_id is not None:
                effects.fail(connection, call.effect_id, now)
            cost = call.estimate if scoped.charged else 0.0
            if scoped.charged:
                budgets.settle(connection, call.task, call.key, cost, now)
            else:
                budgets.release(connection, call.task, call.key, now)
            taint.mark(connection, call.task, _of_refusal(call))
            self.keep(connection, call, None, refusal, cost)

        await self.hand.write(call.task, close)

    def _redactor(self, scoped: OutsideHand) -> Redactor:
        """Blocks: a long secret takes a while."""
        return Redactor(scoped.revealed)

    async def _clean(self, scoped: OutsideHand, text: str) -> str:
        return await asyncio.to_thread(lambda: str(mended(self._redactor(scoped).text(text))))


def _of_refusal(call: Call) -> Result:
    """What the words of a refusal may have brought in: they can quote whatever the tool has seen, and only its own word says that this is public."""
    public = getattr(call.tool, "public", False) and not call.reach.credential and not call.reach.files
    return Result(None, source=", ".join(sorted(call.reach.hosts)) or call.tool.name, private=not public)


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
    size = len(text.encode())
    if size <= LIMIT:
        return value
    cut: dict[str, Json] = {"bytes": size, "beginning": text[:2000]}
    for shelf in SHELVES:
        place = folder / shelf
        try:
            place.mkdir(exist_ok=True)
            if place.is_symlink():
                continue
            (place / f"{key}.json").write_text(text, encoding="utf-8")
        except OSError as trouble:
            logger.warning("a large result could not be kept there", extra={"shelf": shelf, "error": type(trouble).__name__})
            continue
        return {"file": f"{shelf}/{key}.json", **cut}
    return cut
