"""A house small enough to be there at once: the real desk, runner, rules and autonomous mode; agents, feeds and the clock are the tests' own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from orchestrator.autonomous import Autonomous, Mode, Run, configure, history, modes, runs, status
from orchestrator.autonomous.modes import Interval
from orchestrator.contracts import Card, Catalogue, Context, Done, Outcome, Person, Task
from orchestrator.execution.runner import Limits, Runner
from orchestrator.tasks import manager
from orchestrator.tasks.manager import NewTask
from orchestrator.triage.cascade import Cascade
from orchestrator.triage.desk import Desk
from orchestrator.triage.turn import Services
from orchestrator.words import Catalogues
from storage.database import Database
from storage.models import AutonomousRunRow, MessageRow, NotificationRow, OutgoingRow, TaskRow, new_id
from tests.autonomous.watcher import Watcher
from tests.catalogue import Recording, ScriptedAgent, ScriptedTool, SmallCatalogue, make_runner
from tests.conftest import MovedClock
from tests.people import Somebody, replies, settle


class NoCascade(Exception):
    """What the tests say needs no router."""


@dataclass
class Stage:
    """One person with a chat, and autonomous mode for them."""

    database: Database
    clock: MovedClock
    somebody: Somebody
    runner: Runner
    queue: Recording
    autonomous: Autonomous
    desk: Desk
    watcher: Watcher

    @property
    def person(self) -> Person:
        return self.somebody.person

    def switch(self, interval: Interval = Interval.HOUR, *, enabled: bool = True) -> Mode:
        return self.database.write_now(lambda connection: configure(connection, self.person, self.clock.now(), enabled=enabled, interval=interval))

    def mode(self) -> Mode:
        return self.database.read_now(lambda connection: status(connection, self.person))

    def runs(self, limit: int = 1000) -> list[Run]:
        return self.database.read_now(lambda connection: history(connection, self.person.id, limit))

    def ask_for_a_run(self) -> modes.Requested:
        return self.database.write_now(lambda connection: modes.run_now(connection, self.person, self.clock.now()))

    async def look_now(self) -> Run:
        """Ask for a run, carry it out, and give its account."""
        self.clock.move(minutes=2)
        assert self.ask_for_a_run().run_id is not None
        await self.autonomous.sweep()
        return self.runs(1)[0]

    async def pass_time(self, end: datetime) -> int:
        """Move the clock from due instant to due instant; returns how many there were."""
        due, count = await self.autonomous.sweep(), 0
        while due is not None and due < end:
            self.clock.moment = due
            due, count = await self.autonomous.sweep(), count + 1
        self.clock.moment = end
        return count

    def say(self, text: str) -> str:
        """A message to the desk, and what came back."""
        before = len(replies(self.database, self.somebody.chat_id))
        row = {
            "id": new_id(), "channel": "web", "platform_id": new_id(), "chat_id": self.somebody.chat_id, "person_id": self.person.id,
            "kind": "text", "text": text, "payload": {}, "received_at": self.clock.now(),
        }  # fmt: skip

        def work(connection: sa.Connection) -> None:
            connection.execute(sa.insert(MessageRow), row)
            self.desk.handle_next(connection, self.somebody.chat_id)

        self.database.write_now(work)
        return "\n".join(replies(self.database, self.somebody.chat_id)[before:])

    def buttons(self) -> list[str]:
        """The labels on the newest card."""
        query = sa.select(OutgoingRow.card).where(OutgoingRow.chat_id == self.somebody.chat_id).order_by(OutgoingRow.seq.desc()).limit(1)
        card = self.database.read_now(lambda connection: connection.execute(query).scalar_one())
        return [button["label"] for row in card["buttons"] for button in row]

    def task(self, title: str = "write the report", agent: str = "worker", **values: Any) -> Task:
        """A task of this person, put into the state that the test needs."""

        def work(connection: sa.Connection) -> Task:
            new = NewTask(agent, agent, self.person.id, self.somebody.chat_id, self.person.language, title, title)
            made = manager.create(connection, new, self.clock.now())
            if values:
                connection.execute(sa.update(TaskRow).where(TaskRow.id == made.id).values(**values))
            return manager.load(connection, made.id) or made

        return self.database.write_now(work)

    def failed_task(self, kind: str, title: str = "fetch the invoice") -> Task:
        now = self.clock.now()
        error = {"type": kind, "message": "the server did not answer"}
        return self.task(title, state="failed", error=error, dead_letter_at=now, finished_at=now, started_at=now, last_run_at=now)

    def notes(self) -> list[Any]:
        query = sa.select(NotificationRow.__table__).where(NotificationRow.kind == "autonomous").order_by(NotificationRow.id)
        return list(self.database.read_now(lambda connection: connection.execute(query).all()))

    def told(self) -> list[str]:
        return replies(self.database, self.somebody.chat_id)

    def accounts(self) -> list[Any]:
        query = sa.select(AutonomousRunRow.__table__).order_by(AutonomousRunRow.due_at)
        return list(self.database.read_now(lambda connection: connection.execute(query).all()))


async def nothing(task: Task, context: Context) -> Outcome:
    return Done(Card("done"))


def set_up(
    database: Database, clock: MovedClock, *, role: str = "owner", language: str = "en", tools: Sequence[ScriptedTool] = (), somebody: Somebody | None = None
) -> Stage:
    """The stage with one person on it, a plain agent named worker, and a watcher with an empty feed."""
    watcher, queue = Watcher(), Recording()
    catalogue = SmallCatalogue((ScriptedAgent("worker", nothing), watcher), tools)
    runner = make_runner(database, clock, catalogue, queue, Limits())
    return stage_with(database, clock, runner, catalogue, queue, watcher, somebody or settle(database, role=role, language=language))


def stage_with(database: Database, clock: MovedClock, runner: Runner, catalogue: Catalogue, queue: Recording, watcher: Watcher, somebody: Somebody) -> Stage:
    def cascade() -> Cascade:
        raise NoCascade

    services = Services(cascade, runner, catalogue, clock, Catalogues(strict=True))
    return Stage(database, clock, somebody, runner, queue, Autonomous(database, runner), Desk(services), watcher)


def week_of(day: datetime) -> tuple[datetime, datetime]:
    """A week that begins at an instant, by the clock on the wall there."""
    return day, (day.replace(tzinfo=None) + timedelta(days=7)).replace(tzinfo=day.tzinfo)


__all__ = ["Stage", "Watcher", "runs", "set_up", "week_of"]
