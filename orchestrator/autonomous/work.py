"""Carrying runs out: begun in one transaction, looked around in a reading one, acted and accounted for in one more."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from orchestrator.autonomous import looking, runs
from orchestrator.autonomous.acting import Acting, Deed
from orchestrator.autonomous.looking import Matter
from orchestrator.autonomous.runs import ATTEMPTS, GAVE_UP, Result, Run
from orchestrator.contracts import LostRace, Person
from orchestrator.execution.runner import Runner
from orchestrator.tasks import notifications, outgoing, preferences
from orchestrator.tasks.notifications import Notice
from orchestrator.tasks.people import person_of
from storage.database import Database
from storage.models import AutonomousRow

AUTONOMOUS = "autonomous"
"""The kind of its notifications."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Begun:
    run: Run
    person: Person
    chat_id: str


@dataclass(frozen=True, slots=True)
class Autonomous:
    """Works off what is due. Whatever a run does is one transaction: killed before its commit, nothing of it has happened."""

    database: Database
    runner: Runner

    async def sweep(self) -> datetime | None:
        """Carry out what was begun by others and left, then what has come due; returns the next due instant."""
        await self._work_off()
        while await self.database.write(lambda connection: runs.due(connection, self._now())):
            await self._work_off()
        return await self.database.read(runs.next_due)

    async def _work_off(self) -> None:
        for run_id in await self.database.read(lambda connection: runs.open_runs(connection, self._now())):
            try:
                await self.run(run_id)
            except Exception:
                logger.exception("an autonomous run failed; it is tried again", extra={"run": run_id})

    async def run(self, run_id: str) -> Result | None:
        """One run from its beginning to its account; None when somebody else works at it. An idle one asks no model and sends nothing."""
        begun = await self.database.write(lambda connection: self._begin(connection, run_id))
        if begun is None:
            return None
        if begun.run.attempt > ATTEMPTS:
            return await self._settle(begun, None)
        now = self._now()
        matters = await self.database.read(lambda connection: looking.look(connection, self.runner.catalogue, begun.person, now))
        return await self._settle(begun, matters)

    async def _settle(self, begun: _Begun, matters: Sequence[Matter] | None) -> Result | None:
        try:
            return await self.database.write(lambda connection: self._finish(connection, begun, matters))
        except LostRace:
            logger.info("an autonomous run was taken over", extra={"run": begun.run.id})
            return None

    def _begin(self, connection: sa.Connection, run_id: str) -> _Begun | None:
        run = runs.begin(connection, run_id, self._now())
        if run is None:
            return None
        chat_id = connection.execute(sa.select(AutonomousRow.chat_id).where(AutonomousRow.person_id == run.person_id)).scalar_one()
        return _Begun(run, person_of(connection, run.person_id), chat_id)

    def _finish(self, connection: sa.Connection, begun: _Begun, matters: Sequence[Matter] | None) -> Result:
        """Act, tell and account; `matters` is None for a run that broke off too often. Raises LostRace."""
        now, run = self._now(), begun.run
        runs.end(connection, run, now)
        told: str | None = None
        if matters is None:
            told = self._tell(connection, begun, [self._say(begun.person, "autonomous-gave-up")], success=False)
            runs.record(connection, run, Result.FAILED, (), 0, reason=GAVE_UP, notification_id=told)
            return Result.FAILED
        quiet = bool(matters) and preferences.load(connection, begun.person).is_quiet(now)
        deeds = Acting(connection, self.runner, begun.person, begun.chat_id, run, now, quiet).all(matters)
        failed = any(not deed.done for deed in deeds)
        told = self._tell(connection, begun, self._lines(begun.person, deeds), success=not failed) if deeds else None
        result = (Result.FAILED if failed else Result.ACTED) if deeds else Result.IDLE
        runs.record(connection, run, result, [deed.as_json() for deed in deeds], len(matters), notification_id=told)
        return result

    def _lines(self, person: Person, deeds: Sequence[Deed]) -> list[str]:
        return [f"- {deed.said}" for deed in sorted(deeds, key=lambda deed: deed.done)]

    def _tell(self, connection: sa.Connection, begun: _Begun, lines: Sequence[str], *, success: bool) -> str:
        person, words = begun.person, self.runner.around.words
        title = self._say(person, "autonomous-report" if success else "autonomous-report-failed", count=len(lines))
        notice = Notice(AUTONOMOUS, title, "\n".join([f"**{title}**", *lines]), data={"run": begun.run.id}, outcome="success" if success else "failure")
        return notifications.notify(connection, outgoing.Envelope(begun.chat_id, person.id, self._now()), notice, words, person.language)

    def _say(self, person: Person, key: str, **given: object) -> str:
        return self.runner.around.words(person.language, key, given)

    def _now(self) -> datetime:
        return self.runner.around.clock.now()
